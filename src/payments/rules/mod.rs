//! From when a payment counts, and what a code says. Pure.

mod codes;
mod days;

pub use codes::{payment_code, scanned};
pub use days::counted;
