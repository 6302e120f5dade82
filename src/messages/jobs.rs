//! What messages do in the background.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::deliver::{Desk, deliver};
use super::draft::draft;
use super::model::{MessageError, MessageKind};
use super::rules::times::reminder_day;
use super::store::{messages, rows};
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::month::Month;
use crate::kernel::reach::Reach;
use crate::payments::PaymentsPosted;
use crate::platform::calendar;
use crate::platform::db::{reach_in, transact};
use crate::platform::jobs::{self, Job};
use crate::platform::outbox::{self, Event};
use crate::rent::RuleShelf;

/// Messages that one job delivers: other work is not to wait for all of them.
const MOST: usize = 500;

/// Queued work: draft and deliver what is due.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Deliver {}

impl Job for Deliver {
    const KIND: &'static str = "messages.deliver";

    fn unique_name(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Queued work: remind whoever still owes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RemindDue {
    pub month: Month,
}

impl Job for RemindDue {
    const KIND: &'static str = "messages.remind";

    fn unique_name(&self) -> Option<String> {
        Some(self.month.to_string())
    }
}

/// Queues the delivery of what is due, and on its day the reminder of the month.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), MessageError> {
    let due = transact(conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        messages::any_due(conn, now)
    })?;
    let mut read = MessageKind::words();
    read.push(PaymentsPosted::KIND);
    if due || outbox::any_unread(conn, &read)? {
        jobs::enqueue(conn, &Deliver {}, now)?;
    }
    let (today, month) = (hong_kong_date(now), hong_kong_month(now));
    let terms = match rows::terms_on(conn, today) {
        Err(MessageError::NoTerms(_)) => return Ok(()),
        terms => terms?,
    };
    let holidays = calendar::holidays(conn, month.first(), month.last())?;
    if today >= reminder_day(&terms, month, &holidays) && !rows::is_reminded(conn, month)? {
        jobs::enqueue(conn, &RemindDue { month }, now)?;
    }
    Ok(())
}

/// Drafts and delivers some of what is due; what is left is queued behind the other work.
pub fn work(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    desk: &Desk<'_>,
) -> Result<(), MessageError> {
    let now = desk.clock.now();
    let events = draft(conn, shelf, now)?;
    let taken = deliver(conn, desk, MOST)?;
    if events > 0 || taken == MOST {
        jobs::enqueue(conn, &Deliver {}, desk.clock.now())?;
    }
    Ok(())
}
