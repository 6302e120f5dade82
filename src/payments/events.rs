//! What households are told of their payments. Each is written where it happens.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::model::{Channel, Payment};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
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

impl Event for AutopayRefused {
    const KIND: &'static str = "autopay.refused";
}

impl Event for AutopaySuspended {
    const KIND: &'static str = "autopay.suspended";
}

/// Tells each household what it paid, and nobody of money in suspense.
pub(super) fn tell(
    conn: &mut PgConnection,
    payments: &[Payment],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let received: Vec<_> = payments.iter().filter_map(received).collect();
    let events = received.iter().map(|(about, event)| (*about, event));
    outbox::say_all(conn, events, now).map(drop)
}

fn received(payment: &Payment) -> Option<(About, PaymentReceived)> {
    let event = PaymentReceived {
        channel: payment.channel,
        amount: payment.amount,
        paid_on: hong_kong_date(payment.instructed_at),
    };
    Some(((payment.household?, payment.id.as_uuid()), event))
}
