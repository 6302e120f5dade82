//! Lies in the database itself, behind the triggers' backs.

use diesel::prelude::*;
use kaifong::platform::audit::verify::Lie;
use kaifong::platform::audit::{self};
use kaifong::platform::db::{connect_as_owner, execute};
use kaifong::platform::tlog::{Checkpoint, NoteSigner};

use super::{Named, assert_named, lies, trail};
use crate::audit::{Folder, ORIGIN, Trail, judge};
use crate::support::dice;

const TABLES: [&str; 4] = [
    "audit_entry",
    "audit_leaf",
    "audit_checkpoint",
    "audit_catalogue",
];

/// What makes another value of each column of an entry.
const CHANGES: [(&str, &str); 13] = [
    ("id", "gen_random_uuid()"),
    ("actor", "actor || '!'"),
    ("action", "action || '!'"),
    ("subject", "subject || '!'"),
    ("at", "at + interval '1 microsecond'"),
    (
        "person",
        "CASE WHEN person IS NULL THEN gen_random_uuid() END",
    ),
    ("household", "CASE WHEN household IS NULL THEN '' END"),
    ("fields", "CASE WHEN fields IS NULL THEN '{}'::text[] END"),
    ("purpose", "CASE WHEN purpose IS NULL THEN '' END"),
    ("on_behalf_of", "CASE WHEN on_behalf_of IS NULL THEN '' END"),
    (
        "request",
        "CASE WHEN request IS NULL THEN gen_random_uuid() END",
    ),
    (
        "detail",
        "CASE WHEN detail IS NULL THEN ''::bytea ELSE detail || 'x' END",
    ),
    ("written_by", "(written_by::text::bigint + 1)::text::xid8"),
];

/// The SQL of one random lie, and what must be named.
#[expect(clippy::too_many_lines, reason = "it is a list of lies")]
fn tell(
    notes: &[(i64, String)],
    signer: &NoteSigner,
    dice: &mut impl FnMut(u64) -> u64,
) -> (String, Named) {
    let (kind, one, other) = (dice(16), dice(40), dice(39));
    let other = if other < one { other } else { other + 1 };
    let (low, high) = (one.min(other), one.max(other));
    let (size, note) = &notes[usize::try_from(dice(u64::try_from(notes.len()).unwrap())).unwrap()];
    let number = u64::try_from(*size).unwrap();
    let entry = |seq: u64| format!("(SELECT entry FROM audit_leaf WHERE seq = {seq})");
    match kind {
        0..=4 => {
            let (column, value) = CHANGES[usize::try_from(dice(13)).unwrap()];
            let id = entry(one);
            let lie = format!("UPDATE audit_entry SET {column} = {value} WHERE id = {id}");
            (lie, Named::Entry(one))
        }
        5 => {
            let lie = format!("DELETE FROM audit_entry WHERE id = {}", entry(one));
            (lie, Named::Entry(one))
        }
        6 => {
            // Added among those that are sealed, as if it had always been there.
            let lie = format!(
                "INSERT INTO audit_entry (id, actor, action, subject, at, written_by) \
                 SELECT gen_random_uuid(), actor, action, subject, at, (written_by::text::bigint - 1)::text::xid8 \
                 FROM audit_entry WHERE id = {}",
                entry(one)
            );
            (lie, Named::Anything)
        }
        7 => {
            let (a, b) = (entry(low), entry(high));
            let lie = format!(
                "UPDATE audit_entry e SET actor = o.actor || e.subject, action = o.action, subject = o.subject \
                 FROM audit_entry o WHERE e.id IN ({a}, {b}) AND o.id IN ({a}, {b}) AND o.id <> e.id"
            );
            (lie, Named::Entry(low))
        }
        8 => {
            let lie = format!(
                "UPDATE audit_leaf SET seq = CASE seq WHEN {low} THEN -1 ELSE {low} END WHERE seq IN ({low}, {high}); \
                 UPDATE audit_leaf SET seq = {high} WHERE seq = -1"
            );
            (lie, Named::Among(low))
        }
        9 => {
            let lie = format!("UPDATE audit_leaf SET hash = sha256('x') WHERE seq = {one}");
            (lie, Named::Entry(one))
        }
        10 => {
            let lie = format!("DELETE FROM audit_leaf WHERE seq = {one}");
            (lie, Named::Entry(one))
        }
        11 => {
            let lie = format!("DELETE FROM audit_checkpoint WHERE size = {size}");
            let named = if *size == 40 {
                Named::Anything
            } else {
                Named::Checkpoint(number)
            };
            (lie, named)
        }
        12 => {
            let text = note.split_once("\n\n").unwrap().0;
            let read = Checkpoint::read(&format!("{text}\n")).unwrap();
            let again = Checkpoint::sign(read.size, &read.root, signer);
            let lie = format!("UPDATE audit_checkpoint SET note = '{again}' WHERE size = {size}");
            (lie, Named::Checkpoint(number))
        }
        13 => {
            let change = [
                "size = size * 100",
                "note = ''",
                "note = replace(note, 'a', 'b')",
            ];
            let change = change[usize::try_from(dice(3)).unwrap()];
            let lie = format!("UPDATE audit_checkpoint SET {change} WHERE size = {size}");
            (lie, Named::Anything)
        }
        14 => {
            // Everything after a checkpoint is taken away: only those outside know.
            let lie = format!(
                "DELETE FROM audit_entry WHERE id IN (SELECT entry FROM audit_leaf WHERE seq >= {size} - 1); \
                 DELETE FROM audit_leaf WHERE seq >= {size} - 1; \
                 DELETE FROM audit_checkpoint WHERE size >= {size}"
            );
            (lie, Named::Anything)
        }
        _ => {
            let (lie, named) = [
                ("TRUNCATE audit_entry", Named::Entry(0)),
                ("TRUNCATE audit_leaf", Named::Entry(0)),
                (
                    "TRUNCATE audit_checkpoint",
                    Named::Exactly(Lie::Uncovered { from: 0 }),
                ),
                (
                    "TRUNCATE audit_entry, audit_leaf, audit_checkpoint, audit_catalogue",
                    Named::Anything,
                ),
                ("DELETE FROM audit_catalogue", Named::Catalogue),
                (
                    "UPDATE audit_catalogue SET items[1] = 'nothing'",
                    Named::Catalogue,
                ),
                (
                    "UPDATE audit_catalogue SET digest = sha256(digest)",
                    Named::Catalogue,
                ),
                (
                    "INSERT INTO audit_catalogue VALUES ('x', '{}')",
                    Named::Catalogue,
                ),
            ][usize::try_from(dice(8)).unwrap()]
            .clone();
            (lie.to_owned(), named)
        }
    }
}

