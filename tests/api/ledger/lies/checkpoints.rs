//! Checkpoints that were changed, removed or made anew, and the witness.

use diesel::prelude::*;
use kaifong::ledger::{self, LedgerError, Lie};
use kaifong::platform::crypto::SigningKey;

use super::{Witness, sealed, verify};
use crate::ledger::{at, charge, open, post};

#[test]
fn changed_checkpoints_are_named() {
    let forger = SigningKey::generate().unwrap();
    for (set, number, expected) in [
        (
            "leaves = set_byte(leaves, 3, 1 + get_byte(leaves, 3) % 7)",
            2,
            Lie::CheckpointChanged { number: 2 },
        ),
        (
            "digest = set_byte(digest, 3, 1 + get_byte(digest, 3) % 7)",
            1,
            Lie::CheckpointChanged { number: 1 },
        ),
        ("transfers = 5", 3, Lie::CheckpointChanged { number: 3 }),
        ("amount = 5", 3, Lie::CheckpointChanged { number: 3 }),
        (
            "through = through + interval '1 microsecond'",
            3,
            Lie::CheckpointChanged { number: 3 },
        ),
        ("hash = digest", 2, Lie::CheckpointChanged { number: 2 }),
        (
            "signature = (SELECT signature FROM ledger_checkpoint WHERE number = 1)",
            2,
            Lie::NotSigned {
                number: 2,
                key_id: String::new(),
            },
        ),
        (
            &format!("key_id = '{}'", forger.id()),
            2,
            Lie::NotSigned {
                number: 2,
                key_id: String::new(),
            },
        ),
    ] {
        let sealed = sealed();
        let lie = format!("UPDATE ledger_checkpoint SET {set} WHERE number = {number}");
        let named = match sealed.first_lie(&lie) {
            Lie::NotSigned { number, .. } => Lie::NotSigned {
                number,
                key_id: String::new(),
            },
            other => other,
        };
        assert_eq!(named, expected, "{set}");
    }
}

/// Whoever seals anew after a change, with a key of their own, is found out by the key; with
/// the right key, by the witness.
#[test]
fn checkpoints_made_anew_are_named() {
    for stolen in [false, true] {
        let sealed = sealed();
        let forger = SigningKey::generate().unwrap();
        let key = if stolen { &sealed.key } else { &forger };
        sealed
            .books
            .plant("DELETE FROM ledger_checkpoint WHERE number = 3");
        sealed
            .books
            .plant("UPDATE ledger_transfer SET amount = 1 WHERE effective_on = '2026-11-01'");
        let mut conn = sealed.books.app();
        conn.transaction(|conn| ledger::seal(conn, key, at(29), at(50)))
            .unwrap()
            .unwrap();
        let first = sealed.verify().lies.remove(0);
        let expected = if stolen {
            Lie::NotWitnessed { number: 3 }
        } else {
            Lie::NotSigned {
                number: 3,
                key_id: forger.id(),
            }
        };
        assert_eq!(first, expected);
        let refused = ledger::bear_witness(&mut conn, &sealed.witness.0);
        assert!(
            matches!(refused, Err(LedgerError::Witness(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn removed_checkpoints_are_missed() {
    for (removed, missing) in [("number = 1", 1), ("number = 2", 2), ("number = 3", 3)] {
        let sealed = sealed();
        let named = sealed.first_lie(&format!("DELETE FROM ledger_checkpoint WHERE {removed}"));
        assert_eq!(named, Lie::CheckpointMissing { number: missing });
        if missing == 3 {
            let keys = [(sealed.key.id(), sealed.key.public().to_vec())];
            let alone = ledger::verify(&mut sealed.books.app(), &keys, None, |_| {}).unwrap();
            assert!(alone.are_clean(), "only the witness can know");
        }
    }
}

#[test]
fn a_torn_line_of_the_witness_is_mended_and_a_foreign_one_named() {
    let sealed = sealed();
    let path = &sealed.witness.0;
    let mut conn = sealed.books.app();
    let whole = std::fs::read_to_string(path).unwrap();
    assert_eq!(whole.lines().count(), 3);
    std::fs::write(path, &whole[..whole.len() - 40]).unwrap();
    assert!(sealed.verify().are_clean(), "the witness may be behind");
    assert_eq!(ledger::bear_witness(&mut conn, path).unwrap(), 1);
    assert_eq!(std::fs::read_to_string(path).unwrap(), whole);
    assert_eq!(ledger::bear_witness(&mut conn, path).unwrap(), 0);

    std::fs::write(path, format!("{whole}nonsense\n")).unwrap();
    assert_eq!(sealed.verify().lies, [Lie::WitnessUnreadable { line: 4 }]);
    assert!(ledger::bear_witness(&mut conn, path).is_err());
    std::fs::remove_file(path).unwrap();
    let lost = verify(
        sealed.books.database.url(),
        &sealed.key,
        Some(&sealed.witness),
    );
    assert!(matches!(lost, Err(LedgerError::Witness(_))), "{lost:?}");
    let empty = open(0);
    let lost = verify(empty.database.url(), &sealed.key, Some(&sealed.witness));
    assert!(matches!(lost, Err(LedgerError::Witness(_))), "{lost:?}");
}

#[test]
fn a_checkpoint_ends_between_two_instants() {
    let books = open(1);
    let mut conn = books.app();
    let key = SigningKey::generate().unwrap();
    for minute in [0, 1, 1, 1, 2, 3] {
        let when = ("2026-11-01", at(minute));
        post(&mut conn, &[charge(books.households[0], "1.00", when)]).unwrap();
    }
    let mut made = Vec::new();
    while let Some(checkpoint) = conn
        .transaction(|conn| ledger::seal_at_most(conn, &key, (at(5), at(5)), 2))
        .unwrap()
    {
        made.push((checkpoint.through, checkpoint.transfers));
    }
    // Three at one instant stay together though two are the most.
    assert_eq!(made, [(at(0), 1), (at(1), 3), (at(5), 2)]);
    let witness = Witness::new();
    ledger::bear_witness(&mut conn, &witness.0).unwrap();
    assert!(
        verify(books.database.url(), &key, Some(&witness))
            .unwrap()
            .are_clean()
    );
}
