//! What every endpoint shares: problems, pages, idempotency, preconditions, languages.

pub mod document;
pub mod idempotency;
pub mod language;
pub mod measure;
pub mod page;
pub mod precondition;
pub mod problem;
pub mod unmatched;
