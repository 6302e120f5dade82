//! Tenancies (租約): which household lives in which flat, from when to when.
//!
//! * A household is known by its tenant code. It keeps the code when it moves, and with it
//!   its account, its balance and its payment card.
//! * No two tenancies of a flat share a day; a constraint of the database holds this. What
//!   changes a flat's tenancies holds the flat first, so two such changes never wait for
//!   each other in a circle.
//! * Both the first and the last day are part of a tenancy; dates are Hong Kong dates.
//! * Nothing is deleted. An end may be changed until its day has come.
//! * What is outside a caller's reach is answered as what does not exist ([`reaches`]).
//! * Every start, end and transfer queues [`HouseholdChanged`] in its own transaction.

mod api;
mod bulk;
mod commands;
mod held;
mod model;
mod reach;
mod rules;
mod store;

pub use api::routes;
pub use bulk::{is_empty, load_households, load_tenancies, running};
pub use commands::{end, follow_size, resize, start, transfer};
pub use held::held;
pub use model::{
    EndReason, Ending, HouseholdChanged, Move, NewTenancy, Tenancy, TenancyError, TenancyKind,
};
pub use reach::reaches;
pub use store::{
    by_household, estates_of, history_of_flat, households, known, lives_until, tenancy,
};
