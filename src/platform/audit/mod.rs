//! The audit trail: who did or read what, written in the work's own transaction.
//!
//! * Entries are only ever added: a trigger refuses changes and the application's role lacks
//!   the privilege. Subjects are identifiers, never names.
//! * A reading of sealed fields is recorded before they leave, with the person, the fields and
//!   the purpose: no entry, no answer.
//! * Every entry gets a place in a Merkle tree once every transaction up to its own has ended,
//!   so places have no gaps and nothing can slip in behind. Each minute's tree is signed, and
//!   the checkpoint is written outside the database too, where nothing is overwritten.
//! * Once an hour the state of the guards themselves (triggers, privileges, policies, roles) is
//!   recorded, so that one switched off and on again is seen.
//! * An export is verified with neither database nor network: [`verify::verify`].

mod bundle;
mod catalogue;
mod encoding;
mod export;
mod jobs;
mod model;
mod proof;
mod record;
mod seal;
mod store;
pub mod verify;
mod witness;

pub use bundle::Bundle;
pub use catalogue::{CATALOGUE, Difference, differences};
pub use export::{Exported, export};
pub use jobs::{SealAudit, timetable};
pub use model::{AuditError, Entry, Place, Recorded, View, Viewed, Wanted};
pub use proof::{Proof, prove};
pub use record::{Detail, SEALED, detail, record, record_detail, viewed};
pub use seal::{Sealed, Sealer, seal};
pub use store::{add, entries, newest_note, views_of};
