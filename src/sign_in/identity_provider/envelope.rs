//! How iAM Smart and a service talk: bodies sealed with a content key (AES-256-GCM) that comes
//! wrapped for the service's RSA key (OAEP), and signed with a shared secret (HMAC-SHA256).

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::platform::password::random;

const NONCE: usize = 12;

/// A content key.
pub type Cek = Zeroizing<Vec<u8>>;

/// Why a message is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the signature is not theirs")]
    Signature,
    #[error("the content does not open")]
    Content,
    #[error("the content key does not open")]
    Key,
    #[error("key file: {0}")]
    File(#[from] io::Error),
}

/// The service's own RSA key, for which content keys are wrapped.
pub struct Kek(PrivateDecryptingKey);

impl Kek {
    /// A new one.
    pub fn generate() -> Result<Self, EnvelopeError> {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa3072);
        key.map(Self).map_err(|_| EnvelopeError::Key)
    }

    /// The one in `path`, made there (readable by its owner only) when there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, EnvelopeError> {
        match fs::read(path) {
            Ok(der) => {
                let key = PrivateDecryptingKey::from_pkcs8(&Zeroizing::new(der));
                return key.map(Self).map_err(|_| EnvelopeError::Key);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let kek = Self::generate()?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&kek.0).map_err(|_| EnvelopeError::Key)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut open = fs::OpenOptions::new();
        let mut file = open.write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(der.as_ref())?;
        Ok(kek)
    }

    /// The public half (X.509 `SubjectPublicKeyInfo`), which the provider is given.
    pub fn public(&self) -> Result<Vec<u8>, EnvelopeError> {
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(&self.0.public_key());
        der.map(|der| der.as_ref().to_vec())
            .map_err(|_| EnvelopeError::Key)
    }

    /// The content key that was wrapped for this one.
    pub fn unwrap(&self, wrapped: &str) -> Result<Cek, EnvelopeError> {
        let wrapped = STANDARD.decode(wrapped).map_err(|_| EnvelopeError::Key)?;
        let key = OaepPrivateDecryptingKey::new(self.0.clone()).map_err(|_| EnvelopeError::Key)?;
        let mut cek = Zeroizing::new(vec![0; key.min_output_size()]);
        let length = key
            .decrypt(&OAEP_SHA256_MGF1SHA256, &wrapped, &mut cek, None)
            .map_err(|_| EnvelopeError::Key)?
            .len();
        cek.truncate(length);
        if length == 32 {
            Ok(cek)
        } else {
            Err(EnvelopeError::Key)
        }
    }
}

/// `cek` wrapped for the service whose public key is `public`.
pub fn wrap(public: &[u8], cek: &[u8]) -> Result<String, EnvelopeError> {
    let key = PublicEncryptingKey::from_der(public).map_err(|_| EnvelopeError::Key)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| EnvelopeError::Key)?;
    let mut wrapped = vec![0; key.ciphertext_size()];
    let length = key
        .encrypt(&OAEP_SHA256_MGF1SHA256, cek, &mut wrapped, None)
        .map_err(|_| EnvelopeError::Key)?
        .len();
    wrapped.truncate(length);
    Ok(STANDARD.encode(wrapped))
}

/// What goes with a message to show whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub nonce: String,
    pub signature: String,
}

/// Signs and seals on behalf of one service.
pub struct Envelope {
    client_id: String,
    key: hmac::Key,
}

