//! Receipts (收據): what a household has for a payment, however it came.
//!
//! * A receipt is told from what is on record: nothing of it is kept, and asked for again it says
//!   the same. What a payer paid onto an account is the receipt's whole business; names are not on
//!   it.
//! * A payment that was undone since (voided at the counter, reversed) has a receipt that says so.
//! * The balance is as at the day from which the payment counts, as it was known when the payment
//!   was booked.
//! * An office that took a payment for a household elsewhere gives the receipt without the flat and
//!   the balance, which are none of its business.

mod api;
mod model;
mod paper;
mod tell;
mod words;

pub use api::routes;
