//! What is kept of settlement files: sealed, and readable for good.

use std::fs;
use std::io::{Read, Write};

use kaifong::app;
use kaifong::payments::{Channel, PaymentError, Shelf};
use kaifong::platform::auth::Actor;
use kaifong::platform::crypto::{Digest, hex, sha256};
use kaifong::platform::vault::{self, KeyClass, Outcome, Progress, Rotation};

use super::office::{Office, file, line};

fn read(office: &Office, shelf: &Shelf, digest: Digest) -> Result<Vec<u8>, PaymentError> {
    let mut content = Vec::new();
    let found = shelf.find(&mut office.database.connect(), digest)?;
    let read = found.unwrap().read_to_end(&mut content);
    read.map_err(kaifong::payments::files::FileError::from)?;
    Ok(content)
}

/// Large enough for three pieces.
fn content() -> Vec<u8> {
    b"a payer's own words "
        .iter()
        .copied()
        .cycle()
        .take(150_000)
        .collect()
}

#[test]
fn a_file_is_kept_sealed_under_its_digest_and_what_is_broken_off_is_not() {
    let office = Office::open();
    let (shelf, folder) = (
        office.shelf(),
        office.database.folder().join("payment-files"),
    );
    let conn = &mut office.database.connect();
    let names = || {
        let entries = fs::read_dir(&folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let content = content();
    let digest = sha256(&[&content]);
    let (mut sealed, mut all) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let kept = shelf.keep(conn, &content[..], office.now).unwrap();
        assert_eq!(kept.sha256, digest);
        assert_eq!(names(), [hex(&digest).as_str()]);
        let mut opened = Vec::new();
        kept.open().read_to_end(&mut opened).unwrap();
        assert!(opened == content);
        assert!(read(&office, &shelf, digest).unwrap() == content);
        let bytes = fs::read(&kept.path).unwrap();
        assert!(!bytes.windows(7).any(|some| some == b"payer's"));
        sealed.push(bytes);
        all.push(kept);
    }
    // The first is read as it was, though the second has its name now.
    let mut opened = Vec::new();
    all[0].open().read_to_end(&mut opened).unwrap();
    assert!(opened == content);
    assert!(sealed[0] != sealed[1], "no two are sealed alike");
    let key = shelf.key(conn, office.now).unwrap();
    let mut broken_off = shelf.begin(key).unwrap();
    broken_off.write_all(&content).unwrap();
    assert_eq!(names().len(), 2);
    drop(broken_off);
    assert_eq!(names().len(), 1);
    let vault = office.database.vault(office.now);
    let small = Shelf::of(&office.database.folder(), 10, &vault);
    let too_much = small.keep(conn, &b"0123456789a"[..], office.now);
    assert!(too_much.is_err());
    assert_eq!(names().len(), 1);
    assert!(shelf.find(conn, [0; 32]).unwrap().is_none());
}

#[test]
fn a_file_that_is_not_what_was_kept_does_not_open() {
    let office = Office::open();
    let shelf = office.shelf();
    let conn = &mut office.database.connect();
    let content = content();
    let digest = sha256(&[&content]);
    let kept = shelf.keep(conn, &content[..], office.now).unwrap();
    let sealed = fs::read(&kept.path).unwrap();
    let with = |bytes: &[u8], digest: Digest| {
        fs::write(kept.path.with_file_name(hex(&digest)), bytes).unwrap();
        read(&office, &shelf, digest)
    };
    assert!(with(&sealed, digest).is_ok());
    assert!(with(&sealed[..sealed.len() - 1], digest).is_err());
    // After the first piece, and before it.
    assert!(with(&sealed[..32 + 5 + 28 + 65_536], digest).is_err());
    assert!(with(&sealed[..32], digest).is_err());
    for at in [16, 40, 70_000, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(with(&changed, digest).is_err(), "{at}");
    }
    // It is nobody else's.
    let other = sha256(&[b"another"]);
    assert!(with(&sealed, other).is_err());
    assert!(with(&sealed, digest).is_ok());
}

#[test]
fn a_file_from_before_there_were_keys_is_read_and_sealed_when_it_comes_again() {
    let office = Office::open();
    let shelf = office.shelf();
    let bytes = file(
        Channel::Store,
        1,
        &[line(1, "S-1", &office.codes[0], "10.00")],
    );
    let digest = sha256(&[&bytes]);
    let folder = office.database.folder().join("payment-files");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(hex(&digest));
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read(&office, &shelf, digest).unwrap(), bytes);
    // Nothing but its name says what it was: one that was altered is not given out as what came.
    let give_back = || {
        let (conn, mut out) = (&mut office.database.connect(), Vec::new());
        let by = (&Actor::program("test"), office.now);
        shelf.give_back(conn, digest, &mut out, by).map(|_| out)
    };
    assert_eq!(give_back().unwrap(), bytes);
    fs::write(&path, bytes.to_ascii_lowercase()).unwrap();
    assert!(give_back().is_err());
    office.take("takings.txt", &bytes);
    assert_eq!(give_back().unwrap(), bytes);
    assert_ne!(fs::read(&path).unwrap(), bytes);
    assert_eq!(read(&office, &shelf, digest).unwrap(), bytes);
}

struct Quiet;

impl Progress for Quiet {
    fn at(&self, _: &'static str, _: i64, _: i64) {}
}

#[test]
fn a_file_opens_after_the_keys_were_rotated_and_the_old_ones_destroyed() {
    let office = Office::open();
    let shelf = office.shelf();
    let content = content();
    let conn = &mut office.database.connect();
    shelf.keep(conn, &content[..], office.now).unwrap();
    let vault = office.database.vault(office.now);
    let rotation = Rotation {
        class: KeyClass::Finance,
        columns: &app::sealed_columns(),
        retire: true,
        now: office.now,
    };
    let done = vault::rotate(office.database.url(), &vault, &rotation, &Quiet).unwrap();
    assert_eq!(done, Outcome::Done);
    let destroyed = "data_key WHERE class = 'finance' AND state = 'destroyed'";
    assert_eq!(office.count(destroyed), 1);
    assert!(read(&office, &shelf, sha256(&[&content])).unwrap() == content);
}
