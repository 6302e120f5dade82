//! What payments do in the background.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::intake;
use super::model::{Channel, PaymentError};
use super::store;
use crate::kernel::id::PaymentFileId;
use crate::kernel::watch::Unwatched;
use crate::platform::auth::Actor;
use crate::platform::jobs::{self, Handlers, Job};

/// Posts what waits of a channel.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PostFiles {
    pub channel: Channel,
}

impl Job for PostFiles {
    const KIND: &'static str = "payments.post_files";

    fn unique_name(&self) -> Option<String> {
        Some(format!("{} {}", Self::KIND, self.channel))
    }
}

/// Queued work of whoever orders direct debits: take what a file, which is posted, says of them.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct DebitsTold {
    pub file: PaymentFileId,
}

impl Job for DebitsTold {
    const KIND: &'static str = "payments.debits_told";

    fn unique_name(&self) -> Option<String> {
        Some(self.file.to_string())
    }
}

/// Queues the posting of what still waits: a worker may have died over it.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), PaymentError> {
    for channel in store::files::waiting(conn)? {
        jobs::enqueue(conn, &PostFiles { channel }, now)?;
    }
    Ok(())
}

/// Adds this slice's handlers.
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers.on(|conn, bench, PostFiles { channel }| {
        let (actor, now) = (Actor::program("post_files"), bench.clock.now());
        intake::post_waiting(conn, channel, &actor, now, &Unwatched)?;
        Ok(())
    })
}