impl Envelope {
    #[must_use]
    pub fn new(client_id: &str, secret: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        }
    }

    /// The signature of `body`, made at `timestamp`.
    pub fn sign(&self, timestamp: i64, body: &str) -> Result<Signature, EnvelopeError> {
        let nonce = random::<16>().map_err(|_| EnvelopeError::Signature)?;
        let nonce = STANDARD.encode(nonce);
        let tag = hmac::sign(&self.key, self.signed(timestamp, &nonce, body).as_bytes());
        Ok(Signature {
            timestamp,
            nonce,
            signature: STANDARD.encode(tag),
        })
    }

    /// Refuses unless `signature` is of `body` and not older or newer than five minutes.
    pub fn check(&self, signature: &Signature, body: &str, now: i64) -> Result<(), EnvelopeError> {
        let tag = STANDARD
            .decode(&signature.signature)
            .map_err(|_| EnvelopeError::Signature)?;
        let signed = self.signed(signature.timestamp, &signature.nonce, body);
        hmac::verify(&self.key, signed.as_bytes(), &tag).map_err(|_| EnvelopeError::Signature)?;
        if signature.timestamp.abs_diff(now) > 300_000 {
            return Err(EnvelopeError::Signature);
        }
        Ok(())
    }

    fn signed(&self, timestamp: i64, nonce: &str, body: &str) -> String {
        format!("{}HmacSHA256{timestamp}{nonce}{body}", self.client_id)
    }
}

/// `content` sealed with `cek`: nonce, ciphertext and tag, base64.
pub fn seal(cek: &[u8], content: &[u8]) -> Result<String, EnvelopeError> {
    let nonce = random::<NONCE>().map_err(|_| EnvelopeError::Content)?;
    let mut sealed = content.to_vec();
    aead(cek)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut sealed,
        )
        .map_err(|_| EnvelopeError::Content)?;
    Ok(STANDARD.encode([nonce.as_slice(), sealed.as_slice()].concat()))
}

/// What was sealed with `cek`.
pub fn open(cek: &[u8], sealed: &str) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let sealed = STANDARD
        .decode(sealed)
        .map_err(|_| EnvelopeError::Content)?;
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE>()
        .ok_or(EnvelopeError::Content)?;
    let mut sealed = Zeroizing::new(sealed.to_vec());
    let length = aead(cek)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::empty(),
            &mut sealed,
        )
        .map_err(|_| EnvelopeError::Content)?
        .len();
    sealed.truncate(length);
    Ok(sealed)
}

fn aead(cek: &[u8]) -> Result<LessSafeKey, EnvelopeError> {
    let key = UnboundKey::new(&AES_256_GCM, cek).map_err(|_| EnvelopeError::Key)?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_opens_unchanged_with_its_key_only() {
        let (cek, other) = ([7; 32], [8; 32]);
        let sealed = seal(&cek, b"openID").unwrap();
        assert_eq!(open(&cek, &sealed).unwrap().as_slice(), b"openID");
        assert!(open(&other, &sealed).is_err());
        let mut changed = STANDARD.decode(&sealed).unwrap();
        changed[NONCE] ^= 1;
        assert!(open(&cek, &STANDARD.encode(changed)).is_err());
        assert!(open(&cek, "").is_err());
    }

    #[test]
    fn a_content_key_opens_for_the_service_it_was_wrapped_for() {
        let (kek, other) = (Kek::generate().unwrap(), Kek::generate().unwrap());
        let wrapped = wrap(&kek.public().unwrap(), &[7; 32]).unwrap();
        assert_eq!(kek.unwrap(&wrapped).unwrap().as_slice(), [7; 32]);
        assert!(other.unwrap(&wrapped).is_err());
        let short = wrap(&kek.public().unwrap(), &[7; 16]).unwrap();
        assert!(kek.unwrap(&short).is_err());
    }

    #[test]
    fn a_signature_is_of_its_body_client_and_time() {
        let (ours, other) = (
            Envelope::new("kaifong", "secret"),
            Envelope::new("kaifong", "Secret"),
        );
        let now = 1_800_000_000_000;
        let signature = ours.sign(now, "body").unwrap();
        assert!(ours.check(&signature, "body", now + 299_000).is_ok());
        assert!(ours.check(&signature, "body", now + 301_000).is_err());
        assert!(ours.check(&signature, "Body", now).is_err());
        assert!(other.check(&signature, "body", now).is_err());
        let moved = Signature {
            timestamp: now + 1,
            ..signature
        };
        assert!(ours.check(&moved, "body", now).is_err());
    }
}