fn judged(trail: &Trail, conn: &mut PgConnection) -> kaifong::platform::audit::verify::Findings {
    let bundle = Folder::new();
    audit::export(conn, bundle.path(), 0, &[]).unwrap();
    judge(bundle.path(), &[trail.key()], Some(&trail.sealer.folder))
}

#[test]
fn random_lies_in_the_database_are_found_and_the_first_is_named() {
    let trail = trail();
    let mut conn = connect_as_owner(trail.database.url()).unwrap();
    execute(&mut conn, "SET session_replication_role = replica").unwrap();
    let notes: Vec<(i64, String)> = kaifong::platform::db::schema::audit_checkpoint::table
        .order(kaifong::platform::db::schema::audit_checkpoint::size)
        .load(&mut conn)
        .unwrap();
    for table in TABLES {
        execute(
            &mut conn,
            &format!("CREATE TABLE kept_{table} AS TABLE {table}"),
        )
        .unwrap();
    }
    let restore =
        TABLES.map(|table| format!("TRUNCATE {table}; INSERT INTO {table} TABLE kept_{table};"));
    let restore = restore.concat();
    let (signer, mut dice) = (NoteSigner::generate(ORIGIN).unwrap(), dice(9));
    for round in 0..lies(2_500) {
        let (lie, named) = tell(&notes, &signer, &mut dice);
        execute(&mut conn, &lie).unwrap_or_else(|error| panic!("{lie}: {error}"));
        let findings = judged(&trail, &mut conn);
        assert_named(&findings, &named, &format!("{round}: {lie}"));
        execute(&mut conn, &restore).unwrap();
    }
    let clean = judged(&trail, &mut conn);
    assert!(clean.lies.is_empty(), "{clean:?}");
}
