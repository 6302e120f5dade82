//! Every day a list for each channel whose tills show one.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::make::{SHOWN_AT, make};
use super::model::DueListError;
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::watch::Unwatched;
use crate::payments::{self, Channel};
use crate::platform::auth::Actor;
use crate::platform::jobs::{self, Handlers, Job};
use crate::rent::RuleShelf;

/// Makes the list of a channel.
#[derive(Debug, Serialize, Deserialize)]
struct MakeDueList {
    channel: Channel,
}

impl Job for MakeDueList {
    const KIND: &'static str = "due_lists.make";

    fn unique_name(&self) -> Option<String> {
        Some(self.channel.to_string())
    }
}

/// Queues the lists that were not made yet on this day in Hong Kong.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DueListError> {
    let today = hong_kong_date(now);
    for terms in payments::terms_on(conn, today)? {
        let channel = terms.channel;
        if SHOWN_AT.contains(&channel) {
            let newest = store::newest(conn, channel)?;
            if newest.is_none_or(|list| list.business_date < today) {
                jobs::enqueue(conn, &MakeDueList { channel }, now)?;
            }
        }
    }
    Ok(())
}

/// Adds this slice's handlers.
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers.on(|conn, bench, MakeDueList { channel }| {
        let by = (&Actor::program("due_lists"), &*bench.clock);
        make(conn, &RuleShelf::default(), channel, by, &Unwatched)?;
        Ok(())
    })
}
