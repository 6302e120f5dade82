//! What payments do in the background.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::model::{Channel, PaymentError};
use super::{posting, store};
use crate::kernel::id::PaymentFileId;
use crate::kernel::watch::Unwatched;
use crate::platform::auth::Actor;
use crate::platform::auth::signed_request::WINDOW;
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

/// Queued when a file was posted that tells of rent allowances: whoever keeps them takes them in.
#[derive(Debug, Serialize, Deserialize)]
pub struct AllowancesPosted {}

impl Job for AllowancesPosted {
    const KIND: &'static str = "payments.allowances_posted";

    fn unique_name(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}

/// Queues the posting of what still waits: a worker may have died over it. Forgets nonces that are
/// too old to be taken again.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), PaymentError> {
    for channel in store::files::waiting(conn)? {
        jobs::enqueue(conn, &PostFiles { channel }, now)?;
    }
    store::notices::forget_nonces(conn, now - WINDOW - WINDOW)?;
    Ok(())
}

/// Adds this slice's handlers.
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers.on(|conn, bench, PostFiles { channel }| {
        let actor = Actor::program("post_files");
        let door = (conn, bench.url.as_str());
        posting::post_waiting(door, channel, &actor, bench.clock.as_ref(), &Unwatched)?;
        Ok(())
    })
}
