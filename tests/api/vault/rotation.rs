//! Keys changed under readers and writers, and interrupted.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Uuid as SqlUuid};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, connect_as_owner, execute, transact};
use kaifong::platform::vault::{
    Cell, Erasure, KeyClass, Outcome, Padding, Progress, Rotation, SealedColumn, Vault, VaultError,
    rewrap, rotate,
};
use uuid::Uuid;

use super::{CLASS, Opened, now, open};
use crate::support::{count, dice};

const TABLE: &str = "CREATE TABLE resident (id uuid PRIMARY KEY, revision integer NOT NULL, \
    name bytea, phone bytea); GRANT SELECT, INSERT, UPDATE ON resident TO kaifong_app";

const COLUMNS: [SealedColumn; 2] = [sealed("name"), sealed("phone")];

const fn sealed(column: &'static str) -> SealedColumn {
    SealedColumn {
        table: "resident",
        column,
        id: "id",
        revision: Some("revision"),
        subject: "id",
        class: CLASS,
        grows_only: false,
    }
}

pub(super) fn rotation(retire: bool) -> Rotation<'static> {
    Rotation {
        class: CLASS,
        columns: &COLUMNS,
        retire,
        now: now(),
    }
}

/// Goes on for so many chunks.
struct Patience(AtomicI64);

impl Patience {
    fn of(chunks: i64) -> Self {
        Self(AtomicI64::new(chunks))
    }
}

impl Progress for Patience {
    fn at(&self, _: &'static str, _: i64, _: i64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) <= 0
    }
}

