//! What verifying the ledger found: its figures and its lies.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::model::{Account, Transfer};
use crate::kernel::id::TransferId;

/// How many lies of one kind are named; the others are counted.
pub(super) const NAMED: usize = 20;

/// A transfer, as a lie names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("transfer {id} of {effective_on}, from {credit} to {debit},")]
pub struct Named {
    pub id: TransferId,
    pub effective_on: NaiveDate,
    pub debit: String,
    pub credit: String,
}

impl Named {
    /// Names a transfer; an account that cannot be is named by its number.
    pub(super) fn new(id: TransferId, effective_on: NaiveDate, debit: i64, credit: i64) -> Self {
        let name = |number: i64| {
            Account::of(number).map_or_else(|| number.to_string(), |account| account.to_string())
        };
        Self {
            id,
            effective_on,
            debit: name(debit),
            credit: name(credit),
        }
    }
}

impl From<&Transfer> for Named {
    fn from(transfer: &Transfer) -> Self {
        Self::new(
            transfer.id,
            transfer.effective_on,
            transfer.debit,
            transfer.credit,
        )
    }
}

/// Something in the ledger that cannot be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "lie", rename_all = "snake_case")]
pub enum Lie {
    /// The chain skips numbers, or the witness knows a checkpoint that is gone.
    #[error("checkpoint {number} is missing")]
    CheckpointMissing { number: i32 },
    #[error("checkpoint {number} was changed: its contents do not make its hash")]
    CheckpointChanged { number: i32 },
    #[error("checkpoint {number} cannot be read: {reason}")]
    CheckpointUnreadable { number: i32, reason: String },
    #[error("checkpoint {number} does not follow the one before it")]
    ChainBroken { number: i32 },
    #[error("checkpoint {number} is not signed by a known key (it names {key_id})")]
    NotSigned { number: i32, key_id: String },
    #[error("checkpoint {number} is not the one that the witness saw")]
    NotWitnessed { number: i32 },
    #[error("line {line} of the witness is not a checkpoint")]
    WitnessUnreadable { line: i32 },
    #[error("{transfer} is not what checkpoint {checkpoint} sealed at place {place}")]
    TransferChanged {
        checkpoint: i32,
        place: usize,
        transfer: Named,
    },
    #[error("{transfer} was added after checkpoint {checkpoint} was sealed")]
    TransferAdded { checkpoint: i32, transfer: Named },
    #[error("a transfer is missing: checkpoint {checkpoint} sealed one at place {place}{}", after(.previous.as_ref()))]
    TransferMissing {
        checkpoint: i32,
        place: usize,
        /// The transfer before it.
        previous: Option<Named>,
    },
    #[error("checkpoint {checkpoint} seals other transfers than there are")]
    SealedOtherwise { checkpoint: i32 },
    #[error("a transfer that checkpoint {checkpoint} seals cannot be read: {reason}")]
    Unreadable { checkpoint: i32, reason: String },
    #[error("{transfer} {fault}")]
    OddTransfer { transfer: Named, fault: String },
    #[error("transfer {id} is booked {times} times")]
    PostedTwice { id: TransferId, times: i64 },
    #[error("reversal {id} {fault}")]
    WrongReversal { id: TransferId, fault: String },
    #[error("household {household} has a balance of {stored}, but its transfers make {computed}")]
    WrongBalance {
        /// The household's number: its tenant code without the check digit.
        household: i64,
        /// `none` when it has no account.
        stored: String,
        /// `none` when it has no transfers.
        computed: String,
    },
    #[error("the books do not balance: all accounts together make {sum}")]
    Unbalanced { sum: String },
}

fn after(previous: Option<&Named>) -> String {
    previous.map_or_else(String::new, |previous| {
        format!(
            ", after transfer {} of {}",
            previous.id, previous.effective_on
        )
    })
}

/// The first lies of a kind, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Lies {
    pub(super) first: Vec<Lie>,
    pub(super) count: u64,
}

/// One account's transfers in figures, or all households' together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountTotal {
    /// A general account's word, or `households`.
    pub account: String,
    pub debits: Decimal,
    pub credits: Decimal,
}

/// What verifying the ledger found.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// Transfers there are, and those that no checkpoint seals yet.
    pub transfers: i64,
    pub unsealed: i64,
    pub checkpoints: u64,
    /// Whether there was a witness; without one, removed checkpoints are not noticed.
    pub witnessed: bool,
    /// Up to when the ledger is sealed.
    pub sealed_through: Option<DateTime<Utc>>,
    pub totals: Vec<AccountTotal>,
    /// The lies, the first one first; of many of one kind, the first twenty.
    pub lies: Vec<Lie>,
    /// How many there are.
    pub lies_found: u64,
}

impl Findings {
    /// Whether nothing lies.
    #[must_use]
    pub fn are_clean(&self) -> bool {
        self.lies_found == 0
    }

    pub(super) fn add(&mut self, lie: Lie) {
        self.lies.push(lie);
        self.lies_found += 1;
    }

    pub(super) fn add_all(&mut self, lies: Lies) {
        self.lies.extend(lies.first);
        self.lies_found += lies.count;
    }
}
