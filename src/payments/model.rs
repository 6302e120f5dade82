//! Terms of channels; what a payer scans or types; files and payments.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

pub use super::channel::{Channel, Form};
use super::files::{DebitResult, FileError, Refusal};
use super::fps_code::{FpsCode, Unreadable};
use crate::kernel::choice::choice;
use crate::kernel::dated::{InForce, RuleRow};
use crate::kernel::four_eyes::Undecided;
use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::LedgerError;
use crate::platform::auth::signed_file::Flaw;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    payment, payment_file, payment_file_decision, payment_file_signature, payment_file_tally,
    payment_file_unpaid, payment_line, payment_line_fate,
};
use crate::platform::vault::VaultError;
use crate::rent::RentError;

choice! {
    /// Where a settlement file is.
    pub enum FileState {
        /// One before it has not come yet.
        Held = "held",
        /// Read and kept; its lines are being posted.
        Staged = "staged",
        /// A line of it contradicts what was paid before: somebody must look.
        Quarantined = "quarantined",
        /// Every line has its fate.
        Posted = "posted",
        /// Given up before anything of it was posted.
        Withdrawn = "withdrawn",
    }
}

choice! {
    /// What became of a line.
    pub enum Fate {
        /// On the household's account.
        Posted = "posted",
        /// In suspense: the account is nobody's.
        Suspense = "suspense",
        /// Paid before, and just so: nothing was posted.
        Duplicate = "duplicate",
        /// Told before by the channel, and posted then: this is its money.
        Settled = "settled",
        /// Paid before, and otherwise: nothing was posted, and somebody has seen it.
        Contradicts = "contradicts",
    }
}

choice! {
    /// What somebody decided of a file.
    pub enum Decided {
        /// It goes on though one before it never comes.
        Released = "released",
        /// It goes on without the lines that contradict what was paid before.
        ReleasedInPart = "released_in_part",
        /// It is given up.
        Withdrawn = "withdrawn",
    }
}

/// A decision of a file, and why.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_file_decision, check_for_backend(diesel::pg::Pg))]
pub struct FileDecision {
    pub file: PaymentFileId,
    pub decision: Decided,
    pub reason: String,
    pub decided_by: String,
    pub decided_at: DateTime<Utc>,
}

/// By whom a settlement file was signed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_file_signature, check_for_backend(diesel::pg::Pg))]
pub struct FileSignature {
    pub file: PaymentFileId,
    /// A program of the channel.
    pub client: Uuid,
    /// Which key of it: its thumbprint (RFC 7638).
    pub key: String,
    pub signed_at: DateTime<Utc>,
    /// What was signed beside the digest, and the signature: both as they came, for whoever proves
    /// it again.
    pub signature_input: String,
    pub signature: String,
}

/// A settlement file that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_file, check_for_backend(diesel::pg::Pg))]
pub struct PaymentFile {
    pub id: PaymentFileId,
    pub channel: Channel,
    pub business_date: NaiveDate,
    /// Whose numbers it has, where the channel has several rows of them.
    pub series: String,
    pub sequence: i32,
    pub name: String,
    pub sha256: Vec<u8>,
    pub lines: i32,
    pub amount: Money,
    pub state: FileState,
    /// Lines whose fate is decided.
    pub settled: i32,
    /// Why it is quarantined.
    pub reason: Option<String>,
    pub received_by: String,
    pub received_at: DateTime<Utc>,
    pub posted_at: Option<DateTime<Utc>>,
}

/// A payment as a channel tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = payment_line, check_for_backend(diesel::pg::Pg))]
pub struct Told {
    /// The channel's own, once for ever.
    pub reference: String,
    /// The account as the payer gave it: it may be none.
    pub account: String,
    pub amount: Money,
    /// When the payer told the channel to pay.
    pub instructed_at: DateTime<Utc>,
    /// Where, such as the name of a store.
    pub place: String,
}

/// A line of a file, and what became of it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payment_line_fate, check_for_backend(diesel::pg::Pg))]
pub struct SettledLine {
    pub number: i32,
    pub reference: String,
    pub account: String,
    pub amount: Money,
    pub instructed_at: DateTime<Utc>,
    pub place: String,
    /// `None` while it waits.
    pub fate: Option<Fate>,
    /// Whose account it was posted to.
    pub household: Option<TenantCode>,
}

/// A direct debit that a file says was not paid, or was paid back.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = payment_file_unpaid, check_for_backend(diesel::pg::Pg))]
pub struct UnpaidLine {
    /// Counted from 1, those that were not paid only.
    pub number: i32,
    /// What we called the debit, when the file says so.
    pub reference: String,
    pub amount: Money,
    /// The day it was for, or was paid back.
    pub day: Option<NaiveDate>,
    pub result: DebitResult,
    /// The bank's own code.
    pub code: String,
    /// It had been paid, and was paid back.
    pub was_paid: bool,
}

/// What was paid.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = payment, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Payment {
    pub id: PaymentId,
    pub channel: Channel,
    pub reference: String,
    pub account: String,
    pub amount: Money,
    pub instructed_at: DateTime<Utc>,
    /// The day from which it counts.
    pub value_on: NaiveDate,
    /// Whose account it went to; in suspense when nobody's.
    pub household: Option<TenantCode>,
    /// The line that it came by; none when it was told as it happened.
    pub file: Option<PaymentFileId>,
    pub line: Option<i32>,
    pub recorded_at: DateTime<Utc>,
    /// Who told of it as it happened, and where it was paid.
    pub told_by: Option<String>,
    pub place: Option<String>,
}