fn cell(column: &'static str, row: Uuid, revision: i32) -> Cell {
    Cell {
        table: "resident",
        column,
        row,
        revision,
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    revision: i32,
    #[diesel(sql_type = Binary)]
    name: Vec<u8>,
    #[diesel(sql_type = Binary)]
    phone: Vec<u8>,
}

/// `people` residents with keys and sealed data.
pub(super) fn settle(opened: &mut Opened, people: usize) -> Vec<Uuid> {
    execute(&mut opened.database.connect(), TABLE).unwrap();
    let ids: Vec<_> = (0..people).map(|_| Uuid::new_v4()).collect();
    transact(&mut opened.conn, |conn| {
        let drafts = ids.iter().map(|id| opened.vault.draft(CLASS, *id, now()));
        let drafts: Vec<_> = drafts.collect::<Result<_, _>>()?;
        let rows: Vec<_> = drafts.iter().map(|(row, _)| row.clone()).collect();
        Vault::load_drafts(conn, &rows)?;
        for (id, (_, keys)) in ids.iter().zip(&drafts) {
            let [name, phone] = ["name", "phone"].map(|column| {
                keys.seal(
                    &cell(column, *id, 1),
                    value(*id, 1).as_bytes(),
                    Padding::To96,
                )
                .unwrap()
            });
            diesel::sql_query("INSERT INTO resident VALUES ($1, 1, $2, $3)")
                .bind::<SqlUuid, _>(id)
                .bind::<Binary, _>(name)
                .bind::<Binary, _>(phone)
                .execute(conn)?;
        }
        Ok::<_, VaultError>(())
    })
    .unwrap();
    ids
}

fn value(id: Uuid, revision: i32) -> String {
    format!("{id} {revision}")
}

/// Reads and opens a resident, keys first or cells first, in one transaction.
pub(super) fn read(conn: &mut PgConnection, vault: &Vault, id: Uuid, keys_first: bool) {
    transact(conn, |conn| {
        let early = keys_first
            .then(|| vault.keys(conn, CLASS, id))
            .transpose()?;
        let row: Row =
            diesel::sql_query("SELECT revision, name, phone FROM resident WHERE id = $1")
                .bind::<SqlUuid, _>(id)
                .get_result(conn)?;
        let keys = match early {
            Some(keys) => keys,
            None => vault.keys(conn, CLASS, id)?,
        }
        .unwrap();
        for (column, sealed) in [("name", row.name), ("phone", row.phone)] {
            let opened = keys.open(&cell(column, id, row.revision), &sealed)?;
            assert_eq!(opened.as_slice(), value(id, row.revision).as_bytes());
        }
        Ok::<_, VaultError>(())
    })
    .unwrap();
}

/// Writes a resident's next revision.
fn write(conn: &mut PgConnection, vault: &Vault, id: Uuid) {
    transact(conn, |conn| {
        let keys = vault.keys(conn, CLASS, id)?.unwrap();
        let row: Row = diesel::sql_query(
            "SELECT revision, name, phone FROM resident WHERE id = $1 FOR UPDATE",
        )
        .bind::<SqlUuid, _>(id)
        .get_result(conn)?;
        let next = row.revision + 1;
        let [name, phone] = ["name", "phone"].map(|column| {
            keys.seal(
                &cell(column, id, next),
                value(id, next).as_bytes(),
                Padding::To96,
            )
            .unwrap()
        });
        diesel::sql_query("UPDATE resident SET revision = $2, name = $3, phone = $4 WHERE id = $1")
            .bind::<SqlUuid, _>(id)
            .bind::<Integer, _>(next)
            .bind::<Binary, _>(name)
            .bind::<Binary, _>(phone)
            .execute(conn)?;
        Ok::<_, VaultError>(())
    })
    .unwrap();
}

/// Runs `change` beside two readers and a writer that must never fail; says how often they did
/// their work.
fn beside_others(opened: &Opened, ids: &[Uuid], change: impl FnOnce()) -> usize {
    let (stop, worked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let url = opened.database.url();
    std::thread::scope(|scope| {
        for seed in 1..=3 {
            let (stop, worked, vault) = (&stop, &worked, &opened.vault);
            scope.spawn(move || {
                let mut conn = connect(url).unwrap();
                let mut dice = dice(seed);
                while !stop.load(Ordering::Relaxed) {
                    let place = dice(u64::try_from(ids.len()).unwrap());
                    let id = ids[usize::try_from(place).unwrap()];
                    match seed {
                        1 => write(&mut conn, vault, id),
                        _ => read(&mut conn, vault, id, seed == 2),
                    }
                    worked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // However it ends, the others must.
        let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(change));
        stop.store(true, Ordering::Relaxed);
        changed.unwrap();
    });
    worked.into_inner()
}

#[test]
fn keys_rotate_under_readers_and_writers_however_often_interrupted() {
    let mut opened = open();
    let ids = settle(&mut opened, 9_000);
    let url = opened.database.url().to_owned();
    let (mut dice, mut interrupted) = (dice(7), 0);
    let worked = beside_others(&opened, &ids, || {
        loop {
            let patience = dice(2 + interrupted / 4);
            let patience = Patience::of(1 + i64::try_from(patience).unwrap());
            // Another process each time, with nothing in memory.
            let vault = opened.database.vault(now());
            match rotate(&url, &vault, &rotation(true), &patience).unwrap() {
                Outcome::Done => break,
                Outcome::Stopped => interrupted += 1,
            }
            assert!(interrupted < 500, "it does not get on");
        }
    });
    assert!(interrupted >= 5 && worked > 100, "{interrupted} {worked}");
    assert_eq!(opened.vault.unopenable().get(), 0);
    let conn = &mut opened.conn;
    for id in &ids {
        read(conn, &opened.vault, *id, true);
    }
    assert_eq!(
        count(conn, "data_key WHERE version = 1 AND wrapped = ''"),
        9_000
    );
    assert_eq!(
        count(conn, "data_key WHERE version = 2 AND state = 'active'"),
        9_000
    );
    let old = "resident WHERE get_byte(name, 3) <> 2 OR get_byte(phone, 3) <> 2";
    assert_eq!(count(conn, old), 0);
    assert_eq!(count(conn, "key_rotation WHERE state = 'done'"), 1);
}

#[test]
fn old_data_keys_are_kept_unless_asked() {
    let mut opened = open();
    let ids = settle(&mut opened, 10);
    let url = opened.database.url().to_owned();
    let done = rotate(&url, &opened.vault, &rotation(false), &Patience::of(1_000));
    assert_eq!(done.unwrap(), Outcome::Done);
    assert_eq!(
        count(&mut opened.conn, "data_key WHERE state = 'active'"),
        20
    );
    read(&mut opened.conn, &opened.vault, ids[0], true);
}

#[test]
fn a_damaged_cell_keeps_the_old_keys_and_no_other_cell() {
    let mut opened = open();
    let ids = settle(&mut opened, 10);
    let damage = format!(
        "UPDATE resident SET name = set_byte(name, 40, get_byte(name, 40) # 1) WHERE id = '{}'",
        ids[3]
    );
    execute(&mut opened.database.connect(), &damage).unwrap();
    let url = opened.database.url().to_owned();
    let refused = rotate(&url, &opened.vault, &rotation(true), &Patience::of(1_000));
    assert!(
        matches!(refused, Err(VaultError::StillUsed("resident"))),
        "{refused:?}"
    );
    assert_eq!(opened.vault.unopenable().get(), 1);
    assert_eq!(
        count(&mut opened.conn, "data_key WHERE state = 'active'"),
        20
    );
    assert_eq!(
        count(&mut opened.conn, "resident WHERE get_byte(name, 3) = 2"),
        9
    );
    assert_eq!(
        count(&mut opened.conn, "resident WHERE get_byte(phone, 3) = 2"),
        10
    );
}

#[test]
fn keys_of_cells_that_cannot_be_sealed_anew_are_kept() {
    let mut opened = open();
    settle(&mut opened, 10);
    let columns = COLUMNS.map(|column| SealedColumn {
        grows_only: true,
        ..column
    });
    let rotation = Rotation {
        columns: &columns,
        ..rotation(true)
    };
    let url = opened.database.url().to_owned();
    rotate(&url, &opened.vault, &rotation, &Patience::of(1_000)).unwrap();
    assert_eq!(
        count(&mut opened.conn, "data_key WHERE state = 'active'"),
        20
    );
    assert_eq!(
        count(&mut opened.conn, "resident WHERE get_byte(name, 3) = 1"),
        10
    );
}

#[test]
fn an_erasure_amid_a_rotation_is_for_good() {
    let mut opened = open();
    let ids = settle(&mut opened, 4_000);
    let url = opened.database.url().to_owned();
    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let (vault, mut erased) = (&opened.vault, 0);
    loop {
        let patience = Patience::of(1 + i64::try_from(erased).unwrap() / 2);
        if rotate(&url, vault, &rotation(false), &patience).unwrap() == Outcome::Done {
            break;
        }
        let erasure = Erasure {
            class: CLASS,
            subject: ids[erased],
            reason: "retention",
            approved_by: [&one, &other],
            at: now(),
        };
        vault.erase(&mut opened.conn, &erasure).unwrap();
        erased += 1;
    }
    assert!(erased > 2, "{erased}");
    for (place, id) in ids.iter().enumerate() {
        let keys = vault.keys(&mut opened.conn, CLASS, *id).unwrap();
        assert_eq!(keys.is_none(), place < erased, "{place}");
    }
}

#[test]
fn data_keys_are_wrapped_anew_under_readers_however_often_interrupted() {
    let mut opened = open();
    let ids = settle(&mut opened, 9_000);
    let url = opened.database.url().to_owned();
    let mut interrupted = 0;
    let worked = beside_others(&opened, &ids, || {
        loop {
            let vault = opened.database.vault(now());
            match rewrap(&url, &vault, CLASS, now(), &Patience::of(2)).unwrap() {
                Outcome::Done => break,
                Outcome::Stopped => interrupted += 1,
            }
            assert!(interrupted < 500, "it does not get on");
        }
    });
    assert!(interrupted >= 2 && worked > 100, "{interrupted} {worked}");
    assert_eq!(count(&mut opened.conn, "data_key WHERE kek = 2"), 9_000);
    assert_eq!(
        count(
            &mut opened.conn,
            "key_encryption_key WHERE class = 'identity'"
        ),
        2
    );
    for id in ids.iter().take(100) {
        read(&mut opened.conn, &opened.vault, *id, false);
    }
}

#[test]
fn the_keys_of_a_class_are_changed_by_one_process_at_a_time() {
    let mut opened = open();
    settle(&mut opened, 10);
    let url = opened.database.url().to_owned();
    let mut holder = connect_as_owner(&url).unwrap();
    execute(
        &mut holder,
        "SELECT pg_advisory_lock(7210816, hashtext('identity'))",
    )
    .unwrap();
    let refused = rotate(&url, &opened.vault, &rotation(false), &Patience::of(9));
    assert!(matches!(
        refused,
        Err(VaultError::Changing(KeyClass::Identity))
    ));
    let refused = rewrap(&url, &opened.vault, CLASS, now(), &Patience::of(9));
    assert!(matches!(
        refused,
        Err(VaultError::Changing(KeyClass::Identity))
    ));
}
