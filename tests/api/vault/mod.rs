//! Sealed personal data: what opens, what does not, what is left after an erasure.

mod cells;
mod erasure;
mod escrow;
mod keys;
mod load;
mod people;
mod recovery;
mod resume;
mod rotation;
mod token;
mod torture;

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use kaifong::platform::db::connect;
use kaifong::platform::vault::{Cell, KeyClass, Vault};
use uuid::Uuid;

use crate::support::TestDatabase;

pub const CLASS: KeyClass = KeyClass::Identity;

/// An open vault on a database of its own.
pub struct Opened {
    pub vault: Vault,
    pub conn: PgConnection,
    pub database: TestDatabase,
}

pub fn now() -> DateTime<Utc> {
    "2026-11-20T01:00:00Z".parse().unwrap()
}

pub fn open() -> Opened {
    let database = TestDatabase::create();
    Opened {
        vault: database.vault(now()),
        conn: connect(database.url()).unwrap(),
        database,
    }
}

/// A subject unlike any other.
pub fn someone() -> Uuid {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into())
}

/// The cell of `column` in the row of `row`.
pub fn cell(column: &'static str, row: Uuid) -> Cell {
    Cell {
        table: "person",
        column,
        row,
        revision: 1,
    }
}
