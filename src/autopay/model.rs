//! Mandates, collections, and what the bank says of a debit.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

pub use super::error::AutopayError;
use crate::kernel::choice::choice;
use crate::kernel::dated::{InForce, RuleRow};
use crate::kernel::id::{CollectionId, MandateId, StatusReportId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::Channel;
pub use crate::payments::files::DebitResult;
use crate::platform::db::schema::{
    autopay_collection, autopay_event, autopay_left_out, autopay_line, autopay_mandate,
    autopay_report, autopay_stray, autopay_verdict,
};

choice! {
    /// What a direct debit runs on.
    pub enum Rail {
        /// The banks' autopay, by a form on paper (DDA).
        Autopay = "autopay",
        /// The Faster Payment System (eDDA).
        FpsDebit = "fps_debit",
    }
}

impl Rail {
    /// The way to pay that it is.
    #[must_use]
    pub fn channel(self) -> Channel {
        match self {
            Self::Autopay => Channel::Autopay,
            Self::FpsDebit => Channel::FpsDebit,
        }
    }
}

/// How a channel collects, between two dates.
#[derive(Debug, Clone)]
pub struct Policy {
    pub row: RuleRow,
    pub in_force: InForce,
    pub rail: Rail,
    /// Collected on the first working day on or after this day of the month.
    pub collection_day: u32,
    /// Working days before it by which the bank has the file.
    pub lead_days: u8,
    /// How often a refused debit is tried again in its month.
    pub retries: usize,
    /// After how many working days.
    pub retry_after: u8,
    /// So many refusals in a row suspend the mandate.
    pub refusals: usize,
    /// What a debit that comes back costs, HKD.
    pub return_fee: Money,
    pub creditor: Creditor,
}

/// Who collects, as the bank knows us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creditor {
    pub payment_code: String,
    pub bank: String,
    pub account: String,
    pub name: String,
}

choice! {
    /// Where a mandate is.
    pub enum MandateState {
        /// The bank has not answered yet.
        Proposed = "proposed",
        /// In force.
        Active = "active",
        /// Nothing is collected until the bank has verified it again.
        Suspended = "suspended",
        Ended = "ended",
    }
}

choice! {
    /// What became of a mandate.
    pub enum MandateEvent {
        Proposed = "proposed",
        /// The bank said yes.
        Verified = "verified",
        /// The bank said no.
        Declined = "declined",
        Suspended = "suspended",
        Ended = "ended",
    }
}

/// A household's leave to debit a bank account.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = autopay_mandate, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Mandate {
    pub id: MandateId,
    pub household: TenantCode,
    #[diesel(column_name = channel)]
    pub rail: Rail,
    pub bank: String,
    /// The last digits of the account.
    pub ending: String,
    /// Sealed.
    pub account: Vec<u8>,
    /// Sealed.
    pub holder: Vec<u8>,
    /// The most that one debit may be.
    pub at_most: Option<Money>,
    pub state: MandateState,
    pub bank_reference: Option<String>,
    pub active_since: Option<DateTime<Utc>>,
    pub proposed_at: DateTime<Utc>,
    pub version: i32,
}

/// One thing that became of a mandate.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = autopay_event, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Happened {
    pub mandate: MandateId,
    pub number: i32,
    pub event: MandateEvent,
    pub reason: Option<String>,
    pub actor: String,
    pub at: DateTime<Utc>,
}

choice! {
    /// Where a collection is.
    pub enum CollectionState {
        /// Mandates are being looked at; what is decided is frozen.
        Preparing = "preparing",
        /// The file is made, and waits for a second person.
        Prepared = "prepared",
        /// The file may be sent.
        Released = "released",
        /// Never sent: its debits may be made again.
        Withdrawn = "withdrawn",
    }
}

