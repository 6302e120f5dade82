//! Lists of what is due (應繳租金清單), for channels whose tills show it.
//!
//! * A list is made from the same quote as every other figure, for all households at one instant,
//!   and says as at which. It names nobody: tenant codes and amounts.
//! * Who owes nothing is not on it: a till takes any right code, and a payment more than is due is
//!   credit.
//! * Lists of a channel are numbered without gaps and never changed. There is a new one every day;
//!   a channel's program takes the newest.
//! * However many households there are, a few thousand are in memory.

mod api;
mod jobs;
mod layout;
mod make;
mod model;
mod store;

pub use api::routes;
pub use jobs::{handlers, timetable};
pub use make::{make, part};
pub use model::{DueList, DueListError};
