//! Keys from keys (HKDF-SHA256), tags of messages (HMAC-SHA256), and lists as bytes.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};

use super::{Digest, Refused, Secret};

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-SHA256 without salt: the key that `secret` has for `purpose`.
pub fn derive<const N: usize>(secret: &Secret<32>, purpose: &[u8]) -> Result<Secret<N>, Refused> {
    Secret::filled(|key| expand(&[], secret.expose(), purpose, key))
}

/// HKDF-SHA256 into `key`.
pub(super) fn expand(
    salt: &[u8],
    secret: &[u8],
    purpose: &[u8],
    key: &mut [u8],
) -> Result<(), Refused> {
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(secret);
    pseudorandom
        .expand(&[purpose], Length(key.len()))
        .and_then(|derived| derived.fill(key))
        .map_err(|_| Refused)
}

/// HMAC-SHA256 of `message`.
#[must_use]
pub fn hmac(key: &[u8], message: &[u8]) -> Digest {
    let mut tag = [0; 32];
    tag.copy_from_slice(hmac::sign(&Key::new(HMAC_SHA256, key), message).as_ref());
    tag
}

/// Whether `tag` is the HMAC-SHA256 of `message`, in a time that tells nothing else.
#[must_use]
pub fn is_hmac(key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    hmac::verify(&Key::new(HMAC_SHA256, key), message, tag).is_ok()
}

/// A list as bytes, each part after its length: no two lists are the same bytes.
#[must_use]
pub fn packed(parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len() + 4).sum();
    let mut bytes = Vec::with_capacity(length);
    for part in parts {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_has_its_own_key() {
        let secret = Secret::random().unwrap();
        let key: Secret<32> = derive(&secret, b"one").unwrap();
        assert_eq!(key, derive(&secret, b"one").unwrap());
        assert_ne!(key, derive(&secret, b"two").unwrap());
    }

    #[test]
    fn no_two_lists_pack_the_same() {
        let lists: [&[&[u8]]; 6] = [
            &[],
            &[b""],
            &[b"", b""],
            &[b"ab", b"c"],
            &[b"a", b"bc"],
            &[b"abc"],
        ];
        for (place, one) in lists.iter().enumerate() {
            for other in &lists[..place] {
                assert_ne!(packed(one), packed(other));
            }
        }
    }
}
