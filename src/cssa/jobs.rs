//! What CSSA does in the background.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::model::CssaError;
use super::{reconcile, rents, take};
use crate::kernel::id::{ReconciliationId, RentFileId};
use crate::payments::AllowancesPosted;
use crate::platform::auth::Actor;
use crate::platform::db::{DbError, transact};
use crate::platform::jobs::{self, Handlers, Job};
use crate::rent::RuleShelf;

/// Reconciles a month.
#[derive(Debug, Serialize, Deserialize)]
struct Reconcile {
    reconciliation: ReconciliationId,
}

impl Job for Reconcile {
    const KIND: &'static str = "cssa.reconcile";

    fn unique_name(&self) -> Option<String> {
        Some(self.reconciliation.to_string())
    }
}

/// Makes a file of rents.
#[derive(Debug, Serialize, Deserialize)]
struct MakeRents {
    file: RentFileId,
}

impl Job for MakeRents {
    const KIND: &'static str = "cssa.make_rents";

    fn unique_name(&self) -> Option<String> {
        Some(self.file.to_string())
    }
}

/// Queues that reconciliation `id` is made.
pub(super) fn reconcile(
    conn: &mut PgConnection,
    reconciliation: ReconciliationId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    jobs::enqueue(conn, &Reconcile { reconciliation }, now).map(drop)
}

/// Queues that file `id` is made.
pub(super) fn make_rents(
    conn: &mut PgConnection,
    file: RentFileId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    jobs::enqueue(conn, &MakeRents { file }, now).map(drop)
}

/// Queues the taking in of what still waits: a file before it may have been given up meanwhile.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), CssaError> {
    if take::is_waiting(conn)? {
        jobs::enqueue(conn, &AllowancesPosted {}, now)?;
    }
    Ok(())
}

/// Adds this slice's handlers.
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers
        .on(|conn, bench, AllowancesPosted {}| {
            take::take_waiting(conn, &Actor::program("cssa"), bench.clock.now())?;
            Ok(())
        })
        .on(|conn, bench, Reconcile { reconciliation }| {
            let (shelf, now) = (RuleShelf::default(), bench.clock.now());
            transact(conn, |conn| {
                reconcile::make(conn, &shelf, reconciliation, now)
            })?;
            Ok(())
        })
        .on(|conn, bench, MakeRents { file }| {
            let (shelf, now) = (RuleShelf::default(), bench.clock.now());
            transact(conn, |conn| rents::make(conn, &shelf, file, now))?;
            Ok(())
        })
}
