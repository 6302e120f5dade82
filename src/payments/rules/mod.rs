//! From when a payment counts, what one may be, what a code says, and whether a day adds up. Pure.

mod candidates;
mod codes;
mod days;
mod debits;
mod fit;
mod passed_on;
mod reconciled;
mod shares;
mod tallies;

pub use candidates::near;
pub use codes::{payment_code, scanned};
pub use days::counted;
pub use debits::as_ordered;
pub use fit::{OLDEST, fit, is_account, is_amount, is_place, is_reference};
pub use passed_on::{Owner, may_settle, passed_on, paying_in};
pub use reconciled::{pair, standing};
pub use shares::parts;
pub use tallies::tallied;
