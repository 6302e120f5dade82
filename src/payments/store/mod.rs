//! Payments in PostgreSQL. The only folder that names their tables.

pub mod allowances;
mod channels;
pub mod files;
pub mod notices;
pub mod payments;
pub mod suspense;
pub mod trace;

pub use channels::{collects_for, terms, terms_on};
