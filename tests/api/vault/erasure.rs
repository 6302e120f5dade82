//! Erasure, and what a restored database may not bring back.

use std::fs;

use kaifong::platform::auth::Actor;
use kaifong::platform::db::{execute, transact};
use kaifong::platform::vault::{Erasure, Padding, VaultError};

use super::{CLASS, Opened, cell, now, open, someone};
use crate::support::{Call, count, start};

fn erasure(subject: uuid::Uuid, by: [&Actor; 2]) -> Erasure<'_> {
    Erasure {
        class: CLASS,
        subject,
        reason: "retention",
        approved_by: by,
        at: now(),
    }
}

#[test]
fn an_erased_subject_has_no_keys_and_gets_none() {
    let Opened {
        vault,
        mut conn,
        database: _database,
    } = open();
    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let (who, neighbour) = (someone(), someone());
    for who in [who, neighbour] {
        vault.create(&mut conn, CLASS, who, now()).unwrap();
    }
    let alone = vault.erase(&mut conn, &erasure(who, [&one, &one]));
    assert!(matches!(alone, Err(VaultError::OneApprover)));
    vault
        .erase(&mut conn, &erasure(who, [&one, &other]))
        .unwrap();
    assert!(vault.keys(&mut conn, CLASS, who).unwrap().is_none());
    assert!(vault.erased(&mut conn, CLASS, who).unwrap());
    let again = vault.create(&mut conn, CLASS, who, now());
    assert!(matches!(again, Err(VaultError::Erased { .. })));
    let twice = vault.erase(&mut conn, &erasure(who, [&one, &other]));
    assert!(matches!(twice, Err(VaultError::NoDataKey { .. })));
    assert_eq!(count(&mut conn, "data_key WHERE wrapped = ''"), 1);
    assert!(vault.keys(&mut conn, CLASS, neighbour).unwrap().is_some());
    assert!(!vault.erased(&mut conn, CLASS, neighbour).unwrap());
}

#[test]
fn yesterdays_database_does_not_bring_the_erased_back() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let who = someone();
    let keys = vault.create(&mut conn, CLASS, who, now()).unwrap();
    let sealed = keys
        .seal(&cell("name", who), b"Chan", Padding::To32)
        .unwrap();
    let mut owner = database.connect();
    execute(
        &mut owner,
        "CREATE TABLE yesterday AS SELECT * FROM data_key",
    )
    .unwrap();
    vault
        .erase(&mut conn, &erasure(who, [&one, &other]))
        .unwrap();

    // Only a superuser can, as whoever restores a backup is.
    execute(
        &mut owner,
        "SET session_replication_role = replica; DELETE FROM key_tombstone; \
         DELETE FROM data_key; INSERT INTO data_key SELECT * FROM yesterday",
    )
    .unwrap();
    let back = vault.keys(&mut conn, CLASS, who).unwrap().unwrap();
    assert!(
        back.open(&cell("name", who), &sealed).is_ok(),
        "the test restores nothing"
    );
    let hindrance = vault.readiness(&mut conn).unwrap();
    assert!(hindrance.unwrap().contains("1 erasures"));

    let vault = database.vault(now());
    assert!(vault.keys(&mut conn, CLASS, who).unwrap().is_none());
    assert_eq!(
        count(
            &mut conn,
            "data_key WHERE wrapped = '' AND state = 'destroyed'"
        ),
        1
    );
    assert!(vault.erased(&mut conn, CLASS, who).unwrap());
    assert_eq!(vault.readiness(&mut conn).unwrap(), None);
}

#[test]
fn an_erasure_cut_short_is_completed_by_the_next_start() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let who = someone();
    vault.create(&mut conn, CLASS, who, now()).unwrap();
    let cut: Result<(), VaultError> = transact(&mut conn, |conn| {
        vault.erase(conn, &erasure(who, [&one, &other]))?;
        Err(VaultError::OneApprover)
    });
    cut.unwrap_err();
    assert!(vault.keys(&mut conn, CLASS, who).unwrap().is_some());
    let vault = database.vault(now());
    assert!(vault.keys(&mut conn, CLASS, who).unwrap().is_none());
}

#[test]
fn a_lost_file_of_erasures_is_written_again_from_the_database() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let who = someone();
    vault.create(&mut conn, CLASS, who, now()).unwrap();
    vault
        .erase(&mut conn, &erasure(who, [&one, &other]))
        .unwrap();
    let file = database.folder().join("tombstones");
    let text = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    database.vault(now());
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[actix_web::test]
async fn a_server_whose_database_forgot_an_erasure_is_not_ready() {
    let app = start().await;
    app.send(Call::get("/readyz")).await.expect(200);
    let vault = app.database.vault(now());
    let mut conn = kaifong::platform::db::connect(app.database.url()).unwrap();
    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let who = someone();
    vault.create(&mut conn, CLASS, who, now()).unwrap();
    vault
        .erase(&mut conn, &erasure(who, [&one, &other]))
        .unwrap();
    app.send(Call::get("/readyz")).await.expect(200);
    let forget = "SET session_replication_role = replica; DELETE FROM key_tombstone";
    execute(&mut app.database.connect(), forget).unwrap();
    let answer = app.send(Call::get("/readyz")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem()),
        (503, "not-ready")
    );
}
