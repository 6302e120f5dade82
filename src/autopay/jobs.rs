//! What direct debits do in the background.

use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::model::AutopayError;
use super::posted::take_posted;
use super::prepare::prepare;
use super::status::take_report;
use crate::kernel::clock::Clock;
use crate::kernel::id::{CollectionId, StatusReportId};
use crate::kernel::watch::Unwatched;
use crate::payments::DebitsTold;
use crate::platform::auth::Actor;
use crate::platform::jobs::{Handlers, Job};
use crate::platform::vault::Vault;
use crate::rent::RuleShelf;

/// Queued work: prepare a collection. It needs the vault, so whoever composes the worker does it
/// by [`prepare_ordered`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PrepareCollection {
    pub collection: CollectionId,
}

impl Job for PrepareCollection {
    const KIND: &'static str = "autopay.prepare_collection";

    fn unique_name(&self) -> Option<String> {
        Some(self.collection.to_string())
    }
}

/// Queued work: take what a status report says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct TakeReport {
    pub report: StatusReportId,
}

impl Job for TakeReport {
    const KIND: &'static str = "autopay.take_report";

    fn unique_name(&self) -> Option<String> {
        Some(self.report.to_string())
    }
}

/// Adds the handlers that need no vault.
pub fn handlers(handlers: Handlers) -> Handlers {
    let handlers = handlers.on(|conn, bench, TakeReport { report }| {
        let actor = Actor::program("autopay");
        let taken = take_report(conn, report, &actor, bench.clock.now(), &Unwatched)?;
        if !taken.strays.is_empty() {
            let strays = taken.strays.len();
            tracing::warn!(%report, strays, "a status report tells of what fits no debit");
        }
        Ok(())
    });
    handlers.on(|conn, bench, DebitsTold { file }| {
        let actor = Actor::program("autopay");
        let report = take_posted(conn, file, &actor, bench.clock.now(), &Unwatched)?;
        if !report.strays.is_empty() {
            let strays = report.strays.len();
            tracing::warn!(%file, strays, "a settlement file tells of debits that are not ours");
        }
        Ok(())
    })
}

/// Prepares the collection that `job` names.
pub fn prepare_ordered(
    door: (&mut PgConnection, &str),
    vault: &Vault,
    clock: &dyn Clock,
    job: &PrepareCollection,
) -> Result<(), AutopayError> {
    let shelf = RuleShelf::default();
    prepare(door, vault, &shelf, (job.collection, clock), &Unwatched).map(|_| ())
}
