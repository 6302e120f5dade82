//! Secrets that must be read again, wrapped for their place; identities, as keyed hashes.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::{NoRandomness, random};
use crate::platform::crypto::Digest;

const NONCE: usize = 12;

/// Why something was not wrapped or unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapperError {
    #[error("wrapping key: {0}")]
    File(#[from] io::Error),
    #[error("the wrapping key has 32 bytes")]
    Malformed,
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Changed, moved from another place, or wrapped with another key.
    #[error("a wrapped secret does not open")]
    Unopenable,
}

/// Wraps with one key; nothing of it is printed.
pub struct Wrapper {
    wrapping: LessSafeKey,
    hashing: hmac::Key,
}

impl Wrapper {
    /// With the root key in `path`, made there (readable by its owner only) when there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, WrapperError> {
        match fs::read(path) {
            Ok(root) => return Self::of(&Zeroizing::new(root)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let root = Zeroizing::new(random::<32>()?);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let made = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        match made {
            Ok(mut file) => file.write_all(root.as_ref())?,
            // Another process was first: its key is the key.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Self::of(&Zeroizing::new(fs::read(path)?));
            }
            Err(error) => return Err(error.into()),
        }
        Self::of(root.as_ref())
    }

    /// With the root key `root`.
    pub fn of(root: &[u8]) -> Result<Self, WrapperError> {
        if root.len() != 32 {
            return Err(WrapperError::Malformed);
        }
        let derived = |purpose: &[u8]| -> Result<Zeroizing<[u8; 32]>, WrapperError> {
            let mut key = Zeroizing::new([0; 32]);
            let salt = Salt::new(HKDF_SHA256, b"kaifong sign-in v1");
            salt.extract(root)
                .expand(&[purpose], HKDF_SHA256)
                .and_then(|expanded| expanded.fill(key.as_mut()))
                .map_err(|_| WrapperError::Malformed)?;
            Ok(key)
        };
        let wrapping = derived(b"wrap")?;
        let wrapping = UnboundKey::new(&AES_256_GCM, wrapping.as_ref());
        Ok(Self {
            wrapping: LessSafeKey::new(wrapping.map_err(|_| WrapperError::Malformed)?),
            hashing: hmac::Key::new(hmac::HMAC_SHA256, derived(b"hash")?.as_ref()),
        })
    }

    /// `secret`, to be opened at `place` only.
    pub fn wrap(&self, place: &[&str], secret: &[u8]) -> Result<Vec<u8>, WrapperError> {
        let nonce = random::<NONCE>()?;
        let mut sealed = secret.to_vec();
        self.wrapping
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(framed(place)),
                &mut sealed,
            )
            .map_err(|_| WrapperError::Unopenable)?;
        Ok([nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// What was wrapped at `place`.
    pub fn open(&self, place: &[&str], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapperError> {
        let (nonce, sealed) = wrapped
            .split_first_chunk::<NONCE>()
            .ok_or(WrapperError::Unopenable)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let length = self
            .wrapping
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(framed(place)),
                &mut sealed,
            )
            .map_err(|_| WrapperError::Unopenable)?
            .len();
        sealed.truncate(length);
        Ok(sealed)
    }

    /// A hash of `value` that nobody without the key can make, so nobody can try values.
    #[must_use]
    pub fn keyed_hash(&self, purpose: &str, value: &str) -> Digest {
        let tag = hmac::sign(&self.hashing, &framed(&[purpose, value]));
        let mut digest = [0; 32];
        for (to, from) in digest.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        digest
    }
}

/// Each part after its length: no two lists of parts read the same.
fn framed(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_secret_opens_unchanged_in_its_place_only() {
        let (wrapper, other) = (
            Wrapper::of(&[7; 32]).unwrap(),
            Wrapper::of(&[8; 32]).unwrap(),
        );
        let sealed = wrapper.wrap(&["staff_account", "1"], b"seed").unwrap();
        let opened = wrapper.open(&["staff_account", "1"], &sealed).unwrap();
        assert_eq!(opened.as_slice(), b"seed");
        assert!(wrapper.open(&["staff_account", "2"], &sealed).is_err());
        assert!(wrapper.open(&["staff_account1", ""], &sealed).is_err());
        assert!(other.open(&["staff_account", "1"], &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(wrapper.open(&["staff_account", "1"], &changed).is_err());
        }
        assert!(wrapper.open(&["staff_account", "1"], &[]).is_err());
    }

    #[test]
    fn a_keyed_hash_depends_on_key_purpose_and_value() {
        let wrapper = Wrapper::of(&[7; 32]).unwrap();
        let hash = wrapper.keyed_hash("link", "abc");
        assert_eq!(hash, wrapper.keyed_hash("link", "abc"));
        assert_ne!(hash, wrapper.keyed_hash("link", "abd"));
        assert_ne!(hash, wrapper.keyed_hash("lin", "kabc"));
        assert_ne!(
            hash,
            Wrapper::of(&[8; 32]).unwrap().keyed_hash("link", "abc")
        );
    }
}
