//! An encoding to hash or to authenticate: fields that cannot run into each other.

use super::{Digest, sha256};

/// Fields one after the other, each with its length in four bytes before it, so that no two
/// lists of fields make the same bytes.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<u8>);

impl Fields {
    /// A list that is told from other lists by `what`.
    #[must_use]
    pub fn of(what: &str) -> Self {
        let mut fields = Self(Vec::with_capacity(256));
        fields.add(what.as_bytes());
        fields
    }

    /// Adds the next field.
    pub fn add(&mut self, field: &[u8]) {
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.0.extend(length.to_be_bytes());
        self.0.extend(field);
    }

    /// Adds a field that may be absent, which is not the same as empty.
    pub fn maybe(&mut self, field: Option<&[u8]>) {
        self.add(&[u8::from(field.is_some())]);
        self.add(field.unwrap_or_default());
    }

    /// The whole encoding.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        sha256(&[&self.0])
    }
}
