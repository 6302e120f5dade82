//! What rent is due. Pure: no clock, no database, no HTTP.
//!
//! * A month is judged by the rules in force on the first day of it that the tenancy is
//!   charged for, as far as they were known at the instant asked.
//! * A full month's rent is whole dollars; a part of a month is a share in cents, and the
//!   shares of a month add up to it.
//! * Order: rate x internal floor area, rent reviews, increases waived, then one scheme
//!   (assistance, additional rent, licence or occupation fee), then a Government waiver.

mod award;
mod charge;
mod difference;
mod quote;

pub use award::check_award;
pub use charge::charge;
pub use difference::{Posted, by_general, difference};
pub use quote::{Position, quote};