/// A month's direct debits of a channel, in one file.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = autopay_collection, check_for_backend(diesel::pg::Pg))]
pub struct Collection {
    pub id: CollectionId,
    pub month: Month,
    #[diesel(column_name = channel)]
    pub rail: Rail,
    /// 1 for the month's first; further ones are for what is tried again.
    pub run: i16,
    pub collect_on: NaiveDate,
    pub policy: i32,
    pub state: CollectionState,
    /// Mandates in force when it began.
    pub total: i64,
    /// Mandates that were looked at.
    pub looked_at: i64,
    /// The household up to which they were.
    pub through: i64,
    pub lines: i32,
    pub amount: Money,
    pub bytes: Option<i64>,
    pub sha256: Option<Vec<u8>>,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    pub prepared_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
}

/// One direct debit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = autopay_line, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Line {
    pub collection: CollectionId,
    pub household: TenantCode,
    pub month: Month,
    pub attempt: i16,
    pub mandate: MandateId,
    pub reference: String,
    pub amount: Money,
}

choice! {
    /// Why a household with a mandate is not debited.
    pub enum LeftOut {
        /// Nothing is due, or what is due is on its way.
        NothingDue = "nothing_due",
        /// This month's debit is at the bank.
        OnItsWay = "on_its_way",
        /// This month's debit was accepted.
        Collected = "collected",
        /// It was refused as often as is tried, or for a reason that stays.
        NotTriedAgain = "not_tried_again",
        /// It was refused a few days ago.
        TooSoon = "too_soon",
        /// More is due than the mandate is for.
        OverLimit = "over_limit",
        TenancyEnded = "tenancy_ended",
        /// What is due cannot be told.
        NoRate = "no_rate",
        /// The Social Welfare Department pays the whole of the rent.
        PaidByCssa = "paid_by_cssa",
    }
}

/// A household that was left out of a collection.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = autopay_left_out, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Omission {
    pub collection: CollectionId,
    pub household: TenantCode,
    pub reason: LeftOut,
    pub due: Option<Money>,
}

choice! {
    /// Where a debit is.
    pub enum LineState {
        /// The bank has not answered.
        Waiting = "waiting",
        Accepted = "accepted",
        Refused = "refused",
        /// Accepted, and then taken back.
        Returned = "returned",
        /// Its collection was never sent.
        Withdrawn = "withdrawn",
    }
}

choice! {
    /// Why an answer fits no debit.
    pub enum Misfit {
        /// No debit has the reference.
        Unknown = "unknown",
        /// A debit of another collection has it.
        OtherCollection = "other_collection",
        /// The debit was answered otherwise before.
        Contradiction = "contradiction",
        /// Accepted before the day of the debit.
        BeforeItsDay = "before_its_day",
        /// It was paid with another amount, or to another account.
        PaidOtherwise = "paid_otherwise",
        /// The debit's collection was never sent.
        NotSent = "not_sent",
    }
}

/// A bank's status report on a collection.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = autopay_report, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct StatusReport {
    pub id: StatusReportId,
    pub sha256: Vec<u8>,
    /// The bank's name of it.
    pub message: String,
    pub collection: CollectionId,
    /// What is said of every debit that has no verdict of its own.
    pub whole: Option<DebitResult>,
    pub verdicts: i32,
    pub received_by: String,
    pub received_at: DateTime<Utc>,
    /// When all of it was taken.
    pub taken_at: Option<DateTime<Utc>>,
}

/// What a status report says of one debit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = autopay_verdict, check_for_backend(diesel::pg::Pg))]
pub struct OwnVerdict {
    pub number: i32,
    pub reference: String,
    /// None while it is not decided.
    pub code: Option<DebitResult>,
    pub amount: Option<Money>,
}

/// One answer of the bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its place in what was sent: a line of a file, counted from 1.
    pub place: i32,
    pub reference: String,
    pub code: DebitResult,
    /// Of how much, when it says so.
    pub amount: Option<Money>,
}

/// An answer that fits no debit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = autopay_stray, check_for_backend(diesel::pg::Pg))]
pub struct Stray {
    pub place: i32,
    pub reference: String,
    pub code: DebitResult,
    pub problem: Misfit,
}

/// What became of the answers that were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub accepted: u32,
    pub refused: u32,
    pub returned: u32,
    /// Taken before, and just so.
    pub duplicates: u32,
    /// Mandates that were suspended.
    pub suspended: u32,
    pub strays: Vec<Stray>,
}
