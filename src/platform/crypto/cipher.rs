//! AES-256-GCM under a random 96-bit nonce.
//!
//! A data key seals a few hundred cells in its life; random nonces are safe far beyond that.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::{Refused, Secret, fill_random};

/// Bytes of a nonce.
pub const NONCE_LENGTH: usize = 12;
/// Bytes of a tag.
pub const TAG_LENGTH: usize = 16;
/// Bytes by which what is sealed is longer.
pub const OVERHEAD: usize = NONCE_LENGTH + TAG_LENGTH;

/// Appends to `out`: a fresh nonce, `plain` enciphered, the tag over it and `associated`.
pub fn seal(
    key: &Secret<32>,
    associated: &[u8],
    plain: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Refused> {
    let mut nonce = [0; NONCE_LENGTH];
    fill_random(&mut nonce)?;
    out.extend_from_slice(&nonce);
    seal_under(key, nonce, associated, plain, out)
}

/// Appends to `out`: `plain` enciphered under `nonce`, and the tag. A nonce must never come
/// twice: only `seal` and the published vectors give one.
pub(super) fn seal_under(
    key: &Secret<32>,
    nonce: [u8; NONCE_LENGTH],
    associated: &[u8],
    plain: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Refused> {
    let mut sealed = Zeroizing::new(plain.to_vec());
    let tag = cipher(key)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated),
            &mut sealed,
        )
        .map_err(|_| Refused)?;
    out.extend_from_slice(&sealed);
    out.extend_from_slice(tag.as_ref());
    Ok(())
}

/// What was sealed, when nonce, text, tag and `associated` are what they were; else nothing
/// of it.
pub fn open(
    key: &Secret<32>,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LENGTH).ok_or(Refused)?;
    let length = rest.len().checked_sub(TAG_LENGTH).ok_or(Refused)?;
    let (text, tag) = rest.split_at_checked(length).ok_or(Refused)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Refused)?;
    let mut plain = Zeroizing::new(vec![0; length]);
    cipher(key)?
        .open_separate_gather(nonce, Aad::from(associated), text, tag, &mut plain)
        .map_err(|_| Refused)?;
    Ok(plain)
}

fn cipher(key: &Secret<32>) -> Result<LessSafeKey, Refused> {
    UnboundKey::new(&AES_256_GCM, key.expose())
        .map(LessSafeKey::new)
        .map_err(|_| Refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_and_associated_data_only() {
        let key = Secret::random().unwrap();
        let mut sealed = Vec::new();
        seal(&key, b"here", b"a name", &mut sealed).unwrap();
        assert_eq!(sealed.len(), b"a name".len() + OVERHEAD);
        assert_eq!(open(&key, b"here", &sealed).unwrap().as_slice(), b"a name");
        assert!(open(&key, b"there", &sealed).is_err());
        assert!(open(&Secret::random().unwrap(), b"here", &sealed).is_err());
        for length in 0..sealed.len() {
            assert!(open(&key, b"here", &sealed[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn no_nonce_comes_twice() {
        let key = Secret::random().unwrap();
        let mut nonces = std::collections::HashSet::new();
        for _ in 0..10_000 {
            let mut sealed = Vec::new();
            seal(&key, b"", b"", &mut sealed).unwrap();
            assert!(nonces.insert(sealed[..NONCE_LENGTH].to_vec()));
        }
    }
}
