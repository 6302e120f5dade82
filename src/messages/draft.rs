//! Drafting: of each event, a message for each medium by which its kind is told.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Message, MessageError, MessageKind, MessageState, Policy};
use super::news::{News, Standing};
use super::store::{self, rows};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::MessageId;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::{self, PaymentsPosted};
use crate::platform::db::{DbError, reach_in, transact};
use crate::platform::outbox::{self, Event, Said};
use crate::rent::{self, RentError, RuleShelf};

/// Events that are read at once.
const AT_ONCE: i64 = 200;
/// Pieces of settlement files, of thousands of payments each, of which the first that reads is
/// unfolded at once.
const FILES_LOOKED_AT: i64 = 16;

/// Writes an event for each payment of a piece of a settlement file that was posted; says how many
/// pieces there were. One that does not read stays unread, for a program that reads it: thousands
/// of households are to hear of it.
fn unfold(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, MessageError> {
    transact(conn, |conn| {
        let posted = outbox::unread(conn, &[PaymentsPosted::KIND], FILES_LOOKED_AT)?;
        let Some((event, posted)) = posted.iter().find_map(readable) else {
            return Ok(0);
        };
        let received = payments::received(conn, &posted)?;
        let events = received.iter().map(|(about, event)| (*about, event));
        // It happened then, not now.
        outbox::say_all(conn, events, event.said_at)?;
        outbox::mark_read(conn, std::slice::from_ref(event), now)?;
        Ok(1)
    })
}

/// What `event` says, if it reads.
fn readable(event: &Said) -> Option<(&Said, PaymentsPosted)> {
    match serde_json::from_value(event.detail.clone()) {
        Ok(posted) => Some((event, posted)),
        Err(error) => {
            tracing::error!(id = %event.subject, error.cause = %error, "an event cannot be told");
            None
        }
    }
}

/// Drafts the messages of the events that nobody has read, some at once; says how many events
/// there were.
pub fn draft(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    now: DateTime<Utc>,
) -> Result<usize, MessageError> {
    let unfolded = unfold(conn, now)?;
    let drafted = transact(conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        let events = outbox::unread(conn, &MessageKind::words(), AT_ONCE)?;
        if events.is_empty() {
            return Ok(0);
        }
        let policies = rows::policies(conn)?;
        let mut messages = Vec::new();
        for event in &events {
            messages.extend(of(conn, shelf, event, &policies, now)?);
        }
        store::messages::add(conn, &messages)?;
        outbox::mark_read(conn, &events, now)?;
        Ok::<_, MessageError>(events.len())
    });
    Ok(unfolded + drafted?)
}

/// The messages of `event`.
fn of(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    event: &Said,
    policies: &[Policy],
    now: DateTime<Utc>,
) -> Result<Vec<Message>, MessageError> {
    let (Ok(kind), Some(household)) = (event.kind.parse::<MessageKind>(), event.household) else {
        return Ok(Vec::new());
    };
    let day = hong_kong_date(event.said_at);
    let told = |policy: &&Policy| {
        policy.kind == kind && policy.in_force.holds(day, policy.in_force.recorded_at)
    };
    let told: Vec<&Policy> = policies.iter().filter(told).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let standing = match kind {
        MessageKind::PaymentReceived | MessageKind::PaymentVoided | MessageKind::RentDue => {
            standing(conn, shelf, household, now)?
        }
        MessageKind::AutopayRefused | MessageKind::AutopaySuspended => None,
    };
    let message = |facts: &serde_json::Value, policy: &Policy| Message {
        id: MessageId::derived(&format!("{kind}/{}/{}", event.subject, policy.medium)),
        kind,
        subject: event.subject,
        medium: policy.medium,
        household,
        facts: facts.clone(),
        policy: policy.id,
        state: MessageState::Waiting,
        reason: None,
        drafted_at: now,
        due_at: now,
        stale_at: event.said_at + policy.good_for,
        attempts: 0,
        tried_at: None,
        person: None,
        parts: None,
        receipt: None,
        ended_at: None,
    };
    match kind.news(&event.detail, standing) {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(news)) => {
            let facts = facts(&news)?;
            Ok(told.into_iter().map(|one| message(&facts, one)).collect())
        }
        // One that does not read must not hold up those behind it; somebody must look.
        Err(error) => {
            tracing::error!(kind = %kind, id = %event.subject, error.cause = %error, "an event cannot be told");
            let dead = |policy| Message {
                state: MessageState::Dead,
                reason: Some("the event does not read".to_owned()),
                ended_at: Some(now),
                ..message(&event.detail, policy)
            };
            Ok(told.into_iter().map(dead).collect())
        }
    }
}

fn facts(news: &News) -> Result<serde_json::Value, MessageError> {
    serde_json::to_value(news).map_err(|error| {
        let error = diesel::result::Error::SerializationError(error.into());
        MessageError::Db(DbError::Query(error))
    })
}

/// Where the account of `code` stands now; `None` when it has none, or none that can be quoted.
fn standing(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    code: TenantCode,
    now: DateTime<Utc>,
) -> Result<Option<Standing>, MessageError> {
    match rent::overview(conn, shelf, code, now) {
        Ok(overview) => Ok(Some(Standing::from(&overview.this_month))),
        Err(RentError::Db(error)) => Err(error.into()),
        Err(RentError::NoSuchAccount) => Ok(None),
        Err(error) => {
            tracing::warn!(account = %code, error.cause = %error, "an account cannot be quoted");
            Ok(None)
        }
    }
}
