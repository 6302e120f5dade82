//! Data keys, blind indexes, the root key's file.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use kaifong::platform::crypto::Secret;
use kaifong::platform::db::execute;
use kaifong::platform::vault::{
    FileRoot, IndexName, KeyClass, Padding, RootError, Unopenable, Vault, VaultError,
};

use super::{CLASS, Opened, cell, now, open, someone};
use crate::support::{Call, count, start};

#[test]
fn a_subject_has_keys_from_when_they_are_made() {
    let Opened {
        vault,
        mut conn,
        database: _database,
    } = open();
    let who = someone();
    assert!(vault.keys(&mut conn, CLASS, who).unwrap().is_none());
    let keys = vault.create(&mut conn, CLASS, who, now()).unwrap();
    let sealed = keys.seal(&cell("name", who), "陳大文".as_bytes(), Padding::To96);
    let found = vault.keys(&mut conn, CLASS, who).unwrap().unwrap();
    let opened = found.open(&cell("name", who), &sealed.unwrap()).unwrap();
    assert_eq!(opened.as_slice(), "陳大文".as_bytes());
    let again = vault.create(&mut conn, CLASS, who, now());
    assert!(matches!(again, Err(VaultError::Exists { .. })), "{again:?}");
    // Another class, another key.
    let finance = vault.create(&mut conn, KeyClass::Finance, who, now());
    let sealed = finance
        .unwrap()
        .seal(&cell("name", who), b"", Padding::To32);
    assert!(found.open(&cell("name", who), &sealed.unwrap()).is_err());
}

#[test]
fn drafts_are_stored_with_many_others() {
    let Opened {
        vault,
        mut conn,
        database: _database,
    } = open();
    let people: Vec<_> = (0..300).map(|_| someone()).collect();
    let drafts = people
        .iter()
        .map(|who| vault.draft(CLASS, *who, now()).unwrap());
    let (rows, keys): (Vec<_>, Vec<_>) = drafts.unzip();
    Vault::load_drafts(&mut conn, &rows).unwrap();
    let found = vault.many(&mut conn, CLASS, &people).unwrap();
    assert_eq!(found.len(), people.len());
    for (who, keys) in people.iter().zip(keys) {
        let sealed = keys
            .seal(&cell("name", *who), b"Chan", Padding::To32)
            .unwrap();
        assert_eq!(
            found[who]
                .open(&cell("name", *who), &sealed)
                .unwrap()
                .as_slice(),
            b"Chan"
        );
    }
}

#[test]
fn a_vault_opened_again_has_the_same_keys() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let who = someone();
    let keys = vault.create(&mut conn, CLASS, who, now()).unwrap();
    let sealed = keys
        .seal(&cell("name", who), b"Chan", Padding::To32)
        .unwrap();
    let again = database.vault(now());
    let keys = again.keys(&mut conn, CLASS, who).unwrap().unwrap();
    assert_eq!(
        keys.open(&cell("name", who), &sealed).unwrap().as_slice(),
        b"Chan"
    );
    let name = IndexName {
        class: CLASS,
        table: "person",
        column: "hkid",
        purpose: "exact",
    };
    let (one, other) = (
        vault.index(name, b"A1234563"),
        again.index(name, b"A1234563"),
    );
    assert_eq!(one.unwrap(), other.unwrap());
}

#[test]
fn a_blind_index_is_of_one_value_column_and_purpose() {
    let Opened { vault, .. } = open();
    let name = IndexName {
        class: CLASS,
        table: "person",
        column: "hkid",
        purpose: "exact",
    };
    let index = |name, value: &[u8]| vault.index(name, value).unwrap();
    let one = index(name, b"A1234563");
    assert_eq!(one, index(name, b"A1234563"));
    for other in [
        index(name, b"A1234564"),
        index(
            IndexName {
                table: "contractor",
                ..name
            },
            b"A1234563",
        ),
        index(
            IndexName {
                column: "phone",
                ..name
            },
            b"A1234563",
        ),
        index(
            IndexName {
                purpose: "partial",
                ..name
            },
            b"A1234563",
        ),
        index(
            IndexName {
                class: KeyClass::Finance,
                ..name
            },
            b"A1234563",
        ),
        open().vault.index(name, b"A1234563").unwrap(),
    ] {
        assert_ne!(one, other);
    }
}

/// Swaps what two rows of `data_key` hold.
const SWAP: &str = "UPDATE data_key k SET wrapped = o.wrapped, commitment = o.commitment \
    FROM data_key o WHERE o.subject <> k.subject AND o.class = k.class";

