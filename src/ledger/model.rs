//! Accounts and transfers.

use std::fmt;
use std::io;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::kernel::id::TransferId;
use crate::kernel::money::{Money, NotMoney};
use crate::kernel::tenant_code::TenantCode;
use crate::platform::crypto::Fields;
use crate::platform::db::DbError;
use crate::platform::db::schema::ledger_transfer;

choice! {
    /// A general account: what is not a household's.
    pub enum General {
        /// Rent (租金).
        RentIncome = "rent_income",
        /// Licence fees of interim housing and fixed-term licences (暫准證費).
        LicenceFeeIncome = "licence_fee_income",
        /// What an occupier pays after a tenancy ended (佔用費).
        OccupationFeeIncome = "occupation_fee_income",
        /// What well-off tenants pay above the rent (額外租金).
        AdditionalRentIncome = "additional_rent_income",
        /// What a household is charged when its bank takes a direct debit back.
        ReturnFeeIncome = "return_fee_income",
        /// Rent Assistance (租金援助).
        RentAssistance = "rent_assistance",
        /// Increases not collected after a rent review (寬免租金加幅).
        IncreaseWaived = "increase_waived",
        /// Rent that the Government waived (豁免租金).
        RentWaived = "rent_waived",
        /// Corrections made by an officer.
        Adjustments = "adjustments",
        /// Money owed to households that left.
        RefundsPayable = "refunds_payable",
        /// Money not yet matched to a household (暫記帳).
        Suspense = "suspense",
        /// Received by direct debit, on its way from the bank.
        AutopayClearing = "autopay_clearing",
        PpsClearing = "pps_clearing",
        BankClearing = "bank_clearing",
        FpsClearing = "fps_clearing",
        StoreClearing = "store_clearing",
        MtrClearing = "mtr_clearing",
        CssaClearing = "cssa_clearing",
        ShroffClearing = "shroff_clearing",
    }
}

impl General {
    /// Its number in the ledger; never changed once used.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::RentIncome => 1,
            Self::LicenceFeeIncome => 2,
            Self::OccupationFeeIncome => 3,
            Self::AdditionalRentIncome => 4,
            Self::ReturnFeeIncome => 5,
            Self::RentAssistance => 11,
            Self::IncreaseWaived => 12,
            Self::RentWaived => 13,
            Self::Adjustments => 14,
            Self::RefundsPayable => 21,
            Self::Suspense => 22,
            Self::AutopayClearing => 31,
            Self::PpsClearing => 32,
            Self::BankClearing => 33,
            Self::FpsClearing => 34,
            Self::StoreClearing => 35,
            Self::MtrClearing => 36,
            Self::CssaClearing => 37,
            Self::ShroffClearing => 38,
        }
    }

    /// Its name in an exported journal, e.g. `assets:clearing:pps`.
    #[must_use]
    pub fn journal_name(self) -> &'static str {
        match self {
            Self::RentIncome => "revenues:rent",
            Self::LicenceFeeIncome => "revenues:licence fees",
            Self::OccupationFeeIncome => "revenues:occupation fees",
            Self::AdditionalRentIncome => "revenues:additional rent",
            Self::ReturnFeeIncome => "revenues:return fees",
            Self::RentAssistance => "expenses:rent assistance",
            Self::IncreaseWaived => "expenses:rent increase waived",
            Self::RentWaived => "expenses:rent waived",
            Self::Adjustments => "expenses:adjustments",
            Self::RefundsPayable => "liabilities:refunds payable",
            Self::Suspense => "liabilities:suspense",
            Self::AutopayClearing => "assets:clearing:autopay",
            Self::PpsClearing => "assets:clearing:pps",
            Self::BankClearing => "assets:clearing:bank",
            Self::FpsClearing => "assets:clearing:fps",
            Self::StoreClearing => "assets:clearing:store",
            Self::MtrClearing => "assets:clearing:mtr",
            Self::CssaClearing => "assets:clearing:cssa",
            Self::ShroffClearing => "assets:clearing:shroff",
        }
    }
}

/// One side of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What a household owes.
    Household(TenantCode),
    General(General),
}

impl Account {
    /// Its number in the ledger: a household's own, or a small one.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Household(code) => code.number(),
            Self::General(general) => general.number(),
        }
    }

    /// The account numbered `number`, if there can be one.
    #[must_use]
    pub fn of(number: i64) -> Option<Self> {
        let general = || {
            General::ALL
                .iter()
                .find(|general| general.number() == number)
        };
        TenantCode::of(number)
            .map(Self::Household)
            .or_else(|| general().copied().map(Self::General))
    }
}

/// A household's tenant code or a general account's word.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Household(code) => code.fmt(f),
            Self::General(general) => general.fmt(f),
        }
    }
}

choice! {
    /// Why money moved.
    pub enum TransferKind {
        /// A month's rent or a part of it, or what a late decision changed of it.
        Charge = "charge",
        /// What something costs beside the rent, such as a direct debit that came back.
        Fee = "fee",
        /// An officer's correction.
        Adjustment = "adjustment",
        /// Money received.
        Payment = "payment",
        /// Money given back.
        Refund = "refund",
        /// The undoing of another transfer.
        Reversal = "reversal",
    }
}

/// What a transfer is for: its id is derived from this, so it can be posted once only.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The thing itself: a tenancy, an adjustment, a payment line.
    pub id: Uuid,
    /// Which of its transfers, e.g. `2026-11/0/rent_income`.
    pub part: &'a str,
}

