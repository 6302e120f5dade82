//! Ten thousand lies, in exported records and in the database: each is found, and the first bad
//! record is named.
//!
//! `./dev test` tells a share of them; `TORTURE=1` all.

mod bundle;
mod database;

use diesel::prelude::*;
use kaifong::platform::audit::verify::{Findings, Lie, Verdict};
use kaifong::platform::audit::{self, Entry};
use uuid::Uuid;

use super::{Trail, at, officer, record};

/// How many of `all` lies to tell.
fn lies(all: usize) -> usize {
    if std::env::var_os("TORTURE").is_some() {
        all
    } else {
        all / 5
    }
}

/// A trail of 40 entries of every shape, two catalogues and six checkpoints or some more.
fn trail() -> Trail {
    let trail = Trail::new();
    let mut conn = trail.app();
    let actor = officer();
    for number in 0..38_i64 {
        let person = Uuid::from_u128(u128::try_from(number % 5).unwrap());
        let (own, names) = (number.to_string(), ["hkid", "phone"]);
        let entry = Entry {
            person: (number % 2 == 0).then_some(person),
            household: (number % 3 == 0).then_some("1000000018"),
            fields: (number % 4 == 0).then_some(&names),
            purpose: (number % 5 == 0).then_some("enquiry"),
            on_behalf_of: (number % 6 == 0).then_some("tenant-3"),
            request: (number % 7 == 0).then_some(person),
            detail: (number % 8 == 0).then_some(b"sealed"),
            ..Entry::of(&actor, "test.thing.done", &own, at(number * 2))
        };
        audit::add(&mut conn, &entry).unwrap();
        if number % 7 == 6 {
            trail.seal_at(at(number * 2));
        }
        if number == 20 {
            trail.plant("ALTER TABLE household DISABLE TRIGGER ALL");
        }
    }
    let size = trail.seal_at(at(76)).size;
    let clean = trail.verify();
    assert!(size == 40 && clean.checkpoints >= 6, "{clean:?}");
    assert_eq!(clean.verdict(), Verdict::Sound);
    assert_eq!(clean.catalogue_changes.len(), 1);
    trail
}

/// What must be named.
#[derive(Debug, Clone)]
enum Named {
    /// The lie itself.
    Exactly(Lie),
    /// Something about entry `0`.
    Entry(u64),
    /// Entries of one checkpoint, this one among them.
    Among(u64),
    /// A checkpoint of this size.
    Checkpoint(u64),
    /// A catalogue.
    Catalogue,
    /// That it was rolled back; what is left over of it may be named before.
    RolledBack(Lie),
    /// That it cannot be told, or a lie.
    Anything,
}

#[track_caller]
fn assert_named(findings: &Findings, named: &Named, what: &str) {
    let first = findings.lies.first();
    let right = match (named, first) {
        (Named::Anything, _) => findings.verdict() != Verdict::Sound,
        (_, None) => false,
        (Named::Exactly(lie), Some(first)) => lie == first,
        (Named::Entry(expected), Some(first)) => match first {
            Lie::EntryChanged { seq, .. }
            | Lie::EntryGone { seq }
            | Lie::Backdated { seq, .. }
            | Lie::OutOfPlace { seq, .. }
            | Lie::EndMissing { seq, .. } => seq == expected,
            _ => false,
        },
        (Named::Among(seq), Some(Lie::NotSigned { from, to, .. })) => (from..=to).contains(&seq),
        (Named::Checkpoint(expected), Some(first)) => match first {
            Lie::BadCheckpoint { size, .. }
            | Lie::CheckpointOutOfOrder { size }
            | Lie::CheckpointMissing { size } => size == expected,
            _ => false,
        },
        (Named::Catalogue, Some(first)) => matches!(
            first,
            Lie::CatalogueAdded { .. }
                | Lie::CatalogueChanged { .. }
                | Lie::CatalogueMissing { .. }
        ),
        (Named::RolledBack(lie), _) => findings.lies.contains(lie),
        (Named::Among(_), Some(_)) => false,
    };
    assert!(right, "{what}: {named:?} expected, found {findings:?}");
}

/// A subtree that the database keeps is judged too: it needs 256 entries.
#[test]
fn changed_subtrees_are_named() {
    let trail = Trail::new();
    let mut conn = trail.app();
    conn.transaction(|conn| {
        for number in 0..600 {
            record(conn, &number.to_string(), at(0));
        }
        Ok::<_, diesel::result::Error>(())
    })
    .unwrap();
    trail.seal_at(at(1));
    assert_eq!(trail.verify().verdict(), Verdict::Sound);
    for (lie, place) in [
        (
            "UPDATE audit_node SET hash = sha256('x') WHERE place = 1",
            1,
        ),
        ("DELETE FROM audit_node WHERE place = 0", 0),
        ("INSERT INTO audit_node VALUES (1, 2, sha256('x'))", 2),
    ] {
        trail.plant("CREATE TABLE kept_node AS TABLE audit_node");
        trail.plant(lie);
        let named = Lie::NodeChanged { level: 8, place };
        assert_eq!(trail.verify().lies, [named], "{lie}");
        trail.plant(
            "TRUNCATE audit_node; INSERT INTO audit_node TABLE kept_node; DROP TABLE kept_node",
        );
    }
}

#[test]
fn an_entry_dated_long_before_the_others_is_named() {
    let trail = Trail::new();
    let mut conn = trail.app();
    record(&mut conn, "now", at(120));
    record(&mut conn, "just before", at(60));
    trail.seal_at(at(121));
    assert_eq!(trail.verify().verdict(), Verdict::Sound);
    record(&mut conn, "long before", at(59));
    trail.seal_at(at(121));
    let lies = trail.verify().lies;
    assert!(
        matches!(lies[..], [Lie::Backdated { seq: 3, .. }]),
        "{lies:?}"
    );
}
