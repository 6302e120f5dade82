//! Payments in PostgreSQL. The only folder that names their tables.

pub mod allowances;
mod channels;
pub mod files;
pub mod lies;
pub mod movements;
pub mod notices;
pub mod payments;
pub mod reconciliation;
pub mod shares;
pub mod shelf;
pub mod suspense;
pub mod trace;
pub mod unpaid;

pub use channels::{
    NewTerms, add_terms, collects_for, end_terms, hold_terms, paying_in, terms, terms_on,
};
