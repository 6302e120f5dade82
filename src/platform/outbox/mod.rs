//! What happened that people are told of, written where it happens.
//!
//! * An event is written in the transaction in which it happens: both are kept, or neither.
//! * It is written once for ever, by its kind and what it is about; said again, it changes
//!   nothing.
//! * It holds ids, dates and amounts: no names, numbers or addresses. Whoever tells it looks up
//!   whom to tell.
//!
//! Whoever is told, by what, and in which words is the business of the slice that reads it: the
//! slices that write need not know of it.

mod store;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;

use store::News;
pub use store::{Said, any_unread, mark_read, unread};

/// A kind of event; its value is what there is to tell of it.
pub trait Event: Serialize {
    /// Its name; never changed once used.
    const KIND: &'static str;
}

/// What an event is about: the household that is told, and what happened to it.
pub type About = (TenantCode, Uuid);

/// Writes that `event` happened; nothing when it was written before.
pub fn say<E: Event>(
    conn: &mut PgConnection,
    (household, subject): About,
    event: &E,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let one = News::of(Some(household), subject, detail(event)?);
    store::add(conn, E::KIND, one, now).map(drop)
}

/// Writes that `event` happened to many households at once, which whoever reads it looks up.
pub fn say_of_many<E: Event>(
    conn: &mut PgConnection,
    subject: Uuid,
    event: &E,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let one = News::of(None, subject, detail(event)?);
    store::add(conn, E::KIND, one, now).map(drop)
}

/// Writes that all of `events` happened, by one statement; says how many had not been written
/// before.
pub fn say_all<'a, E: Event + 'a>(
    conn: &mut PgConnection,
    events: impl IntoIterator<Item = (About, &'a E)>,
    now: DateTime<Utc>,
) -> Result<usize, DbError> {
    let mut news = News::default();
    for ((household, subject), event) in events {
        news.add(Some(household), subject, detail(event)?);
    }
    store::add(conn, E::KIND, news, now)
}

fn detail(event: &impl Event) -> Result<Value, DbError> {
    serde_json::to_value(event)
        .map_err(|error| DbError::Query(diesel::result::Error::SerializationError(error.into())))
}
