//! Messages, and what decides when they are sent.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::kernel::dated::InForce;
use crate::kernel::id::{MessageId, PersonId};
use crate::kernel::language::Language;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::LedgerError;
use crate::people::PeopleError;
use crate::platform::db::DbError;
use crate::platform::db::schema::message;
use crate::platform::vault::VaultError;
use crate::rent::RentError;
use crate::tenancy::TenancyError;

choice! {
    /// What a household is told of.
    pub enum MessageKind {
        /// Rent that it paid.
        PaymentReceived = "payment.received",
        /// A receipt of theirs that is void.
        PaymentVoided = "payment.voided",
        /// A direct debit that its bank did not pay.
        AutopayRefused = "autopay.refused",
        /// Direct debits that are no longer tried.
        AutopaySuspended = "autopay.suspended",
        /// Rent that is still due before the month ends.
        RentDue = "rent.due",
    }
}

choice! {
    /// How a message reaches somebody.
    pub enum Medium {
        /// A text message to the head's telephone (短訊).
        Sms = "sms",
        /// The head's e-mail address (電郵).
        Email = "email",
        /// The tenants' app, by the household's tenant code (推送).
        Push = "push",
    }
}

choice! {
    /// Where a message is.
    pub enum MessageState {
        /// On its way, or for a carrier that is not set.
        Waiting = "waiting",
        /// A carrier took it.
        Sent = "sent",
        /// A carrier refused it for good, or too often.
        Dead = "dead",
        /// There is nobody, or no address, to send it to.
        Unaddressed = "unaddressed",
        /// The household would rather not be told.
        Refused = "refused",
        /// It came to nothing while it was worth telling.
        Stale = "stale",
    }
}

impl MessageState {
    /// Whether somebody may put right what was in the way, and send it after all.
    #[must_use]
    pub fn may_be_resent(self) -> bool {
        matches!(self, Self::Dead | Self::Unaddressed)
    }
}

impl MessageKind {
    /// Every one's word.
    #[must_use]
    pub fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|kind| kind.as_str()).collect()
    }
}

/// What is sent to a household by one medium.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = message, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Message {
    pub id: MessageId,
    pub kind: MessageKind,
    pub subject: Uuid,
    pub medium: Medium,
    pub household: TenantCode,
    /// What it tells, as `News`.
    pub facts: Value,
    /// The row of the policy that it is sent by.
    pub policy: i32,
    pub state: MessageState,
    pub reason: Option<String>,
    pub drafted_at: DateTime<Utc>,
    /// It is not sent before.
    pub due_at: DateTime<Utc>,
    /// It is not sent after.
    pub stale_at: DateTime<Utc>,
    pub attempts: i16,
    pub tried_at: Option<DateTime<Utc>>,
    /// Whose address it was last tried with.
    pub person: Option<PersonId>,
    /// How many text messages it takes.
    pub parts: Option<i16>,
    pub receipt: Option<String>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// When, and how often, a household is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From when to when in Hong Kong nothing is sent.
    pub quiet_from: NaiveTime,
    pub quiet_to: NaiveTime,
    /// The most that one household is sent in a day.
    pub daily_cap: i64,
    /// How often a carrier is tried.
    pub attempts: i16,
    /// How long after the first try it is tried again.
    pub first_wait: TimeDelta,
    /// Who owes is reminded so many working days before the month ends.
    pub reminder_lead: u8,
}

/// That a kind is told by a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The row that says so.
    pub id: i32,
    pub in_force: InForce,
    pub kind: MessageKind,
    pub medium: Medium,
    /// For how long after it happened it is worth telling.
    pub good_for: TimeDelta,
    pub refusable: bool,
}

/// What a household chose; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub language: Option<Language>,
    /// What it would rather not be told.
    pub refused: Vec<MessageKind>,
    /// 0 while it has chosen nothing.
    pub version: i32,
}

impl Choice {
    /// The languages that it is written to in.
    #[must_use]
    pub fn languages(&self) -> Vec<Language> {
        match self.language {
            Some(language) => vec![language],
            None => vec![Language::ZhHk, Language::En],
        }
    }
}

/// Why something about messages was refused.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("no such account")]
    NoSuchAccount,
    #[error("no such message")]
    NoSuchMessage,
    /// It is on its way, was sent, or is of no use any more.
    #[error("only a message that is dead or unaddressed is sent again; this one is {0}")]
    NotResendable(MessageState),
    /// It reminds of a month that is over.
    #[error("{0} is over: the message would remind of what is past")]
    Past(Month),
    #[error("households are told of {0} whether they like it or not")]
    NotRefusable(MessageKind),
    #[error("someone changed it meanwhile")]
    Stale,
    /// No row says when messages are sent.
    #[error("no terms of messages are in force on {0}")]
    NoTerms(NaiveDate),
    /// An event that its kind cannot have written.
    #[error("an event of {0} does not read: {1}")]
    Unreadable(MessageKind, serde_json::Error),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Rent(#[from] RentError),
    #[error(transparent)]
    Tenancy(#[from] TenancyError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for MessageError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
