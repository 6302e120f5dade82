//! Break-glass: access to a person's or household's sealed fields in an emergency, outside the
//! caller's own estates.
//!
//! * One member of staff asks, with a reason and a ticket; another approves. It begins with the
//!   approval and is over after half an hour at most.
//! * A third person reviews it by the end of the next working day; one under way ends with its
//!   review. Whoever has one that was not reviewed in time has no more of them: neither new
//!   ones, nor those approved.
//! * What it lets its holder read is asked in the reading's own transaction, and remembered
//!   nowhere: it begins and ends on every replica at once.
//! * Every step is a row that nothing changes, and an entry in the audit trail. Which fields
//!   were then read is in the trail too.

mod api;
mod commands;
mod held;
mod model;
mod rules;
mod store;

pub use api::routes;
pub use commands::in_force;
pub use held::held;
pub use model::{BreakGlassError, InForce, Subject};
