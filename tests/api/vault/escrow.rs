//! Shares: three of five bring the keys back on a host that lost its root key.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use kaifong::platform::crypto::Secret;
use kaifong::platform::db::execute;
use kaifong::platform::vault::{
    CustodianShare, FileRoot, IndexName, Outcome, Padding, Progress, Vault, VaultError, escrow,
    restore, rewrap,
};

use super::{CLASS, Opened, cell, now, open, someone};
use crate::support::{TestDatabase, count};

struct Unwatched;

impl Progress for Unwatched {
    fn at(&self, _: &'static str, _: i64, _: i64) {}
}

fn shares(opened: &mut Opened) -> Vec<CustodianShare> {
    escrow(&mut opened.conn, &opened.vault, now()).unwrap()
}

fn a_root() -> FileRoot {
    FileRoot::holding(Secret::random().unwrap())
}

#[test]
fn every_three_shares_bring_the_keys_back_and_no_two_do() {
    let mut opened = open();
    let shares = shares(&mut opened);
    assert_eq!(shares.len(), 5);
    let mut owner = opened.database.connect();
    for mask in 0_u32..32 {
        let chosen = shares.iter().enumerate();
        let chosen = chosen.filter(|(place, _)| mask >> place & 1 == 1);
        // As they come from paper.
        let chosen: Vec<CustodianShare> = chosen
            .map(|(_, share)| share.line().parse().unwrap())
            .collect();
        let restored = restore(&mut owner, &a_root(), &chosen);
        assert_eq!(
            restored.is_ok(),
            chosen.len() >= 3,
            "{mask:05b}: {restored:?}"
        );
    }
}

#[test]
fn what_was_sealed_before_opens_under_the_new_root_key() {
    let mut opened = open();
    let who = someone();
    let keys = opened
        .vault
        .create(&mut opened.conn, CLASS, who, now())
        .unwrap();
    let sealed = keys
        .seal(&cell("name", who), b"Chan", Padding::To32)
        .unwrap();
    let name = IndexName {
        class: CLASS,
        table: "person",
        column: "hkid",
        purpose: "exact",
    };
    let index = opened.vault.index(name, b"A1234563").unwrap();
    let shares = shares(&mut opened);
    let (key, folder) = (Secret::random().unwrap(), opened.database.folder());
    let root = FileRoot::holding(key.clone());
    restore(&mut opened.database.connect(), &root, &shares[2..]).unwrap();
    let root = Box::new(FileRoot::holding(key));
    let vault = Vault::open(&mut opened.conn, root, &folder, now()).unwrap();
    let keys = vault.keys(&mut opened.conn, CLASS, who).unwrap().unwrap();
    assert_eq!(
        keys.open(&cell("name", who), &sealed).unwrap().as_slice(),
        b"Chan"
    );
    assert_eq!(vault.index(name, b"A1234563").unwrap(), index);
    // The lost one is of no use any more.
    let lost = FileRoot::load(&folder.join("root.key")).unwrap();
    assert!(Vault::open(&mut opened.conn, Box::new(lost), &folder, now()).is_err());
}

#[test]
fn shares_that_are_stale_mixed_or_mistyped_are_refused() {
    let mut opened = open();
    let (old, new) = (shares(&mut opened), shares(&mut opened));
    let mut owner = opened.database.connect();
    let mut refused =
        |shares: &[CustodianShare]| restore(&mut owner, &a_root(), shares).unwrap_err();
    let mixed = [old[0].clone(), old[1].clone(), new[2].clone()];
    let twice = [old[0].clone(), old[1].clone(), old[1].clone()];
    assert!(matches!(refused(&mixed), VaultError::Shares(_)));
    assert!(matches!(refused(&twice), VaultError::Shares(_)));
    assert!(matches!(refused(&[]), VaultError::Shares(_)));
    let line = new[0].line();
    for place in 0..line.len() {
        let mut mistyped = line.to_string();
        let other = if &line[place..=place] == "7" {
            "8"
        } else {
            "7"
        };
        mistyped.replace_range(place..=place, other);
        assert!(mistyped.parse::<CustodianShare>().is_err(), "{mistyped}");
    }
    let url = opened.database.url().to_owned();
    let done = rewrap(&url, &opened.vault, CLASS, now(), &Unwatched);
    assert_eq!(done.unwrap(), Outcome::Done);
    let stale = VaultError::StaleEscrow {
        class: CLASS,
        version: 2,
    };
    assert_eq!(refused(&new).to_string(), stale.to_string());
}

#[test]
fn shares_bring_back_nothing_but_the_keys_they_were_made_of() {
    let mut opened = open();
    let shares = shares(&mut opened);
    let mut owner = opened.database.connect();
    let too_few = restore(&mut owner, &a_root(), &shares[..2]).unwrap_err();
    assert!(matches!(too_few, VaultError::Shares(_)), "{too_few}");
    // What is stored says it is another key.
    for table in ["key_encryption_key", "index_key"] {
        let alter =
            |with: &str| format!("UPDATE {table} SET commitment = {with} WHERE class = 'identity'");
        let keep = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}");
        execute(&mut owner, &keep).unwrap();
        execute(&mut owner, &alter("sha256('')")).unwrap();
        let other = restore(&mut owner, &a_root(), &shares).unwrap_err();
        assert!(
            matches!(other, VaultError::StaleEscrow { .. }),
            "{table}: {other}"
        );
        let back = format!("(SELECT commitment FROM kept_{table} WHERE class = 'identity')");
        execute(&mut owner, &alter(&back)).unwrap();
    }
    assert!(restore(&mut owner, &a_root(), &shares).is_ok());
    // The escrow says it was made with another secret.
    let alter = "SET session_replication_role = replica; \
                 UPDATE key_escrow SET commitment = sha256('')";
    execute(&mut owner, alter).unwrap();
    let other = restore(&mut owner, &a_root(), &shares).unwrap_err();
    assert!(matches!(other, VaultError::Shares(_)), "{other}");
}

