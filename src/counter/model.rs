//! Counters' days, what was taken, voided and counted.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Numeric, Text};

use crate::kernel::choice::choice;
use crate::kernel::four_eyes::{Decision, Standing, Undecided};
use crate::kernel::id::{CountId, CounterDayId, EstateId, PaymentId, VoidId};
use crate::kernel::money::{Money, NotMoney};
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::LedgerError;
use crate::payments::PaymentError;
use crate::platform::db::DbError;
use crate::platform::db::schema::counter_day;

choice! {
    /// With what somebody pays at a counter.
    pub enum Tender {
        /// Notes and coins (現金).
        Cash = "cash",
        /// A cheque (支票).
        Cheque = "cheque",
        /// A card, by the slip of its machine (卡).
        Card = "card",
    }
}

choice! {
    /// Where a counter's day is.
    pub enum DayState {
        Open = "open",
        /// What was counted differs: a second person must look.
        Counted = "counted",
        /// For good.
        Closed = "closed",
    }
}

choice! {
    /// A kind of money that is counted.
    pub enum CashKind {
        Note = "note",
        Coin = "coin",
    }
}

/// A shroff's day at the counter of an office.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = counter_day, check_for_backend(diesel::pg::Pg))]
pub struct CounterDay {
    pub id: CounterDayId,
    #[diesel(column_name = estate_id)]
    pub estate: EstateId,
    /// Whose day it is.
    pub shroff: String,
    pub opened_on: NaiveDate,
    pub opened_at: DateTime<Utc>,
    pub state: DayState,
    pub closed_at: Option<DateTime<Utc>>,
}

/// An office's receipt of a year: `017-2026-000123`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiptNumber {
    pub office: i32,
    pub year: i16,
    pub number: i32,
}

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}-{}-{:06}", self.office, self.year, self.number)
    }
}

/// What somebody hands over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    pub code: TenantCode,
    pub amount: Money,
    pub tender: Tender,
    /// The number of the cheque, or what the card's slip is called.
    pub instrument: Option<String>,
}

/// A payment that a counter took.
#[derive(Debug, Clone)]
pub struct Taking {
    pub payment: PaymentId,
    pub day: CounterDayId,
    pub receipt: ReceiptNumber,
    pub what: HandedOver,
    pub taken_at: DateTime<Utc>,
    /// By whom and when it was voided, if it was.
    pub voided: Option<(String, DateTime<Utc>)>,
}

/// A proposal that a receipt is void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    pub id: VoidId,
    pub payment: PaymentId,
    pub reason: String,
    pub proposed_by: String,
    pub proposed_at: DateTime<Utc>,
    pub decision: Option<Decision>,
}

impl Void {
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::of(self.decision.as_ref())
    }
}

/// What a day holds of one tender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Held {
    #[diesel(sql_type = Text)]
    pub tender: Tender,
    /// Receipts that are not void, and what they come to.
    #[diesel(sql_type = BigInt)]
    pub receipts: i64,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// Those that are.
    #[diesel(sql_type = BigInt)]
    pub voided: i64,
    #[diesel(sql_type = Numeric)]
    pub voided_amount: Money,
}

/// A note or coin that is in circulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Piece {
    pub id: i32,
    pub kind: CashKind,
    pub value: Money,
}

/// So many of a note or coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pile {
    pub kind: CashKind,
    pub value: Money,
    pub pieces: u32,
}

/// Cheques or card slips.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slips {
    pub pieces: u32,
    pub amount: Money,
}

/// What somebody counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub cash: Vec<Pile>,
    pub cheques: Slips,
    pub cards: Slips,
    /// Why it differs from what is held.
    pub reason: Option<String>,
}

/// What was counted of one tender, beside what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountLine {
    pub tender: Tender,
    pub receipts: i32,
    pub held: Money,
    pub pieces: i32,
    pub counted: Money,
}

/// What was counted of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub id: CountId,
    pub day: CounterDayId,
    /// The how-manieth of the day.
    pub number: i16,
    pub lines: Vec<CountLine>,
    pub cash: Vec<Pile>,
    pub reason: Option<String>,
    pub counted_by: String,
    pub counted_at: DateTime<Utc>,
    pub decision: Option<Decision>,
}

/// Why something at a counter was refused.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    #[error("no such estate")]
    NoSuchEstate,
    #[error("no such day")]
    NoSuchDay,
    #[error("no such receipt")]
    NoSuchReceipt,
    #[error("no such account")]
    NoSuchAccount,
    #[error("the shroff has a day open at this office: close it first")]
    AlreadyOpen,
    #[error("it is another shroff's day")]
    NotTheirs,
    #[error("a day that is {0} is not changed so")]
    Day(DayState),
    /// A day is of one date.
    #[error("the day is that of {0}: close it, and open another")]
    OtherDate(NaiveDate),
    #[error("counters do not take it: {0}")]
    NotTaken(Tender),
    #[error("of {tender} one payment is HK${at_most} at most: take a part of it another way")]
    OverLimit { tender: Tender, at_most: Money },
    #[error("{0}")]
    Instrument(&'static str),
    /// A file, or another program, used the number before.
    #[error("a payment of this number came by another way: tell finance")]
    NumberUsed,
    #[error("{0}")]
    NotNow(&'static str),
    #[error("somebody else approves it")]
    SamePerson,
    #[error("HK${0} is no {1} in circulation")]
    NoSuchPiece(Money, CashKind),
    #[error("what was counted differs from what is held: a reason is needed")]
    Differs,
    #[error("what was counted is too much to add up")]
    TooMuch,
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<NotMoney> for CounterError {
    fn from(_: NotMoney) -> Self {
        Self::TooMuch
    }
}

impl From<Undecided> for CounterError {
    fn from(why: Undecided) -> Self {
        match why {
            Undecided::Already => Self::NotNow("it was decided"),
            Undecided::SamePerson => Self::SamePerson,
        }
    }
}

impl From<LedgerError> for CounterError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Db(error) => Self::Db(error),
            LedgerError::NotReversible => Self::NotNow("the payment was reversed before"),
            other => Self::Ledger(other),
        }
    }
}

impl From<diesel::result::Error> for CounterError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
