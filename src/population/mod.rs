//! A synthetic population: as many households as asked, living and paying rent in the real
//! estates for some months past. For tests of load, demonstrations and benchmarks; no row of
//! it is about anyone.
//!
//! * The same order over the same estates makes the same rows, on every machine; but for data
//!   keys and what they seal, which are drawn anew every time.
//! * Planning is pure and seeded; each household has a stream of chance of its own, so that
//!   nobody's history depends on in what order, or how many at a time, they are made.
//! * Charges and their transfers come from [`crate::rent`] alone; balances are the sums of
//!   the transfers. What stands in the tables is what postings would have made.
//! * It is loaded into an empty population only, as the schema's owner, in one transaction:
//!   all of it is there, or nothing is.
//! * Nothing is dated in the future.

mod awards;
mod chance;
mod generate;
mod habits;
mod history;
mod homes;
mod lives;
mod model;
mod names;
mod numbers;
mod people;
mod plan;

pub use generate::{generate, is_empty};
pub use model::{Order, PopulationError, Summary};
pub use people::card;