#[test]
fn a_share_is_never_shown() {
    let mut opened = open();
    let shares = shares(&mut opened);
    let secret = shares[0].line().split(':').nth(3).unwrap().to_owned();
    assert!(!format!("{shares:?}").contains(&secret));
    let nothing_clear = "key_escrow WHERE length(sealed) > 700";
    assert_eq!(count(&mut opened.conn, nothing_clear), 1);
}

fn kaifong(database: &TestDatabase, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kaifong"))
        .args(words)
        .env("KAIFONG_DATABASE_URL", database.url())
        .env("KAIFONG_DATA_DIR", database.folder())
        .output()
        .unwrap()
}

fn told(database: &TestDatabase, words: &[&str]) -> String {
    let output = kaifong(database, words);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_operator_makes_changes_loses_and_restores_the_keys() {
    let database = TestDatabase::create();
    let root = database.folder().join("keys/root.key");
    // A configured server's root key is never made by the way.
    assert!(
        !kaifong(&database, &["keys", "rewrap", "--class", "identity"])
            .status
            .success()
    );
    told(&database, &["keys", "init"]);
    assert_eq!(mode(&root), 0o600);
    assert!(!kaifong(&database, &["keys", "init"]).status.success());
    told(&database, &["keys", "rewrap", "--class", "identity"]);
    told(
        &database,
        &["keys", "rotate", "--class", "identity", "--retire"],
    );
    let folder = database.folder().join("shares");
    told(
        &database,
        &["keys", "escrow", "--to", folder.to_str().unwrap()],
    );
    let files: Vec<_> = (1..=5)
        .map(|number| folder.join(format!("kaifong-share-{number}")))
        .collect();
    assert!(files.iter().all(|file| mode(file) == 0o600));
    let status = told(&database, &["keys", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["not_escrowed"], 0);
    assert_eq!(status["classes"][5]["class"], "identity");
    assert_eq!(status["classes"][5]["kek_version"], 2);

    fs::remove_file(&root).unwrap();
    assert!(
        !kaifong(&database, &["keys", "rewrap", "--class", "identity"])
            .status
            .success()
    );
    let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let restored = told(
        &database,
        &["keys", "restore", files[4], files[0], files[2]],
    );
    assert_eq!(
        restored,
        "15 keys are back, under the configured root key\n"
    );
    assert_eq!(mode(&root), 0o600);
    told(&database, &["keys", "rewrap", "--class", "identity"]);
    let table = told(&database, &["keys", "status"]);
    assert!(table.contains("1 keys are newer: make new ones"), "{table}");
    execute(&mut database.connect(), "SELECT 1").unwrap();
}
