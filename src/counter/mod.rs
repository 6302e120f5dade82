//! The counter of an estate office (收款處): rent taken over it by a shroff.
//!
//! * A shroff opens a day at an office, takes payments on that day, and counts at its end; there is
//!   one day open for a shroff at an office. Once it is closed, nothing comes to it any more.
//! * Receipts of an office are numbered through the year without gaps. A number is taken in the
//!   transaction of its payment: both are kept, or neither. One that is void stays used.
//! * A payment at a counter is a payment like any other, and posted as any other is.
//! * A receipt is voided on its own day, while that is open, by two people: the posting is
//!   reversed, nothing is taken away, and the household is told.
//! * What is counted is compared with what is held by each kind of tender. A difference has a
//!   reason, and is closed by somebody who neither counted nor took the money.

mod api;
mod commands;
mod held;
mod model;
mod rules;
mod store;

pub use api::routes;
pub use held::held;
pub use model::{CounterError, ReceiptNumber, Tender};
pub use store::receipts::{Given, given};
