//! What households are told of their payments. Each is written where it happens.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Channel, Payment, PaymentFile};
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::Transfer;
use crate::platform::db::DbError;
use crate::platform::outbox::{self, About, Event};

/// A payment that is on the household's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReceived {
    pub channel: Channel,
    pub amount: Money,
    /// The day on which they told the channel to pay.
    pub paid_on: NaiveDate,
}

/// A receipt of an office's counter that is void: the payment counts no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentVoided {
    /// The receipt's number.
    pub receipt: String,
    pub amount: Money,
    /// The day on which it was given.
    pub paid_on: NaiveDate,
}

/// Lines of a settlement file, of which each household is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentsPosted {
    pub file: PaymentFileId,
    /// Those after this one,
    pub after: i32,
    /// up to this one.
    pub to: i32,
}

impl PaymentsPosted {
    fn id(&self) -> Uuid {
        PaymentId::derived(&format!("{}/{}-{}", self.file, self.after, self.to)).as_uuid()
    }
}

/// A direct debit that the household's bank did not pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutopayRefused {
    pub amount: Money,
    /// The day on which it was to be paid.
    pub due_on: NaiveDate,
}

/// Direct debits that are no longer tried, for the bank has refused too many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutopaySuspended {
    /// How many it refused, one after the other.
    pub refusals: u8,
}

impl Event for PaymentReceived {
    const KIND: &'static str = "payment.received";
}

impl Event for PaymentVoided {
    const KIND: &'static str = "payment.voided";
}

impl Event for PaymentsPosted {
    const KIND: &'static str = "payments.posted";
}

impl Event for AutopayRefused {
    const KIND: &'static str = "autopay.refused";
}

impl Event for AutopaySuspended {
    const KIND: &'static str = "autopay.suspended";
}

/// Writes that the lines of `file` after the last settled one up to `to` were posted: one event,
/// for an intake of hundreds of thousands is not to wait for as many.
pub(super) fn posted(
    conn: &mut PgConnection,
    file: &PaymentFile,
    to: i32,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let event = PaymentsPosted {
        file: file.id,
        after: file.settled,
        to,
    };
    outbox::say_of_many(conn, event.id(), &event, now)
}

/// Writes that each of `payments` that was told as it happened reached its household.
pub(super) fn told(
    conn: &mut PgConnection,
    payments: &[Payment],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let told = payments.iter().filter(|payment| payment.told_by.is_some());
    let events: Vec<_> = told.filter_map(PaymentReceived::of).collect();
    if events.is_empty() {
        return Ok(());
    }
    let events = events.iter().map(|(about, event)| (*about, event));
    outbox::say_all(conn, events, now).map(drop)
}

/// Writes that money of `payment`, which was in suspense, reached a household by `transfer`.
pub(super) fn cleared(
    conn: &mut PgConnection,
    payment: &Payment,
    (household, transfer): (TenantCode, &Transfer),
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let event = PaymentReceived {
        channel: payment.channel,
        amount: transfer.amount,
        paid_on: hong_kong_date(payment.instructed_at),
    };
    let about = (household, transfer.id.as_uuid());
    outbox::say(conn, about, &event, now)
}

/// The payments that `posted` is about, each with whom to tell; nobody of money in suspense.
pub fn received(
    conn: &mut PgConnection,
    posted: &PaymentsPosted,
) -> Result<Vec<(About, PaymentReceived)>, DbError> {
    let PaymentsPosted { file, after, to } = *posted;
    let payments = store::payments::by_lines(conn, file, (after, to))?;
    Ok(payments.iter().filter_map(PaymentReceived::of).collect())
}

impl PaymentReceived {
    fn of(payment: &Payment) -> Option<(About, Self)> {
        let event = Self {
            channel: payment.channel,
            amount: payment.amount,
            paid_on: hong_kong_date(payment.instructed_at),
        };
        Some(((payment.household?, payment.id.as_uuid()), event))
    }
}
