//! Background work, queued in PostgreSQL.
//!
//! * A job is enqueued in the transaction that makes it necessary: both are kept, or neither.
//! * Jobs are done at least once: a handler must be safe to run again.
//! * A failed job waits longer each time; after its last attempt it is dead, never deleted,
//!   and a person decides.
//! * A worker that dies loses its lease, and another takes the job over.

mod store;
mod worker;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kernel::id::JobId;
use crate::platform::db::DbError;

pub use store::{JobRow, State, list, retry};
pub use worker::{Handlers, JobFailure, Workbench, Worker};

/// A kind of background work; its value is what the handler needs to know.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Its name in the queue; never changed once used.
    const KIND: &'static str;
    /// How often it is tried before it is dead.
    const ATTEMPTS: i32 = 10;

    /// While a job of this name waits, another is not added.
    fn unique_name(&self) -> Option<String> {
        None
    }
}

/// Queues `job`, due at once; `None` when the same one already waits.
pub fn enqueue<J: Job>(
    conn: &mut PgConnection,
    job: &J,
    now: DateTime<Utc>,
) -> Result<Option<JobId>, DbError> {
    let payload = serde_json::to_value(job)
        .map_err(|error| DbError::Query(diesel::result::Error::SerializationError(error.into())))?;
    let name = job.unique_name();
    store::add(conn, J::KIND, &payload, name.as_deref(), J::ATTEMPTS, now)
}
