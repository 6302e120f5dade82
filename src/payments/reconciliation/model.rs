//! A channel's day as its files, the bank and the ledger have it; what moved on our accounts.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Numeric, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::kernel::four_eyes::{Decision, Standing as Decided};
use crate::kernel::id::{AssignmentId, MovementId, PaymentFileId};
use crate::kernel::money::Money;
use crate::payments::model::{Channel, FileState};
use crate::platform::db::schema::{bank_movement, bank_movement_now, paying_in};

choice! {
    /// Where a channel's day stands.
    pub enum DayStanding {
        /// Files, bank and ledger say the same.
        Agreed = "agreed",
        /// The bank has not credited it yet.
        WaitingForBank = "waiting_for_bank",
        /// The channel's file has not come yet.
        WaitingForFile = "waiting_for_file",
        /// They say different things: somebody must look.
        Difference = "difference",
    }
}

/// What each side says of a channel's day.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Figures {
    #[diesel(sql_type = Text)]
    pub channel: Channel,
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    #[diesel(sql_type = BigInt)]
    pub files: i64,
    /// What the files say.
    #[diesel(sql_type = BigInt)]
    pub lines: i64,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// Of them, lines that were paid before.
    #[diesel(sql_type = BigInt)]
    pub duplicates: i64,
    #[diesel(sql_type = Numeric)]
    pub duplicate_amount: Money,
    /// Of them, lines that are not entered yet.
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    #[diesel(sql_type = Numeric)]
    pub waiting_amount: Money,
    /// Payments that were told as they happened and are in no file yet.
    #[diesel(sql_type = BigInt)]
    pub told: i64,
    #[diesel(sql_type = Numeric)]
    pub told_amount: Money,
    /// What the bank credited, in how many sums.
    #[diesel(sql_type = BigInt)]
    pub credits: i64,
    #[diesel(sql_type = Numeric)]
    pub bank_amount: Money,
    /// What the ledger holds, suspense included.
    #[diesel(sql_type = BigInt)]
    pub payments: i64,
    #[diesel(sql_type = Numeric)]
    pub ledger_amount: Money,
    /// Of it, what came into suspense.
    #[diesel(sql_type = BigInt)]
    pub in_suspense: i64,
    #[diesel(sql_type = Numeric)]
    pub suspense_amount: Money,
    /// Payments that the ledger does not hold, or holds otherwise.
    #[diesel(sql_type = BigInt)]
    pub unposted: i64,
}

impl Figures {
    /// What the ledger should hold: the files without what was paid before; of the counter, which
    /// sends none, what it told. `None` when it is too much to be money.
    #[must_use]
    pub fn net_amount(&self) -> Option<Money> {
        let net = self.amount.checked_sub(self.duplicate_amount).ok()?;
        if !self.channel.sends_files() {
            return net.checked_add(self.told_amount).ok();
        }
        Some(net)
    }

    /// What the bank credited less what the ledger holds.
    #[must_use]
    pub fn bank_less_ledger(&self) -> Money {
        let difference = self.bank_amount.checked_sub(self.ledger_amount);
        difference.unwrap_or_default()
    }
}

/// Which days are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    pub channel: Option<Channel>,
    /// Both included.
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// The most days that are looked at at once.
    const LONGEST: TimeDelta = TimeDelta::days(93);
    /// How many days are looked at when nobody says from when.
    const USUAL: Days = Days::new(30);

    /// The days from one to another, or a month's up to today; `None` when they are too many.
    #[must_use]
    pub fn of(
        channel: Option<Channel>,
        (from, to): (Option<NaiveDate>, Option<NaiveDate>),
        today: NaiveDate,
    ) -> Option<Self> {
        let to = to.unwrap_or(today);
        let from = from.unwrap_or(to - Self::USUAL);
        let fits = from <= to && to - from < Self::LONGEST;
        fits.then_some(Self { channel, from, to })
    }
}

/// A channel's day, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub standing: DayStanding,
    pub figures: Figures,
}

