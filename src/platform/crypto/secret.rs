//! Secret bytes: wiped when they are let go of, never printed, never serialised.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Refused;

/// `N` secret bytes, on the heap: moving the secret leaves no copy behind.
#[derive(Clone)]
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Fresh random bytes.
    pub fn random() -> Result<Self, Refused> {
        let mut secret = Self(Box::new([0; N]));
        fill_random(secret.0.as_mut_slice())?;
        Ok(secret)
    }

    /// The secret that `fill` writes.
    pub fn filled<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0)?;
        Ok(secret)
    }

    /// A copy of `bytes`, when there are `N` of them.
    #[must_use]
    pub fn copied(bytes: &[u8]) -> Option<Self> {
        let fill = |secret: &mut [u8; N]| {
            if bytes.len() != N {
                return Err(Refused);
            }
            secret.copy_from_slice(bytes);
            Ok(())
        };
        Self::filled(fill).ok()
    }

    /// The bytes, for the one call that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        is_same(self.0.as_slice(), other.0.as_slice())
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

/// Fills `bytes` from the operating system's generator.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), Refused> {
    rand::fill(bytes).map_err(|_| Refused)
}

/// Whether both are the same bytes, in a time that tells nothing of where they differ.
#[must_use]
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_but_never_shown() {
        let secret = Secret::<4>::copied(&[0xde, 0xad, 0xbe, 0xef]).unwrap();
        assert_eq!(secret, secret.clone());
        assert_ne!(secret, Secret::copied(&[0xde, 0xad, 0xbe, 0xee]).unwrap());
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(***) Secret(***)");
        assert!(Secret::<4>::copied(&[1, 2, 3]).is_none());
    }

    #[test]
    fn random_secrets_differ() {
        assert_ne!(Secret::<32>::random().unwrap(), Secret::random().unwrap());
    }
}
