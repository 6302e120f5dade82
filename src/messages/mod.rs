//! Messages (訊息): what households are told, by text message, e-mail and in the app.
//!
//! * An event is told once by each medium. The key of `message` says so, and its id, which is
//!   derived from the event and the medium, is what a carrier knows a repetition by.
//! * A message is drafted from its event with the figures of that moment: what is due is the
//!   quote's. Neither its text nor an address is kept. Both are made when it is sent; that the
//!   address was read is on record first.
//! * It is on record that a message is being tried before a carrier is called, and what came of
//!   it after. Who dies between the two leaves it to be tried again, with the same id: at least
//!   once towards the carrier, and once for whoever drops repetitions.
//! * What kinds are told, by which medium, and for how long they are worth telling; when nobody
//!   is disturbed, and how much one household is sent in a day: all dated rows.
//! * A household chooses its language, and what it would rather not be told. Who chose none is
//!   written to in Traditional Chinese and in English.
//! * A carrier that is not set carries nothing: its messages wait until they are stale.
//!
//! **The texts are code, not rows** (`words`). Each takes what it tells as typed values, so one
//! that forgets an amount, or a kind without a text in some language, does not compile; a review
//! sees all three languages side by side, and golden tests hold them to the letter and to the
//! length of a text message. A row could be edited without a release, and could be wrong at once
//! for 800,000 households. What is worth changing in a hurry (whether to tell, by what, and
//! when) is rows.

mod address;
mod api;
mod carriers;
pub mod catcher;
mod commands;
mod deliver;
mod draft;
mod held;
mod jobs;
mod model;
mod news;
mod remind;
mod rules;
mod store;
mod words;

pub use address::Address;
pub use api::routes;
pub use carriers::{Carrier, Carriers, Gateway, Letter, Mail, MailError, Receipt, Refusal};
pub use deliver::{Desk, deliver};
pub use draft::draft;
pub use held::held;
pub use jobs::{Deliver, RemindDue, timetable, work};
pub use model::{Medium, Message, MessageError, MessageKind, MessageState};
pub use remind::remind;