/// The same, with what each side consists of.
#[derive(Debug, Clone)]
pub struct WholeDay {
    pub day: Day,
    pub files: Vec<DayFile>,
    pub credits: Vec<Credit>,
}

/// A settlement file of a day.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct DayFile {
    #[diesel(sql_type = SqlUuid)]
    pub id: PaymentFileId,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Integer)]
    pub sequence: i32,
    #[diesel(sql_type = Text)]
    pub state: FileState,
    /// Why it is quarantined; it names the line.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Integer)]
    pub lines: i32,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// Without what was paid before.
    #[diesel(sql_type = Numeric)]
    pub net_amount: Money,
    /// No credit of the bank is just that, and together they do not agree.
    #[diesel(sql_type = Bool)]
    pub is_alone: bool,
}

/// What the bank credited of a day.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Credit {
    /// None: the credits of a statement that are payments themselves.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub movement: Option<MovementId>,
    /// The statement.
    #[diesel(sql_type = SqlUuid)]
    pub file: PaymentFileId,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = Text)]
    pub wording: String,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    #[diesel(sql_type = Date)]
    pub booked_on: NaiveDate,
    /// No file is just that, and together they do not agree.
    #[diesel(sql_type = Bool)]
    pub is_alone: bool,
}

choice! {
    /// Why a line is named.
    pub enum Cause {
        /// It is in a file and not entered yet.
        NotEntered = "not_entered",
        /// The channel told of it, and no file has it.
        NotSettled = "not_settled",
        /// It was entered, and the ledger does not hold it so.
        NotInLedger = "not_in_ledger",
        /// It was paid before: it pays nothing.
        Duplicate = "duplicate",
        /// It is just what bank and files differ by.
        OfThatAmount = "of_that_amount",
    }
}

/// A line that makes a difference, or may.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct NamedLine {
    #[diesel(sql_type = Text)]
    pub cause: Cause,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = Text)]
    pub account: String,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// Where it stands; none when it was told as it happened.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub file: Option<PaymentFileId>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub line: Option<i32>,
}

/// A place among named lines.
pub type LinePlace = (Cause, String, Option<PaymentFileId>, Option<i32>);

/// By what the bank writes, whose a credit is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = paying_in, check_for_backend(diesel::pg::Pg))]
pub struct PayingIn {
    pub id: i32,
    pub begins: String,
    /// None: no channel's.
    pub channel: Option<Channel>,
    /// None: the day follows in the text.
    pub days_after: Option<i16>,
}

/// Money that moved on an account of ours, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = bank_movement)]
#[diesel(treat_none_as_default_value = false)]
pub struct BankMovement {
    pub id: MovementId,
    pub file: PaymentFileId,
    pub number: i32,
    pub account: String,
    pub reference: String,
    pub wording: String,
    pub amount: Money,
    pub booked_on: NaiveDate,
    pub returned: bool,
    pub rule: Option<i32>,
    pub channel: Option<Channel>,
    pub settled_on: Option<NaiveDate>,
    pub known: bool,
}

/// The same, and whose it is by now.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = bank_movement_now, check_for_backend(diesel::pg::Pg))]
pub struct Moved {
    pub id: MovementId,
    pub file: PaymentFileId,
    pub account: String,
    pub reference: String,
    pub wording: String,
    pub amount: Money,
    pub booked_on: NaiveDate,
    /// A direct debit that was paid back.
    pub returned: bool,
    pub channel: Option<Channel>,
    pub settled_on: Option<NaiveDate>,
    pub known: bool,
}

/// Whose a movement shall be: a channel's day, or no channel's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub id: AssignmentId,
    pub movement: MovementId,
    pub whose: Option<(Channel, NaiveDate)>,
    pub reason: String,
    pub proposed_by: String,
    pub proposed_at: DateTime<Utc>,
    pub decision: Option<Decision>,
}

impl Assignment {
    #[must_use]
    pub fn standing(&self) -> Decided {
        Decided::of(self.decision.as_ref())
    }
}

/// The zero of identifiers, in the place of none.
pub const NOWHERE: Uuid = Uuid::nil();
