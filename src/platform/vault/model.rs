//! Classes of keys, places of cells, blind indexes.

use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::platform::crypto::packed;

choice! {
    /// What a key is for; each class has a key-encryption key of its own.
    pub enum KeyClass {
        Identity = "identity",
        Finance = "finance",
        Visit = "visit",
        Biometric = "biometric",
        Device = "device",
        Audit = "audit",
        Backup = "backup",
    }
}

choice! {
    /// Whether there is anything left of a data key.
    pub enum KeyState {
        Active = "active",
        Destroyed = "destroyed",
    }
}

/// Where a sealed value lives. It is sealed for this place, and opens at no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    pub table: &'static str,
    pub column: &'static str,
    pub row: Uuid,
    /// Of a row whose older contents must not come back; 0 where there is none.
    pub revision: i32,
}

impl Cell {
    /// What a ciphertext is bound to: its place and the data key that sealed it.
    pub(super) fn associated(&self, key: &KeyName) -> Vec<u8> {
        packed(&[
            b"kaifong",
            b"v1",
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
            key.class.as_str().as_bytes(),
            key.subject.as_bytes(),
            &key.version.to_be_bytes(),
            &self.revision.to_be_bytes(),
        ])
    }
}

/// The name of one version of a subject's data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyName {
    pub class: KeyClass,
    pub subject: Uuid,
    pub version: u16,
}

impl KeyName {
    /// What a key of this name is derived for.
    pub(super) fn purpose(&self, purpose: &str) -> Vec<u8> {
        packed(&[
            b"kaifong",
            b"v1",
            purpose.as_bytes(),
            self.class.as_str().as_bytes(),
            self.subject.as_bytes(),
            &self.version.to_be_bytes(),
        ])
    }
}

/// To what length a value is padded before it is sealed, so that its own is not seen. A
/// longer one takes the next multiple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Numbers, dates, phones.
    To32,
    /// Names, addresses.
    To96,
    /// Notes and declarations.
    Multiple256,
}

impl Padding {
    pub(super) fn block(self) -> usize {
        match self {
            Self::To32 => 32,
            Self::To96 => 96,
            Self::Multiple256 => 256,
        }
    }
}

/// A sealed column, for rotation to find and seal anew. The names are SQL's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    pub table: &'static str,
    pub column: &'static str,
    /// The `uuid` column that identifies the row, which has a unique index.
    pub id: &'static str,
    /// The `integer` column that the cell takes its revision from, if any.
    pub revision: Option<&'static str>,
    /// The `uuid` column that names the subject of the data key.
    pub subject: &'static str,
    pub class: KeyClass,
}

/// The name of a blind index; each has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IndexName {
    pub class: KeyClass,
    pub table: &'static str,
    pub column: &'static str,
    pub purpose: &'static str,
}

impl IndexName {
    pub(super) fn purpose(&self) -> Vec<u8> {
        let Self {
            class,
            table,
            column,
            purpose,
        } = self;
        let parts = [
            "kaifong",
            "v1",
            "index",
            class.as_str(),
            table,
            column,
            purpose,
        ];
        packed(&parts.map(str::as_bytes))
    }
}

/// What a value looks like in a column that is searched for equality: 128 bits that only the
/// holder of the index key can make.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlindIndex(pub [u8; 16]);

impl BlindIndex {
    /// Its first `bits` (at most 31), for values so few or so telling that an index of them must
    /// be shared by many.
    #[must_use]
    pub fn truncated(self, bits: u32) -> i32 {
        let [a, b, c, d, ..] = self.0;
        let first = u32::from_be_bytes([a, b, c, d]);
        let kept = first.checked_shr(32_u32.saturating_sub(bits.min(31)));
        i32::try_from(kept.unwrap_or_default()).unwrap_or_default()
    }
}

impl std::fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlindIndex(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_index_is_its_first_bits() {
        let index = BlindIndex([0b1010_0000, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
        for (bits, kept) in [
            (0, 0),
            (1, 1),
            (3, 0b101),
            (16, 0b1010 << 12),
            (31, 0b1010 << 27),
        ] {
            assert_eq!(index.truncated(bits), kept, "{bits}");
        }
        assert_eq!(index.truncated(99), index.truncated(31));
        assert_eq!(format!("{index:?}"), "BlindIndex(***)");
    }
}
