//! AES-256 key wrap with padding (KWP, RFC 5649).

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use zeroize::Zeroizing;

use super::{Refused, Secret};

/// What wrapping adds at most: an integrity check and padding.
const LONGER_BY: usize = 15;

/// `key` wrapped under `by`.
pub fn wrap_key(by: &Secret<32>, key: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut room = vec![0; key.len() + LONGER_BY];
    let wrapped = kek(by)?
        .wrap_with_padding(key, &mut room)
        .map_err(|_| Refused)?
        .len();
    room.truncate(wrapped);
    Ok(room)
}

/// The key that `wrapped` holds, if it was wrapped under `by`.
pub fn unwrap_key(by: &Secret<32>, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let mut room = Zeroizing::new(vec![0; wrapped.len()]);
    let length = kek(by)?
        .unwrap_with_padding(wrapped, &mut room)
        .map_err(|_| Refused)?
        .len();
    room.truncate(length);
    Ok(room)
}

fn kek(by: &Secret<32>) -> Result<AesKek, Refused> {
    AesKek::new(&AES_256, by.expose()).map_err(|_| Refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_is_unwrapped_by_the_same_key_only() {
        let by = Secret::random().unwrap();
        let wrapped = wrap_key(&by, &[7; 32]).unwrap();
        assert_eq!(wrapped.len(), 40);
        assert_eq!(unwrap_key(&by, &wrapped).unwrap().as_slice(), [7; 32]);
        assert!(unwrap_key(&Secret::random().unwrap(), &wrapped).is_err());
        for wrong in [&wrapped[..32], &wrapped[..39], &[], &[0; 40]] {
            assert!(unwrap_key(&by, wrong).is_err());
        }
    }
}
