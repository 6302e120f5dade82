//! Changes at counters. Each runs inside the caller's transaction: lock the day, decide, save,
//! record.

mod counts;
mod days;
mod voids;

pub use counts::{count, decide_count};
pub use days::{day_within, open_day, take};
pub use voids::{decide_void, propose_void};
