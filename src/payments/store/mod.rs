//! Payments in PostgreSQL. The only folder that names their tables.

mod channels;
pub mod files;

pub use channels::{collects_for, terms, terms_on};
