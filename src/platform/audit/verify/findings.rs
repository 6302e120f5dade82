//! What verifying the audit log found: lies, what could not be told, and what to look at.

use serde::Serialize;
use uuid::Uuid;

use crate::platform::audit::catalogue::Difference;

/// Something in the log that cannot be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "lie", rename_all = "snake_case")]
pub enum Lie {
    #[error("line {line} of {file} cannot be read")]
    Unreadable { file: &'static str, line: u64 },
    #[error("the checkpoint of {size} entries is not sound: {why}")]
    BadCheckpoint { size: u64, why: String },
    #[error("the checkpoint of {size} entries does not follow the one before it")]
    CheckpointOutOfOrder { size: u64 },
    #[error("entry {seq} is missing: its line is of entry {found}")]
    OutOfPlace { seq: u64, found: u64 },
    #[error("entry {seq} is missing: the log ends, but was signed with {signed} entries")]
    EndMissing { seq: u64, signed: u64 },
    #[error("entry {seq} is gone: only its place is left")]
    EntryGone { seq: u64 },
    #[error("entry {seq} ({id}) was changed")]
    EntryChanged { seq: u64, id: Uuid },
    #[error("entry {seq} ({id}) is dated before those that came before it")]
    Backdated { seq: u64, id: Uuid },
    /// The entries and their leaves agree, but they are not those that were signed.
    #[error("entries {from} to {to} are not what the checkpoint of {size} entries signed")]
    NotSigned { from: u64, to: u64, size: u64 },
    #[error("entries from {from} on are in no checkpoint")]
    Uncovered { from: u64 },
    #[error("entry {id} was left out of the tree, or added behind its back")]
    LeftOut { id: Uuid },
    #[error("the subtree {place} of level {level} is not what its leaves make")]
    NodeChanged { level: u32, place: u64 },
    #[error("catalogue {digest} is not what makes its digest")]
    CatalogueChanged { digest: String },
    #[error("the catalogue that entry {seq} names is missing")]
    CatalogueMissing { seq: u64 },
    #[error("catalogue {digest} is named by no entry")]
    CatalogueAdded { digest: String },
    #[error("{size} entries were signed outside the database, but the log has only {found}")]
    RolledBack { size: u64, found: u64 },
    #[error("the checkpoint of {size} entries is not the one outside the database")]
    NotWitnessed { size: u64 },
    #[error("the checkpoint of {size} entries is only outside the database")]
    CheckpointMissing { size: u64 },
}

/// A change of what guards the tables; whether it was meant, people know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogueChange {
    /// The entry that recorded the state after it.
    pub seq: u64,
    pub differences: Vec<Difference>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Sound,
    Tampered,
    /// Nothing lies as far as could be told, which was not all.
    Incomplete,
}

/// What verifying found.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// Entries that were looked at.
    pub entries: u64,
    /// How many the log has.
    pub size: u64,
    pub checkpoints: u64,
    /// Whether checkpoints from outside the database were compared.
    pub witnessed: bool,
    /// The lies; the first is about the first record that is bad.
    pub lies: Vec<Lie>,
    /// What is needed to tell, and was not there.
    pub missing: Vec<String>,
    pub catalogue_changes: Vec<CatalogueChange>,
}

impl Findings {
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.lies.is_empty(), self.missing.is_empty()) {
            (false, _) => Verdict::Tampered,
            (true, false) => Verdict::Incomplete,
            (true, true) => Verdict::Sound,
        }
    }
}
