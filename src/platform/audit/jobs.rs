//! When to seal.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::{catalogue, store};
use crate::platform::db::DbError;
use crate::platform::jobs::{self, Job};

/// Queued work: seal the audit trail.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SealAudit {}

impl Job for SealAudit {
    const KIND: &'static str = "audit.seal";

    fn unique_name(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Queues the sealing when there is something to seal; asked every minute.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DbError> {
    if catalogue::is_due(conn, now)? || store::any_unsealed(conn)? {
        jobs::enqueue(conn, &SealAudit {}, now)?;
    }
    Ok(())
}
