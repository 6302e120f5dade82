//! One table's cells sealed anew: a few workers, each with its own connection, take chunk after
//! chunk.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use diesel::PgConnection;
use uuid::Uuid;

use super::{AT_ONCE, Outcome, Progress, chunk, connect};
use crate::platform::vault::data_keys::DataKeys;
use crate::platform::vault::error::VaultError;
use crate::platform::vault::keystore::Vault;
use crate::platform::vault::model::{Cell, KeyClass};
use crate::platform::vault::store::cells::{self, Resealed, SealedRow, SealedTable};

const WORKERS: usize = 2;

/// Some rows in a row.
struct Chunk {
    /// The row it begins after, and its last.
    bounds: (Uuid, Uuid),
    rows: i64,
}

/// What the workers share.
struct Sweep<'a> {
    vault: &'a Vault,
    class: KeyClass,
    table: &'a SealedTable,
    /// After which row the next chunk begins.
    after: Mutex<Uuid>,
    done: AtomicI64,
    of: i64,
    failed: AtomicBool,
    progress: &'a dyn Progress,
}

/// Seals anew every cell of `table` that an older data key sealed.
pub(super) fn sweep(
    url: &str,
    vault: &Vault,
    class: KeyClass,
    table: &SealedTable,
    progress: &dyn Progress,
) -> Result<Outcome, VaultError> {
    let sweep = Sweep {
        vault,
        class,
        table,
        after: Mutex::new(Uuid::nil()),
        done: AtomicI64::new(0),
        of: cells::estimate(&mut connect(url)?, table)?,
        failed: AtomicBool::new(false),
        progress,
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| scope.spawn(|| sweep.work(url)))
            .collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined
            .map(|outcome| outcome.unwrap_or(Err(crate::platform::db::DbError::Panicked.into())))
            .collect()
    });
    let mut all = Outcome::Done;
    for outcome in outcomes {
        if outcome? == Outcome::Stopped {
            all = Outcome::Stopped;
        }
    }
    Ok(all)
}

impl Sweep<'_> {
    fn work(&self, url: &str) -> Result<Outcome, VaultError> {
        let worked = self.chunks(url);
        if worked.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        worked
    }

    fn chunks(&self, url: &str) -> Result<Outcome, VaultError> {
        let conn = &mut connect(url)?;
        loop {
            if self.progress.stopped() || self.failed.load(Ordering::Relaxed) {
                return Ok(Outcome::Stopped);
            }
            let Some(Chunk { bounds, rows }) = self.claim(conn)? else {
                return Ok(Outcome::Done);
            };
            // A row that somebody else wrote meanwhile is looked at again.
            while !self.reseal(conn, bounds)? {}
            let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows;
            self.progress.at("sealing anew", done, self.of);
        }
    }

    /// The next chunk.
    fn claim(&self, conn: &mut PgConnection) -> Result<Option<Chunk>, VaultError> {
        let mut after = self.after.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *after;
        let (last, rows) = cells::bounds(conn, self.table, before, AT_ONCE)?;
        Ok(last.map(|last| {
            *after = last;
            Chunk {
                bounds: (before, last),
                rows,
            }
        }))
    }

    /// Seals a chunk anew; false when some row of it was written meanwhile.
    fn reseal(&self, conn: &mut PgConnection, bounds: (Uuid, Uuid)) -> Result<bool, VaultError> {
        chunk(conn, self.class, |conn| {
            let rows = cells::rows(conn, self.table, bounds)?;
            let mut subjects: Vec<_> = rows.iter().map(|row| row.subject).collect();
            subjects.sort_unstable();
            subjects.dedup();
            let keys = self.vault.many(conn, self.class, &subjects)?;
            let resealed = self.resealed(rows, &keys)?;
            if resealed.is_empty() {
                return Ok(true);
            }
            Ok(cells::replace(conn, self.table, &resealed)? == resealed.len())
        })
    }

    /// The rows with a cell that the newest data key did not seal, and their cells sealed anew.
    fn resealed(
        &self,
        rows: Vec<SealedRow>,
        keys: &HashMap<Uuid, DataKeys>,
    ) -> Result<Vec<Resealed>, VaultError> {
        let mut all = Vec::new();
        for row in rows {
            // An erased subject's cells stay as they are: nobody can open them.
            let Some(keys) = keys.get(&row.subject) else {
                continue;
            };
            let mut cells = row.cells.clone();
            let mut is_changed = false;
            for (cell, column) in cells.iter_mut().zip(&self.table.columns) {
                let place = Cell {
                    table: self.table.table,
                    column,
                    row: row.id,
                    revision: row.revision,
                };
                let Some(sealed) = cell else { continue };
                match keys.reseal(&place, sealed) {
                    Ok(Some(anew)) => {
                        *sealed = anew;
                        is_changed = true;
                    }
                    // A damaged cell, counted and logged by now, must not keep the others from
                    // their new key. It keeps the old keys from being destroyed.
                    Err(error) if error.unopenable().is_some() => {}
                    other => drop(other?),
                }
            }
            if is_changed {
                all.push((row, cells));
            }
        }
        Ok(all)
    }
}