/// The payment that `channel` knows by `reference`: as the key, this is what pays it once for ever.
#[must_use]
pub fn paid_by(channel: Channel, reference: &str) -> PaymentId {
    PaymentId::derived(&format!("{channel}/{reference}"))
}

/// How many lines had a fate, and what they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = payment_file_tally, check_for_backend(diesel::pg::Pg))]
pub struct Tally {
    pub fate: Fate,
    pub lines: i64,
    pub amount: Money,
}

/// On what terms a channel is open.
#[derive(Debug, Clone)]
pub struct Terms {
    pub row: RuleRow,
    pub in_force: InForce,
    pub channel: Channel,
    /// The time in Hong Kong from which an instruction counts for the next day.
    pub cut_off: Option<NaiveTime>,
    /// Money comes in on working days only.
    pub working_days_only: bool,
    /// Working days that a payer should leave before the end of the month.
    pub lead_days: u8,
    /// The most that one payment may be, HKD.
    pub at_most: Option<Money>,
    /// What a payer names us by.
    pub payee: Option<String>,
    pub payee_name: String,
    /// Its files are signed.
    pub signs: bool,
}

/// A settlement file that waits for one before it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(table_name = payment_file, check_for_backend(diesel::pg::Pg))]
pub struct HeldFile {
    pub id: PaymentFileId,
    pub channel: Channel,
    pub series: String,
    pub sequence: i32,
    pub name: String,
    pub received_at: DateTime<Utc>,
    /// The number that must come next in its series.
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pub awaits: i32,
}

/// What a household scans or types, whichever channel it takes.
#[derive(Debug, Clone)]
pub struct PaymentCodes {
    pub code: TenantCode,
    pub as_at: DateTime<Utc>,
    pub month: Month,
    /// What is to be paid now, HKD.
    pub due: Money,
    pub codes: Vec<PaymentCode>,
}

/// What a payer gives one channel.
#[derive(Debug, Clone)]
pub struct PaymentCode {
    pub channel: Channel,
    pub form: Form,
    /// Whom to pay: an FPS identifier, a biller's number.
    pub payee: Option<String>,
    pub payee_name: String,
    /// What is scanned or typed.
    pub payload: String,
    pub at_most: Option<Money>,
    /// The last day to pay this month's rent in time.
    pub pay_by: NaiveDate,
    /// The day from which the money counts when it is paid now.
    pub counts_from: NaiveDate,
}

/// What a scanned QR code says.
#[derive(Debug, Clone)]
pub struct Scanned {
    pub code: FpsCode,
    /// The account that it pays, when its bill number is one of ours.
    pub account: Option<TenantCode>,
    /// What the payer was shown, when it is a code of ours.
    pub shown: Option<Shown>,
}

/// What a payer was shown, and when: the reference in a code of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub code: TenantCode,
    pub month: Month,
    pub due: Money,
}

/// Why something about a payment was refused.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    #[error("no such account")]
    NoSuchAccount,
    /// It is not open, or has nothing to scan or type.
    #[error("rent cannot be paid by such a code today")]
    NoSuchCode,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The channel takes no payments on that day.
    #[error("{0} is not open on {1}")]
    Closed(Channel, NaiveDate),
    /// The bank account collects for no channel on that day.
    #[error("account {0} collects for no channel on {1}: ask the bank whose it is")]
    NotOurs(String, NaiveDate),
    /// Another file of the channel had the number, or a later one.
    #[error(
        "{channel} has sent another file {sequence}, or one after it: ask the channel which counts"
    )]
    SequenceTaken { channel: Channel, sequence: u32 },
    /// What was told is no payment.
    #[error("{0}")]
    Unfit(&'static str),
    /// The channel was paid by this reference before: another amount, or another account.
    #[error("{reference} was paid with another amount or to another account")]
    Contradicts {
        /// How many came before it.
        at: i32,
        reference: String,
    },
    /// What a month will bring is not told before it comes.
    #[error("{0} is yet to come")]
    YetToCome(Month),
    #[error("no such settlement file")]
    NoSuchFile,
    /// A file cannot be dealt with so in its state.
    #[error("{0}")]
    NotNow(&'static str),
    #[error("there is no such payment")]
    NoSuchPayment,
    /// The program may not speak for the channel.
    #[error("the program does not speak for {0}")]
    NotItsChannel(Channel),
    #[error("no payment channel's program that is in force has this id")]
    NoSuchClient,
    /// Terms from a day that is over, or has begun.
    #[error("by the terms of {0} it was decided: take a day that is yet to come")]
    TermsOfThePast(NaiveDate),
    /// Other terms of the channel begin within.
    #[error("{0} has other terms from {1} on: end these the day before")]
    TermsOverlap(Channel, NaiveDate),
    /// Nothing says whom its payers name.
    #[error("{0} was never open before")]
    NeverOpen(Channel),
    /// No channel can have them.
    #[error("{0} does not hold")]
    TermsUnfit(String),
    /// The signature of a file does not hold, or there is none.
    #[error(transparent)]
    Signature(#[from] Flaw),
    /// Another notice of the channel had its name.
    #[error("the channel told something else by this name")]
    EventTaken,
    /// A signature that was used before.
    #[error("the signature was used before")]
    Replayed,
    /// Whoever proposes something does not approve it.
    #[error("somebody else approves it")]
    SamePerson,
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Rent(#[from] RentError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Refusal> for PaymentError {
    fn from(refusal: Refusal) -> Self {
        Self::File(refusal.into())
    }
}

impl From<Undecided> for PaymentError {
    fn from(why: Undecided) -> Self {
        match why {
            Undecided::Already => Self::NotNow("it was decided"),
            Undecided::SamePerson => Self::SamePerson,
        }
    }
}
