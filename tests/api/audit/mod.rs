//! The audit trail, on a real database.

mod api;
mod catalogue;
mod command;
mod lies;
mod record;
mod seal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use kaifong::platform::audit::verify::{Findings, Terms, verify};
use kaifong::platform::audit::{self, Bundle, Sealed, Sealer};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, connect_as_owner, execute};
use kaifong::platform::tlog::{NoteKey, NoteSigner};
use uuid::Uuid;

use crate::support::{TestDatabase, count};

const ORIGIN: &str = "kaifong.test/audit";

/// A folder that goes when the test does.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        // In memory where there is such a place: thousands of bundles are written and synced.
        let memory = PathBuf::from("/dev/shm");
        let root = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let folder = root.join(format!("kaifong-{}", Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database with an audit trail, who seals it, and where.
pub struct Trail {
    pub database: TestDatabase,
    pub sealer: Sealer,
    _folder: Folder,
}

impl Trail {
    pub fn new() -> Self {
        let folder = Folder::new();
        let sealer = Sealer {
            signer: NoteSigner::generate(ORIGIN).unwrap(),
            folder: folder.path().join("checkpoints"),
        };
        Self {
            database: TestDatabase::create(),
            sealer,
            _folder: folder,
        }
    }

    /// A connection as the application has.
    pub fn app(&self) -> PgConnection {
        connect(self.database.url()).unwrap()
    }

    /// Changes the database behind the trail's back: no trigger looks.
    pub fn plant(&self, lie: &str) {
        let mut conn = connect_as_owner(self.database.url()).unwrap();
        execute(&mut conn, "SET session_replication_role = replica").unwrap();
        execute(&mut conn, lie).unwrap_or_else(|error| panic!("{lie}: {error}"));
    }

    /// Seals what may be sealed now: not what is younger than a transaction still under way
    /// anywhere on the server, of other tests too.
    pub fn seal_once(&self, now: DateTime<Utc>) -> Sealed {
        audit::seal(&mut self.app(), &self.sealer, now).unwrap()
    }

    /// Seals until everything recorded is sealed.
    pub fn seal_at(&self, now: DateTime<Utc>) -> Sealed {
        let (mut conn, mut entries) = (self.app(), 0);
        for _ in 0..3_000 {
            let sealed = self.seal_once(now);
            entries += sealed.entries;
            if u64::try_from(count(&mut conn, "audit_entry")) == Ok(sealed.size) {
                return Sealed { entries, ..sealed };
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("a transaction of another test does not end");
    }

    pub fn key(&self) -> NoteKey {
        self.sealer.signer.public().clone()
    }

    /// Exports the trail into a new folder.
    pub fn export(&self, since: u64) -> Folder {
        let folder = Folder::new();
        audit::export(&mut self.app(), folder.path(), since, &[self.key()]).unwrap();
        folder
    }

    /// Exports and verifies everything, with the checkpoints outside the database.
    pub fn verify(&self) -> Findings {
        let bundle = self.export(0);
        judge(bundle.path(), &[self.key()], Some(&self.sealer.folder))
    }
}

/// Verifies a bundle from its first entry on.
pub fn judge(bundle: &Path, keys: &[NoteKey], witness: Option<&Path>) -> Findings {
    let terms = Terms {
        keys,
        since: 0,
        witness,
        tolerance: TimeDelta::hours(1),
    };
    verify(&Bundle::at(bundle), &terms).unwrap()
}

/// `minutes` after nine in the morning of 20 November 2026.
pub fn at(minutes: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-20T01:00:00Z".parse().unwrap();
    start + TimeDelta::minutes(minutes)
}

pub fn officer() -> Actor {
    Actor::named("officer-7")
}

/// Records one more change, in a transaction of its own unless one is open.
pub fn record(conn: &mut PgConnection, subject: &str, at: DateTime<Utc>) {
    audit::record(conn, &officer(), "test.thing.done", &subject, at).unwrap();
}
