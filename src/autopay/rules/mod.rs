//! When and whom a collection debits, and what answers mean. Pure.

mod attempts;
mod days;
mod outcomes;

pub use attempts::{Fate, Tried, amount, next_attempt};
pub use days::{collect_on, release_by};
pub use outcomes::{Meaning, fate, meaning, refused_in_a_row};
