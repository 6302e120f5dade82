//! Keys changed while everybody works: data keys wrapped anew, and replaced.
//!
//! * Rewrapping gives a class another key-encryption key, and wraps its data keys under that.
//! * A rotation gives every subject another data key, waits until whoever may not know of it has
//!   ended, lets it seal, and seals anew what the old ones sealed. So a reader finds the key of
//!   every cell, whichever it reads first.
//! * Both go chunk by chunk in transactions of their own, replace only what is still what it
//!   was, and go on where they were after a kill.
//! * An old data key is destroyed only when asked for, after nothing is left that it sealed.
//! * Erasures and chunks keep out of each other's way: no chunk brings an erased subject back.

mod rewrap;
mod rotate;
mod sweep;

use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use super::error::VaultError;
use super::model::KeyClass;
use super::store::change;
use crate::platform::db::connect_as_owner;

pub use rewrap::rewrap;
pub use rotate::{Rotation, rotate};

/// Subjects of one chunk.
const AT_ONCE: i64 = 2_000;
/// Between two looks at who is still at work.
const PAUSE: Duration = Duration::from_millis(20);

/// Told how far a change is, and asked whether to go on.
pub trait Progress: Sync {
    fn at(&self, doing: &'static str, done: i64, of: i64);
    /// Whether to stop after this chunk; a later run goes on from there.
    fn stopped(&self) -> bool {
        false
    }
}

/// Whether a change came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Stopped before the end; the next run goes on.
    Stopped,
}

/// A connection for changes: the owner's, since the tables are other services'. A policy that
/// would hide rows from it makes a statement fail instead of leaving them out, and a commit lost
/// in a crash is made again by the next run.
fn connect(url: &str) -> Result<PgConnection, VaultError> {
    let mut conn = connect_as_owner(url)?;
    conn.batch_execute(
        "SET timezone = 'UTC'; SET row_security = off; SET synchronous_commit = off",
    )?;
    Ok(conn)
}

/// A connection that nobody else changes the keys of `class` beside.
fn connect_alone(url: &str, class: KeyClass) -> Result<PgConnection, VaultError> {
    let mut conn = connect(url)?;
    // A process that was killed a moment ago may still hold it.
    for _ in 0..50 {
        if change::hold_class(&mut conn, class)? {
            return Ok(conn);
        }
        std::thread::sleep(PAUSE);
    }
    Err(VaultError::Changing(class))
}

/// Waits until every transaction that is under way now has ended.
fn settle(conn: &mut PgConnection, progress: &dyn Progress) -> Result<Outcome, VaultError> {
    let now = change::clock(conn)?;
    while change::any_older(conn, now)? {
        if progress.stopped() {
            return Ok(Outcome::Stopped);
        }
        progress.at("waiting for transactions that began before", 0, 0);
        std::thread::sleep(PAUSE);
    }
    Ok(Outcome::Done)
}

/// Begins a transaction that no erasure of `class` gets between.
fn chunk<T>(
    conn: &mut PgConnection,
    class: KeyClass,
    work: impl FnOnce(&mut PgConnection) -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    crate::platform::db::transact(conn, |conn| {
        super::store::hold_off_erasure(conn, class)?;
        work(conn)
    })
}
