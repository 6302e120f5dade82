//! A subject's data keys, and the cells that they seal.
//!
//! A cell is `0x01 | algorithm | version of the data key | nonce | ciphertext | tag`, where
//! algorithm 1 is AES-256-GCM. What it is bound to is in [`Cell::associated`].

use std::fmt;

use prometheus::IntCounter;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::{Unopenable, VaultError};
use super::model::{Cell, KeyClass, KeyName, Padding};
use super::padding::{pad, unpad};
use crate::platform::crypto::{OVERHEAD, Secret, open, seal};

const FORMAT: u8 = 1;
const AES_256_GCM: u8 = 1;
const HEADER: usize = 4;

/// One subject's live data keys, all versions. Use them in the transaction they were read in,
/// and let them go.
#[derive(Clone)]
pub struct DataKeys {
    class: KeyClass,
    subject: Uuid,
    versions: Vec<(u16, Secret<32>)>,
    /// The version that seals.
    sealing: u16,
    unopenable: IntCounter,
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions: Vec<_> = self.versions.iter().map(|(number, _)| number).collect();
        let Self { class, subject, .. } = self;
        write!(f, "DataKeys({class} {subject} {versions:?})")
    }
}

impl DataKeys {
    pub(super) fn new(
        (class, subject): (KeyClass, Uuid),
        versions: Vec<(u16, Secret<32>)>,
        sealing: u16,
        unopenable: IntCounter,
    ) -> Self {
        Self {
            class,
            subject,
            versions,
            sealing,
            unopenable,
        }
    }

    /// Whose keys they are.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.subject
    }

    /// The version that seals.
    #[must_use]
    pub fn sealing(&self) -> u16 {
        self.sealing
    }

    /// Seals `value` for `cell`.
    pub fn seal(&self, cell: &Cell, value: &[u8], padding: Padding) -> Result<Vec<u8>, VaultError> {
        self.seal_padded(cell, &pad(value, padding))
    }

    /// The value sealed for `cell`. Anything else than what was sealed, for this place and with
    /// one of these keys, is [`VaultError::Unopenable`]: counted, logged, and nothing of it told.
    pub fn open(&self, cell: &Cell, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let value = self.open_padded(cell, sealed).and_then(unpad);
        value.ok_or_else(|| self.refused(cell))
    }

    #[cfg(test)]
    /// The same value sealed with the version that seals; `None` when it is already.
    pub(super) fn reseal(&self, cell: &Cell, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        if version_of(sealed) == Some(self.sealing) {
            return Ok(None);
        }
        // Still padded: its length stays as hidden as it was.
        let padded = self.open_padded(cell, sealed);
        let padded = padded.ok_or_else(|| self.refused(cell))?;
        self.seal_padded(cell, &padded).map(Some)
    }

    fn seal_padded(&self, cell: &Cell, padded: &[u8]) -> Result<Vec<u8>, VaultError> {
        let key = self.key(self.sealing).ok_or_else(|| self.refused(cell))?;
        let [high, low] = self.sealing.to_be_bytes();
        let mut sealed = Vec::with_capacity(HEADER + padded.len() + OVERHEAD);
        sealed.extend_from_slice(&[FORMAT, AES_256_GCM, high, low]);
        let associated = cell.associated(&self.name(self.sealing));
        seal(key, &associated, padded, &mut sealed)?;
        Ok(sealed)
    }

    fn open_padded(&self, cell: &Cell, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let version = version_of(sealed)?;
        let (_, rest) = sealed.split_at_checked(HEADER)?;
        let associated = cell.associated(&self.name(version));
        open(self.key(version)?, &associated, rest).ok()
    }

    fn key(&self, version: u16) -> Option<&Secret<32>> {
        let mut versions = self.versions.iter();
        versions.find_map(|(number, key)| (*number == version).then_some(key))
    }

    fn name(&self, version: u16) -> KeyName {
        KeyName {
            class: self.class,
            subject: self.subject,
            version,
        }
    }

    fn refused(&self, cell: &Cell) -> VaultError {
        let what = Unopenable::cell(cell);
        self.unopenable.inc();
        tracing::error!(what = %what, "a sealed cell does not open");
        VaultError::Unopenable(what)
    }
}

/// The version of the data key that sealed a cell; `None` for what is no cell of ours.
pub(super) fn version_of(sealed: &[u8]) -> Option<u16> {
    match sealed {
        [FORMAT, AES_256_GCM, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(sealing: u16) -> DataKeys {
        let version = |number: u8| {
            let key = Secret::copied(&[number; 32]).unwrap();
            (u16::from(number), key)
        };
        let unopenable = IntCounter::new("unopenable", "of this test").unwrap();
        let who = (KeyClass::Identity, Uuid::from_u128(7));
        DataKeys::new(who, vec![version(1), version(2)], sealing, unopenable)
    }

    const CELL: Cell = Cell {
        table: "person",
        column: "name",
        row: Uuid::from_u128(7),
        revision: 3,
    };

    #[test]
    fn a_cell_opens_at_its_place_and_says_what_it_is() {
        let sealed = keys(1).seal(&CELL, b"Chan", Padding::To32).unwrap();
        assert_eq!(sealed.len(), 4 + 12 + 32 + 16);
        assert_eq!(sealed[..4], [1, 1, 0, 1]);
        assert_eq!(keys(2).open(&CELL, &sealed).unwrap().as_slice(), b"Chan");
    }

    #[test]
    fn a_cell_is_sealed_anew_once() {
        let sealed = keys(1).seal(&CELL, b"Chan", Padding::To96).unwrap();
        let anew = keys(2).reseal(&CELL, &sealed).unwrap().unwrap();
        assert_eq!((anew.len(), version_of(&anew)), (sealed.len(), Some(2)));
        assert_eq!(keys(2).open(&CELL, &anew).unwrap().as_slice(), b"Chan");
        assert_eq!(keys(2).reseal(&CELL, &anew).unwrap(), None);
    }

    #[test]
    fn what_does_not_open_is_counted() {
        let keys = keys(1);
        let error = keys.open(&CELL, b"no cell").unwrap_err();
        assert_eq!(error.unopenable(), Some(Unopenable::cell(&CELL)));
        assert_eq!(keys.unopenable.get(), 1);
    }

    #[test]
    fn keys_are_never_shown() {
        let shown = format!("{:?}", keys(1));
        assert_eq!(
            shown,
            "DataKeys(identity 00000000-0000-0000-0000-000000000007 [1, 2])"
        );
    }
}
