//! A rotation that was stopped goes on where it was.

use std::sync::atomic::{AtomicI64, Ordering};

use std::time::Duration;

use diesel::Connection;
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute};
use kaifong::platform::vault::{Erasure, Outcome, Progress, VaultError, rotate};

use super::rotation::{read, rotation, settle};
use super::{CLASS, now, open};
use crate::support::count;

const OLD: &str = "resident WHERE get_byte(name, 3) <> 2 OR get_byte(phone, 3) <> 2";

/// Counts the rows that are swept, and stops after so many.
struct Swept {
    rows: AtomicI64,
    patience: i64,
}

impl Progress for Swept {
    fn at(&self, doing: &'static str, done: i64, _: i64) {
        if doing == "sealing anew" {
            self.rows.fetch_max(done, Ordering::Relaxed);
        }
    }

    fn stopped(&self) -> bool {
        self.rows.load(Ordering::Relaxed) >= self.patience
    }
}

#[test]
fn a_rotation_sweeps_no_row_twice_however_often_interrupted() {
    let mut opened = open();
    let ids = settle(&mut opened, 9_000);
    let url = opened.database.url().to_owned();
    let mut swept = Vec::new();
    loop {
        let watch = Swept {
            rows: AtomicI64::new(0),
            patience: 1,
        };
        let outcome = rotate(&url, &opened.vault, &rotation(false), &watch).unwrap();
        swept.push(watch.rows.into_inner());
        if outcome == Outcome::Done {
            break;
        }
        assert!(swept.len() < 20, "it does not get on: {swept:?}");
    }
    assert_eq!(swept.iter().sum::<i64>(), 9_000, "{swept:?}");
    assert!(swept.len() > 2, "{swept:?}");
    assert_eq!(count(&mut opened.conn, OLD), 0);
    read(&mut opened.conn, &opened.vault, ids[0], true);
}

fn patiently() -> Swept {
    Swept {
        rows: AtomicI64::new(0),
        patience: i64::MAX,
    }
}

/// Updates of the first row take a while, and fail.
const STUMBLE: &str = "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN PERFORM pg_sleep(3); RAISE EXCEPTION ''stumbled''; END'; \
    CREATE FUNCTION first_resident() RETURNS uuid LANGUAGE sql AS \
        'SELECT id FROM resident ORDER BY id LIMIT 1'; \
    CREATE TRIGGER stumble BEFORE UPDATE ON resident FOR EACH ROW \
        WHEN (OLD.id = first_resident()) EXECUTE FUNCTION stumble()";

#[test]
fn a_chunk_that_failed_beside_others_is_swept_by_the_next_run() {
    let mut opened = open();
    settle(&mut opened, 9_000);
    let url = opened.database.url().to_owned();
    let mut owner = opened.database.connect();
    execute(&mut owner, STUMBLE).unwrap();
    let failed = rotate(&url, &opened.vault, &rotation(true), &patiently());
    assert!(matches!(failed, Err(VaultError::Db(_))), "{failed:?}");
    let left = count(&mut opened.conn, OLD);
    assert!(
        (1..=6_000).contains(&left),
        "the other worker did nothing: {left}"
    );
    execute(&mut owner, "DROP TRIGGER stumble ON resident").unwrap();
    let done = rotate(&url, &opened.vault, &rotation(true), &patiently());
    assert_eq!(done.unwrap(), Outcome::Done);
    assert_eq!(count(&mut opened.conn, OLD), 0);
}

#[test]
fn a_cell_that_was_repaired_is_sealed_anew_by_the_next_run() {
    let mut opened = open();
    let ids = settle(&mut opened, 3_000);
    let url = opened.database.url().to_owned();
    // The same once more undoes it.
    let damage = format!(
        "UPDATE resident SET name = set_byte(name, 40, get_byte(name, 40) # 1) WHERE id = '{}'",
        ids[3]
    );
    let mut owner = opened.database.connect();
    execute(&mut owner, &damage).unwrap();
    let refused = rotate(&url, &opened.vault, &rotation(true), &patiently());
    assert!(
        matches!(refused, Err(VaultError::StillUsed("resident"))),
        "{refused:?}"
    );
    execute(&mut owner, &damage).unwrap();
    let done = rotate(&url, &opened.vault, &rotation(true), &patiently());
    assert_eq!(done.unwrap(), Outcome::Done);
    assert_eq!(count(&mut opened.conn, OLD), 0);
    read(&mut opened.conn, &opened.vault, ids[3], true);
}

#[test]
fn no_chunk_goes_on_beside_an_erasure_that_is_not_decided() {
    let mut opened = open();
    let ids = settle(&mut opened, 10);
    let url = opened.database.url().to_owned();
    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let erasure = Erasure {
        class: CLASS,
        subject: ids[0],
        reason: "retention",
        approved_by: [&one, &other],
        at: now(),
    };
    let mut eraser = connect(&url).unwrap();
    std::thread::scope(|scope| {
        let (vault, conn) = (&opened.vault, &mut opened.conn);
        let rotating = eraser.transaction(|eraser| {
            vault.erase(eraser, &erasure).unwrap();
            let rotating = scope.spawn(|| rotate(&url, vault, &rotation(false), &patiently()));
            std::thread::sleep(Duration::from_millis(500));
            let begun = count(conn, "key_rotation WHERE state = 'preparing'");
            let made = count(conn, "data_key WHERE version = 2");
            diesel::QueryResult::Ok((rotating, (begun, made)))
        });
        let (rotating, meanwhile) = rotating.unwrap();
        assert_eq!(rotating.join().unwrap().unwrap(), Outcome::Done);
        assert_eq!(meanwhile, (1, 0));
    });
    let keys = opened.vault.keys(&mut opened.conn, CLASS, ids[0]).unwrap();
    assert!(keys.is_none());
    assert_eq!(count(&mut opened.conn, "data_key WHERE version = 2"), 9);
}