/// One movement of money.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize,
)]
#[diesel(table_name = ledger_transfer, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Transfer {
    pub id: TransferId,
    pub effective_on: NaiveDate,
    /// The account that is owed more, or owes less.
    pub debit: i64,
    pub credit: i64,
    pub amount: Money,
    pub kind: TransferKind,
    pub source: Uuid,
    pub reverses: Option<TransferId>,
    pub booked_at: DateTime<Utc>,
}

impl Transfer {
    /// Moves `amount` between `household` and `general`: onto the household's account when
    /// positive, off it when negative. `None` for nothing.
    #[must_use]
    pub fn between(
        household: TenantCode,
        general: General,
        amount: Money,
        kind: TransferKind,
        source: Source<'_>,
        (effective_on, booked_at): (NaiveDate, DateTime<Utc>),
    ) -> Option<Self> {
        let (household, general) = (Account::Household(household), Account::General(general));
        let (debit, credit) = match amount.cmp(&Money::ZERO) {
            std::cmp::Ordering::Less => (general, household),
            std::cmp::Ordering::Equal => return None,
            std::cmp::Ordering::Greater => (household, general),
        };
        let dates = (effective_on, booked_at);
        Some(Self::of((debit, credit), amount.abs(), kind, source, dates))
    }

    /// Moves `amount`, which is above zero, from the second account of the pair to the first.
    #[must_use]
    pub fn of(
        (debit, credit): (Account, Account),
        amount: Money,
        kind: TransferKind,
        source: Source<'_>,
        (effective_on, booked_at): (NaiveDate, DateTime<Utc>),
    ) -> Self {
        Self {
            id: TransferId::derived(&format!("{kind}/{}/{}", source.id, source.part)),
            effective_on,
            debit: debit.number(),
            credit: credit.number(),
            amount,
            kind,
            source: source.id,
            reverses: None,
            booked_at,
        }
    }

    /// What it adds to the account numbered `account`; negative when it takes off.
    #[must_use]
    pub fn onto(&self, account: i64) -> Money {
        if self.debit == account {
            self.amount
        } else if self.credit == account {
            self.amount.negated()
        } else {
            Money::ZERO
        }
    }

    /// The transfer that undoes this one, as `record` says. It counts from the same date: a
    /// balance as at any date is as if neither had been. Its source is the record's mark.
    pub(super) fn mirror(&self, record: &Reversal) -> Self {
        Self {
            id: TransferId::derived(&format!("{}/{}", TransferKind::Reversal, self.id)),
            effective_on: self.effective_on,
            debit: self.credit,
            credit: self.debit,
            amount: self.amount,
            kind: TransferKind::Reversal,
            source: record.mark(),
            reverses: Some(self.id),
            booked_at: record.recorded_at,
        }
    }
}

/// A transfer to undo, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    pub household: TenantCode,
    pub transfer: TransferId,
    pub reason: String,
}

/// Who undid a transfer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reversal {
    pub(super) reversed: TransferId,
    pub(super) household: i64,
    pub(super) reason: String,
    pub(super) recorded_by: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Reversal {
    /// Half of SHA-256 over all of it, as a UUID (version 8): the source of the transfer it
    /// explains, so that what seals the transfer seals the record too.
    pub(super) fn mark(&self) -> Uuid {
        let mut fields = Fields::of("kaifong ledger reversal 1");
        fields.add(self.reversed.as_uuid().as_bytes());
        fields.add(&self.household.to_be_bytes());
        fields.add(self.reason.as_bytes());
        fields.add(self.recorded_by.as_bytes());
        fields.add(&self.recorded_at.timestamp_micros().to_be_bytes());
        let digest = fields.digest();
        let half = digest.first_chunk::<16>().copied().unwrap_or_default();
        uuid::Builder::from_custom_bytes(half).into_uuid()
    }
}

choice! {
    /// Which end of an account is read first.
    pub enum Order {
        NewestFirst = "newest_first",
        OldestFirst = "oldest_first",
    }
}

/// Which transfers of a household are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Extract {
    pub household: TenantCode,
    /// The first and the last date from which they count.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Only of this kind.
    pub kind: Option<TransferKind>,
    /// Only what was known then.
    pub known_at: Option<DateTime<Utc>>,
    pub order: Order,
    /// The last one already read; these come after it.
    pub after: Option<(NaiveDate, TransferId)>,
    /// At most so many.
    pub rows: i64,
}

/// Why the ledger refused something.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The same thing was posted before.
    #[error("this is already posted")]
    AlreadyPosted,
    /// A date in a month that takes no postings.
    #[error("{0} is in a month that the ledger does not hold")]
    OutsideLedger(NaiveDate),
    /// Its day is sealed by a checkpoint.
    #[error("the ledger is sealed up to {0}")]
    Sealed(DateTime<Utc>),
    /// What is yet to be booked cannot be sealed.
    #[error("{0} has not passed yet")]
    NotPassed(DateTime<Utc>),
    #[error("no such household")]
    NoSuchHousehold,
    /// A transfer names an account that the chart does not have.
    #[error("the ledger has no account {0}")]
    UnknownAccount(i64),
    #[error("no such transfer on this account")]
    NoSuchTransfer,
    /// A transfer is reversed once, and a reversal never.
    #[error("the transfer is already reversed, or is itself a reversal")]
    NotReversible,
    /// The file of checkpoints outside the database tells another story.
    #[error("the witness cannot be trusted: {0}")]
    Witness(String),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Amount(#[from] NotMoney),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for LedgerError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
