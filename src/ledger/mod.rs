//! The ledger (分類帳): the only way money moves.
//!
//! * A transfer moves an amount above zero from one account to another, so the books always
//!   balance. It is never changed or deleted; a mistake is reversed by another transfer.
//! * A transfer's id is derived from what it is for: one source is posted once.
//! * `effective_on` is the date it counts from, `booked_at` when we knew: a balance is asked
//!   as at a date and as known at an instant.
//! * A household's balance stands in its row and changes with the transfers, under the row's
//!   lock. General accounts (income, reliefs, clearing) have no such row: thousands of
//!   postings a second would queue on it.
//! * What a checkpoint has sealed gets no further transfers, and verifying the ledger tells
//!   which of them was changed, added or removed. What none has sealed yet is judged by its
//!   balances alone.
//! * Who reversed a transfer and why is a record; the reversal's source is its mark, so what
//!   seals the one seals the other.

mod bulk;
mod checkpoint;
mod commands;
mod export;
mod findings;
mod held;
mod jobs;
mod journal;
mod model;
mod rules;
mod store;
mod trial;
mod verify;
mod witness;

pub use bulk::{MonthLoad, is_empty, load_balances};
pub use checkpoint::Checkpoint;
pub use commands::{post, reverse, reverse_all, seal, seal_at_most};
pub use export::{Format, Range, class_totals, export};
pub use findings::{AccountTotal, Findings, Lie, Named};
pub use held::held;
pub use jobs::{SealDays, seal_days, timetable};
pub use model::{
    Account, Extract, General, LedgerError, Order, Source, Transfer, TransferKind, Undo,
};
pub use store::{
    balance, booked_balance, charged, entries, lock_balance, open_months, owing, reversed_at,
};
pub use trial::{Standing, TrialLine, standing, trial_balance};
pub use verify::verify;
pub use witness::bear_witness;
