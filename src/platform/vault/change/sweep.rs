//! One table's cells sealed anew: a few workers, each with its own connection, take chunk after
//! chunk, and keep how far all of them are, for a run that is killed.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::PgConnection;
use uuid::Uuid;

use super::{AT_ONCE, Outcome, Progress, chunk, connect};
use crate::platform::vault::data_keys::DataKeys;
use crate::platform::vault::error::VaultError;
use crate::platform::vault::keystore::Vault;
use crate::platform::vault::model::{Cell, KeyClass};
use crate::platform::vault::store::cells::{self, Resealed, SealedRow, SealedTable};
use crate::platform::vault::store::change;

const WORKERS: usize = 2;

/// Some rows in a row.
struct Chunk {
    /// The row it begins after, and its last.
    bounds: (Uuid, Uuid),
    rows: i64,
}

/// How far the workers are.
struct Front {
    /// After which row the next chunk begins.
    after: Uuid,
    /// After which rows those begin that are being worked on.
    under_way: BTreeSet<Uuid>,
}

/// What the workers share.
struct Sweep<'a> {
    vault: &'a Vault,
    this: (KeyClass, i32),
    table: &'a SealedTable,
    front: Mutex<Front>,
    done: AtomicI64,
    of: i64,
    failed: AtomicBool,
    progress: &'a dyn Progress,
}

/// Seals anew every cell of `table`, in the rows after `after`, that an older data key sealed.
pub(super) fn sweep(
    url: &str,
    vault: &Vault,
    this: (KeyClass, i32),
    (table, after): (&SealedTable, Uuid),
    progress: &dyn Progress,
) -> Result<Outcome, VaultError> {
    let sweep = Sweep {
        vault,
        this,
        table,
        front: Mutex::new(Front {
            after,
            under_way: BTreeSet::new(),
        }),
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
            self.keep(conn, bounds.0)?;
            let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows;
            self.progress.at("sealing anew", done, self.of);
        }
    }

    /// The next chunk.
    fn claim(&self, conn: &mut PgConnection) -> Result<Option<Chunk>, VaultError> {
        let mut front = self.front();
        let before = front.after;
        let (last, rows) = cells::bounds(conn, self.table, before, AT_ONCE)?;
        Ok(last.map(|last| {
            front.after = last;
            front.under_way.insert(before);
            Chunk {
                bounds: (before, last),
                rows,
            }
        }))
    }

    /// Keeps that the chunk after `before` is sealed anew. Told after it was committed, so that no
    /// crash keeps this and loses that.
    fn keep(&self, conn: &mut PgConnection, before: Uuid) -> Result<(), VaultError> {
        let mut front = self.front();
        front.under_way.remove(&before);
        // Chunks end in any order: only up to the first that has not ended is all done.
        let swept = front.under_way.first().copied().unwrap_or(front.after);
        change::set_swept(conn, self.this, Some((self.table.table, swept)))?;
        Ok(())
    }

    fn front(&self) -> MutexGuard<'_, Front> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals a chunk anew; false when some row of it was written meanwhile.
    fn reseal(&self, conn: &mut PgConnection, bounds: (Uuid, Uuid)) -> Result<bool, VaultError> {
        chunk(conn, self.this.0, |conn| {
            let rows = cells::rows(conn, self.table, bounds)?;
            let mut subjects: Vec<_> = rows.iter().map(|row| row.subject).collect();
            subjects.sort_unstable();
            subjects.dedup();
            let keys = self.vault.many(conn, self.this.0, &subjects)?;
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