#[test]
fn wrapped_data_keys_cannot_be_swapped() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let (one, other) = (someone(), someone());
    for who in [one, other] {
        vault.create(&mut conn, CLASS, who, now()).unwrap();
    }
    execute(&mut database.connect(), SWAP).unwrap();
    for who in [one, other] {
        let error = vault.keys(&mut conn, CLASS, who).unwrap_err();
        assert!(
            matches!(error.unopenable(), Some(Unopenable::DataKey(_))),
            "{error}"
        );
    }
    assert_eq!(vault.unopenable().get(), 2);
}

#[test]
fn another_commitment_is_another_key() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let who = someone();
    vault.create(&mut conn, CLASS, who, now()).unwrap();
    execute(
        &mut database.connect(),
        "UPDATE data_key SET commitment = sha256('')",
    )
    .unwrap();
    let error = vault.keys(&mut conn, CLASS, who).unwrap_err();
    assert!(error.unopenable().is_some(), "{error}");
}

#[test]
fn another_commitment_above_is_another_key_too() {
    for table in ["key_encryption_key", "index_key"] {
        let Opened {
            mut conn, database, ..
        } = open();
        let alter = format!("UPDATE {table} SET commitment = sha256('') WHERE class = 'identity'");
        execute(&mut database.connect(), &alter).unwrap();
        let root = FileRoot::load(&database.folder().join("root.key")).unwrap();
        let opened = Vault::open(&mut conn, Box::new(root), &database.folder(), now());
        assert!(
            matches!(opened, Err(VaultError::Root(RootError::WrongKey))),
            "{table}: {opened:?}"
        );
    }
}

#[test]
fn another_root_key_opens_nothing() {
    let Opened {
        mut conn, database, ..
    } = open();
    let root = Box::new(FileRoot::holding(Secret::random().unwrap()));
    let opened = Vault::open(&mut conn, root, &database.folder(), now());
    assert!(
        matches!(opened, Err(VaultError::Root(RootError::WrongKey))),
        "{opened:?}"
    );
}

#[test]
fn a_root_key_that_others_may_read_is_refused() {
    let Opened { database, .. } = open();
    let path = database.folder().join("root.key");
    for (mode, is_private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let refused = matches!(FileRoot::load(&path), Err(RootError::NotPrivate(_)));
        assert_eq!(!refused, is_private, "{mode:o}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    // Only root can give a file away.
    if chown(&path, Some(1), None).is_ok() {
        let refused = FileRoot::load(&path);
        assert!(matches!(refused, Err(RootError::NotPrivate(_))));
    }
    let short = database.folder().join("short.key");
    fs::write(&short, [0; 31]).unwrap();
    fs::set_permissions(&short, Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(
        FileRoot::load(&short),
        Err(RootError::Malformed(_))
    ));
}

#[test]
fn the_application_may_neither_forget_keys_nor_bring_them_back() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    vault.create(&mut conn, CLASS, someone(), now()).unwrap();
    for sql in [
        "DELETE FROM data_key",
        "TRUNCATE data_key",
        "UPDATE data_key SET commitment = ''",
        "UPDATE key_encryption_key SET wrapped = ''",
        "DELETE FROM key_encryption_key",
        "UPDATE index_key SET wrapped = ''",
        "DELETE FROM key_tombstone",
        "UPDATE key_tombstone SET reason = ''",
    ] {
        assert!(execute(&mut conn, sql).is_err(), "{sql}");
    }
    let destroy = "UPDATE data_key SET wrapped = '', state = 'destroyed', destroyed_at = now()";
    execute(&mut conn, destroy).unwrap();
    let bring_back = "UPDATE data_key SET wrapped = 'x', state = 'active', destroyed_at = NULL";
    for conn in [&mut conn, &mut database.connect()] {
        assert!(execute(conn, bring_back).is_err());
    }
    assert_eq!(count(&mut conn, "data_key WHERE state = 'destroyed'"), 1);
}

#[test]
fn no_secret_appears_in_debug() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let keys = vault.create(&mut conn, CLASS, someone(), now()).unwrap();
    let root = FileRoot::load(&database.folder().join("root.key")).unwrap();
    let shown = format!("{vault:?} {keys:?} {root:?}");
    assert!(
        shown.starts_with("Vault(***) DataKeys(identity "),
        "{shown}"
    );
    assert!(shown.ends_with(" [1]) FileRoot(Secret(***))"), "{shown}");
}

#[actix_web::test]
async fn what_does_not_open_is_a_figure() {
    let app = start().await;
    let figures = app.send(Call::get("/metrics")).await;
    let figures = String::from_utf8(figures.bytes).unwrap();
    assert!(
        figures.contains("kaifong_unopenable_cells_total 0"),
        "{figures}"
    );
}
