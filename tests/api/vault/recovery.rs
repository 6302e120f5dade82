//! The drills: a host that lost its root key, and a backup that remembers the erased.

use std::fs;
use std::path::Path;

use kaifong::platform::auth::Actor;
use kaifong::platform::db::connect;
use kaifong::platform::vault::Erasure;
use uuid::Uuid;

use super::people::{all, everyone, vault};
use super::{CLASS, now};
use crate::support::program::Program;

/// Writes the database into `file`.
fn dump(program: &Program, file: &Path) {
    let file = file.display();
    program.shell(&format!(
        r#""$KAIFONG_PG_BIN/pg_dump" "$KAIFONG_DATABASE_URL" > {file}"#
    ));
}

/// Puts the database of `file` in the place of the program's own.
fn put_back(program: &Program, file: &Path) {
    let file = file.display();
    let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public; \
                 GRANT USAGE ON SCHEMA public TO PUBLIC";
    program.shell(&format!(
        r#""$KAIFONG_PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -c "{empty}" -f {file} \
           "$KAIFONG_DATABASE_URL" > /dev/null"#
    ));
}

#[test]
fn a_lost_host_comes_back_from_three_shares_and_a_backup_and_the_erased_do_not() {
    let lost = Program::new("recovery-lost");
    lost.run(&["generate", "--tenancies", "40", "--months", "1"]);
    let before = all(&lost);
    let shares = lost.folder().join("shares");
    lost.run(&["keys", "escrow", "--to", shares.to_str().unwrap()]);
    let yesterday = lost.folder().join("yesterday.sql");
    dump(&lost, &yesterday);
    fs::remove_file(lost.folder().join("keys/root.key")).unwrap();
    // A new one is made by the way, and opens nothing.
    let useless = lost.command(&REWRAP).output().unwrap();
    assert!(!useless.status.success());

    let host = Program::new("recovery-host");
    // Roles are no part of a dump: a first start makes ours.
    host.run(&["keys", "status"]);
    put_back(&host, &yesterday);
    let share = |number: u8| shares.join(format!("kaifong-share-{number}"));
    let [one, two, three] = [5, 2, 3].map(|number| share(number).display().to_string());
    let few = host.command(&["keys", "restore", &one, &two]).output();
    assert!(!few.unwrap().status.success());
    host.run(&["keys", "restore", &one, &two, &three]);
    assert!(all(&host) == before);
    // Not only what was there: the keys also do.
    host.run(&REWRAP);
    host.run(&["keys", "rotate", "--class", "identity", "--retire"]);
    assert!(all(&host) == before);

    let gone = erase_somebody(&host);
    let mut left = before.clone();
    left.retain(|(who, _), _| *who != gone);
    assert!(left.len() < before.len());
    assert!(all(&host) == left);
    put_back(&host, &yesterday);
    host.run(&["keys", "restore", &one, &two, &three]);
    let destroyed = "SELECT count(*) FROM data_key WHERE state = 'destroyed'";
    assert_eq!(host.number(destroyed), 0, "the backup forgot the erasure");
    // A program that opens the vault tells the database first.
    host.run(&REWRAP);
    assert_eq!(host.number(destroyed), 1);
    assert!(all(&host) == left);
}

const REWRAP: [&str; 4] = ["keys", "rewrap", "--class", "identity"];

fn erase_somebody(host: &Program) -> Uuid {
    let cluster = host.hold();
    let vault = vault(host, &cluster.url);
    let people = everyone(&cluster.url, &vault);
    let (gone, _) = people.keys().nth(people.len() / 2).unwrap();
    let (one, other) = (Actor::named("officer-1"), Actor::named("officer-2"));
    let erasure = Erasure {
        class: CLASS,
        subject: *gone,
        reason: "case 7",
        approved_by: [&one, &other],
        at: now(),
    };
    let mut conn = connect(&cluster.url).unwrap();
    vault.erase(&mut conn, &erasure).unwrap();
    *gone
}
