//! Counters in PostgreSQL. The only folder that names their tables.

pub mod counts;
pub mod days;
pub mod receipts;
pub mod terms;
pub mod voids;
