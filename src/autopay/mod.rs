//! Autopay (自動轉帳): rent that we take from a bank account by the household's leave.
//!
//! * A mandate is proposed, verified by the bank, suspended and ended; a household has one in force
//!   at a time, and none once it lives nowhere of ours. What became of it only grows. The account
//!   is sealed under a key of the mandate's own, and shown by its last digits.
//! * A collection takes what the quote says is due, and nothing else: credit counts first, a zero
//!   bill is no debit, and what is on its way already is not asked for again.
//! * What a collection debits is frozen while it is prepared, and so are the bytes of its file. A
//!   second person releases them, by their digest; they are the same for ever after.
//! * What the Social Welfare Department is to pay of a month is debited from nobody; a household
//!   whose whole rent it pays is left out.
//! * A household is debited once an attempt, a month; a refused debit is tried again as the policy
//!   of its channel says.
//! * What the bank answers is taken once, in whatever order: an accepted debit is a payment, one
//!   that comes back is reversed and has its fee. What fits no debit is kept for somebody to see.
//! * So many refusals in a row suspend the mandate; refusals that are our own mistakes do not count.

mod api;
mod booking;
mod bulk;
mod collect;
mod commands;
mod error;
mod file;
pub mod files;
mod forget;
mod held;
mod jobs;
mod model;
mod payer;
mod posted;
mod prepare;
mod results;
mod rules;
mod sealing;
mod sorting;
mod status;
mod store;
mod tell;

pub use api::routes;
pub use bulk::{Verified, load_mandates};
pub use collect::{order as order_collection, release as release_collection};
pub use files::answers::is_ours as is_answers;
pub use forget::{Sealed, ended_before};
pub use held::held;
pub use jobs::{PrepareCollection, handlers, prepare_ordered};
pub use model::{
    AutopayError, Collection, CollectionState, DebitResult, MandateState, Rail, Report,
    StatusReport, Stray,
};
pub use payer::{AccountNumber, BankCode, HolderName, NotPayer, Payer};
pub use posted::take_posted;
pub use prepare::prepare;
pub use results::take_file;
pub use sealing::SEALED;
pub use status::{keep_report, take_report};
