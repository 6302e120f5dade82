//! From when a payment counts, what one may be, and what a code says. Pure.

mod candidates;
mod codes;
mod days;
mod debits;
mod fit;

pub use candidates::near;
pub use codes::{payment_code, scanned};
pub use days::counted;
pub use debits::as_ordered;
pub use fit::{OLDEST, fit, is_account, is_amount, is_place, is_reference};
