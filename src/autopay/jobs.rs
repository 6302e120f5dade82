//! What direct debits do in the background.

use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::model::AutopayError;
use super::prepare::prepare;
use crate::kernel::clock::Clock;
use crate::kernel::id::CollectionId;
use crate::kernel::watch::Unwatched;
use crate::platform::jobs::Job;
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

/// Prepares the collection that `job` names.
pub fn prepare_ordered(
    conn: &mut PgConnection,
    vault: &Vault,
    clock: &dyn Clock,
    job: &PrepareCollection,
) -> Result<(), AutopayError> {
    let shelf = RuleShelf::default();
    prepare(conn, vault, &shelf, (job.collection, clock), &Unwatched).map(|_| ())
}
