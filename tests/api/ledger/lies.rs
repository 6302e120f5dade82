//! Every lie that can be planted is named.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use diesel::prelude::*;
use kaifong::ledger::{self, Findings, General, LedgerError, Lie, Transfer, TransferKind};
use kaifong::platform::auth::Actor;
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::db::connect_as_owner;
use uuid::Uuid;

use super::{Books, at, charge, open, payment, post, transfer};
use crate::support::TestDatabase;

/// Books of four households with three checkpoints and a tail that is not sealed.
struct Sealed {
    books: Books,
    key: SigningKey,
    /// In the order they were booked; the first twelve are sealed, four a checkpoint.
    transfers: Vec<Transfer>,
    witness: Witness,
}

/// A file that goes when the test does.
struct Witness(PathBuf);

impl Witness {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("kaifong-{}", Uuid::now_v7())))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn sealed() -> Sealed {
    let books = open(4);
    let key = SigningKey::generate().unwrap();
    let witness = Witness::new();
    let mut conn = books.app();
    let mut transfers = Vec::new();
    for round in 0..3_i64 {
        let first = round * 10;
        for (household, minute) in books.households.iter().zip(first..) {
            let booked = match round {
                0 => charge(*household, "2345.00", ("2026-10-01", at(minute))),
                1 => payment(*household, "2000.00", ("2026-10-20", at(minute))),
                _ => charge(*household, "2400.00", ("2026-11-01", at(minute))),
            };
            post(&mut conn, std::slice::from_ref(&booked)).unwrap();
            transfers.push(booked);
        }
        let through = at(first + 9);
        let made = conn.transaction(|conn| ledger::seal(conn, &key, through, through));
        assert_eq!(made.unwrap().unwrap().transfers, 4);
        assert_eq!(ledger::bear_witness(&mut conn, &witness.0).unwrap(), 1);
    }
    let actor = Actor::program("test");
    let undone = conn
        .transaction(|conn| {
            ledger::reverse(
                conn,
                books.households[0],
                transfers[4].id,
                "bounced",
                &actor,
                at(40),
            )
        })
        .unwrap();
    transfers.push(undone);
    Sealed {
        books,
        key,
        transfers,
        witness,
    }
}

impl Sealed {
    fn verify(&self) -> Findings {
        verify(self.books.database.url(), &self.key, &self.witness).unwrap()
    }

    /// Plants `lie` and returns the first one that is named.
    fn first_lie(&self, lie: &str) -> Lie {
        self.books.plant(lie);
        self.verify().lies.remove(0)
    }

    fn household(&self, number: usize) -> i64 {
        self.books.households[number].number()
    }
}

fn verify(url: &str, key: &SigningKey, witness: &Witness) -> Result<Findings, LedgerError> {
    let keys = [(key.id(), key.public().to_vec())];
    let mut conn = connect_as_owner(url).unwrap();
    ledger::verify(&mut conn, &keys, Some(&witness.0), |_| {})
}

#[test]
fn true_books_have_no_lies() {
    let sealed = sealed();
    let findings = sealed.verify();
    assert_eq!(findings.lies, vec![]);
    assert!(findings.are_clean());
    assert_eq!(
        (findings.transfers, findings.unsealed, findings.checkpoints),
        (13, 1, 3)
    );
    let mut app = sealed.books.app();
    let keys = [(sealed.key.id(), sealed.key.public().to_vec())];
    let seen = ledger::verify(&mut app, &keys, None, |_| {}).unwrap();
    assert!(seen.are_clean(), "the application's role can verify too");
    let empty = open(0);
    let none = verify(empty.database.url(), &sealed.key, &Witness::new()).unwrap();
    assert!(none.are_clean());
}

#[test]
fn changed_transfers_are_named() {
    for (column, value) in [
        ("amount", "1.00"),
        ("kind", "'refund'"),
        ("source", "gen_random_uuid()"),
        ("debit", "2"),
        ("effective_on", "'2026-10-02'"),
        ("booked_at", "booked_at + interval '1 second'"),
        ("id", "gen_random_uuid()"),
    ] {
        let sealed = sealed();
        let victim = &sealed.transfers[1];
        let lie = format!(
            "UPDATE ledger_transfer SET {column} = {value} WHERE id = '{}'",
            victim.id
        );
        let named = sealed.first_lie(&lie);
        match &named {
            Lie::TransferChanged {
                checkpoint: 1,
                place: 2,
                transfer,
            } => {
                assert!(
                    column == "id" || transfer.id == victim.id,
                    "{column}: {named}"
                );
                assert_eq!(transfer.credit, "rent_income");
            }
            other => panic!("{column}: {other}"),
        }
    }
}

#[test]
fn a_changed_amount_is_also_a_wrong_balance() {
    let sealed = sealed();
    let victim = &sealed.transfers[1];
    sealed.books.plant(&format!(
        "UPDATE ledger_transfer SET amount = 1 WHERE id = '{}'",
        victim.id
    ));
    let findings = sealed.verify();
    assert!(
        findings.lies.contains(&Lie::WrongBalance {
            household: sealed.household(1),
            stored: "2745.00".into(),
            computed: "401.00".into(),
        }),
        "{:?}",
        findings.lies
    );
    // The balance in the row no longer matches what the general accounts say.
    assert!(matches!(findings.lies.last(), Some(Lie::Unbalanced { sum }) if sum == "2344.00"));
}

#[test]
fn a_removed_transfer_is_missed_where_it_was() {
    let sealed = sealed();
    let victim = &sealed.transfers[6];
    let lie = format!("DELETE FROM ledger_transfer WHERE id = '{}'", victim.id);
    match sealed.first_lie(&lie) {
        Lie::TransferMissing {
            checkpoint: 2,
            place: 3,
            previous: Some(previous),
        } => {
            assert_eq!(previous.id, sealed.transfers[5].id);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn an_added_transfer_is_named() {
    let sealed = sealed();
    let id = Uuid::new_v4();
    let named = sealed.first_lie(&format!(
        "INSERT INTO ledger_transfer SELECT '{id}', effective_on, debit, credit, amount, kind, \
         gen_random_uuid(), NULL, booked_at + interval '1 second' FROM ledger_transfer \
         WHERE id = '{}'",
        sealed.transfers[9].id
    ));
    match named {
        Lie::TransferAdded {
            checkpoint: 3,
            transfer,
        } => {
            assert_eq!(transfer.id.as_uuid(), id);
            assert_eq!(transfer.debit, sealed.books.households[1].to_string());
        }
        other => panic!("{other}"),
    }
}

#[test]
fn exchanged_amounts_are_both_named() {
    let sealed = sealed();
    let (one, other) = (sealed.transfers[0].id, sealed.transfers[8].id);
    sealed.books.plant(&format!(
        "UPDATE ledger_transfer SET amount = CASE id WHEN '{one}' THEN 2400.00 ELSE 2345.00 END \
         WHERE id IN ('{one}', '{other}')"
    ));
    let findings = sealed.verify();
    let changed: Vec<_> = findings
        .lies
        .iter()
        .filter_map(|lie| match lie {
            Lie::TransferChanged {
                checkpoint,
                transfer,
                ..
            } => Some((*checkpoint, transfer.id)),
            _ => None,
        })
        .collect();
    assert_eq!(changed, [(1, one), (3, other)]);
    // The balance is the same: only the checkpoints know.
    assert_eq!(findings.lies.len(), 2, "{:?}", findings.lies);
}

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
fn wrong_balances_are_named() {
    let sealed = sealed();
    let household = sealed.household(2);
    let named = sealed.first_lie(&format!(
        "UPDATE rent_account SET balance = balance - 0.01 WHERE household = {household}"
    ));
    let expected = Lie::WrongBalance {
        household,
        stored: "2744.99".into(),
        computed: "2745.00".into(),
    };
    assert_eq!(named, expected);
    sealed.books.plant(&format!(
        "DELETE FROM rent_account WHERE household = {household}"
    ));
    let expected = Lie::WrongBalance {
        household,
        stored: "0.00".into(),
        computed: "2745.00".into(),
    };
    assert_eq!(sealed.verify().lies.remove(0), expected);
}

/// Only twenty are named, but all are counted.
#[test]
fn many_lies_are_counted() {
    let books = open(30);
    let mut conn = books.app();
    let rents = books.households.iter();
    let rents: Vec<_> = rents
        .map(|household| charge(*household, "1.00", ("2026-11-01", at(0))))
        .collect();
    post(&mut conn, &rents).unwrap();
    books.plant("UPDATE rent_account SET balance = 2");
    let key = SigningKey::generate().unwrap();
    let findings = verify(books.database.url(), &key, &Witness::new()).unwrap();
    assert_eq!((findings.lies.len(), findings.lies_found), (21, 31));
}

#[test]
fn odd_transfers_are_named() {
    let row = |what: &str| {
        let (mut debit, mut credit) = ("100000000", "1");
        let (mut amount, mut kind, mut reverses) = ("1.00", "charge", "NULL");
        match what {
            "names an unknown debit account" => debit = "57",
            "names an unknown credit account" => credit = "100000099",
            "moves money nowhere" => debit = "1",
            "has an impossible amount" => amount = "'NaN'",
            "is of an unknown kind" => kind = "gift",
            "is half a reversal" => reverses = "gen_random_uuid()",
            other => panic!("{other}"),
        }
        format!(
            "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_kind, \
               DROP CONSTRAINT ledger_transfer_between_two, DROP CONSTRAINT ledger_transfer_reverses; \
             INSERT INTO ledger_transfer VALUES (gen_random_uuid(), '2026-11-05', {debit}, \
             {credit}, {amount}, '{kind}', gen_random_uuid(), {reverses}, '2026-11-05 00:00+00')"
        )
    };
    for fault in [
        "names an unknown debit account",
        "names an unknown credit account",
        "moves money nowhere",
        "has an impossible amount",
        "is of an unknown kind",
        "is half a reversal",
    ] {
        let sealed = sealed();
        match sealed.first_lie(&row(fault)) {
            Lie::OddTransfer { fault: named, .. } => assert_eq!(named, fault),
            other => panic!("{fault}: {other}"),
        }
    }
}

#[test]
fn what_cannot_be_read_in_a_sealed_span_is_a_lie() {
    let sealed = sealed();
    let lie = format!(
        "UPDATE ledger_transfer SET amount = 'NaN' WHERE id = '{}'",
        sealed.transfers[0].id
    );
    assert!(matches!(
        sealed.first_lie(&lie),
        Lie::Unreadable { checkpoint: 1, .. }
    ));
}

#[test]
fn an_id_in_two_months_is_named() {
    let sealed = sealed();
    let undone = sealed.transfers[12].id;
    let named = sealed.first_lie(&format!(
        "INSERT INTO ledger_transfer SELECT id, '2026-12-01', debit, credit, amount, kind, source, \
         reverses, booked_at FROM ledger_transfer WHERE id = '{undone}'"
    ));
    assert_eq!(
        named,
        Lie::PostedTwice {
            id: undone,
            times: 2
        }
    );
}

#[test]
fn wrong_reversals_are_named() {
    let fresh = || Uuid::new_v4();
    let (other, second) = (fresh(), fresh());
    for (lie, fault) in [
        (
            "DELETE FROM ledger_transfer WHERE kind = 'reversal'".to_owned(),
            "is recorded but was never booked",
        ),
        (
            "DELETE FROM ledger_reversal".to_owned(),
            "has no record of who made it and why",
        ),
        (
            format!("UPDATE ledger_reversal SET reversed = '{other}'"),
            "is recorded as that of another transfer",
        ),
        (
            format!(
                "UPDATE ledger_reversal SET reversed = '{other}'; \
                     UPDATE ledger_transfer SET reverses = '{other}' WHERE kind = 'reversal'"
            ),
            "reverses a transfer that is not there",
        ),
        (
            "UPDATE ledger_transfer SET amount = 5 WHERE kind = 'reversal'".to_owned(),
            "does not mirror what it reverses",
        ),
        (
            "UPDATE ledger_reversal SET household = 100000003".to_owned(),
            "is recorded for another household",
        ),
        (
            format!(
                "INSERT INTO ledger_transfer SELECT '{second}', effective_on, debit, credit, amount, \
                 kind, source, reverses, booked_at + interval '1 second' FROM ledger_transfer \
                 WHERE kind = 'reversal'; \
                 INSERT INTO ledger_reversal SELECT '{other}', '{second}', household, '', '', now() \
                 FROM ledger_reversal"
            ),
            "reverses what was reversed before",
        ),
        (
            format!(
                "INSERT INTO ledger_transfer SELECT '{second}', effective_on, credit, debit, amount, \
                 kind, source, id, booked_at + interval '1 second' FROM ledger_transfer \
                 WHERE kind = 'reversal'; \
                 INSERT INTO ledger_reversal SELECT reversal, '{second}', household, '', '', now() \
                 FROM ledger_reversal"
            ),
            "reverses a reversal",
        ),
    ] {
        let sealed = sealed();
        match sealed.first_lie(&lie) {
            Lie::WrongReversal { fault: named, .. } => assert_eq!(named, fault),
            other => panic!("{fault}: {other}"),
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
    let lost = verify(sealed.books.database.url(), &sealed.key, &sealed.witness);
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
        verify(books.database.url(), &key, &witness)
            .unwrap()
            .are_clean()
    );
}

fn program(name: &str) -> Command {
    let folder = std::env::var_os("KAIFONG_PG_BIN").map(PathBuf::from);
    Command::new(folder.unwrap_or_default().join(name))
}

#[test]
fn a_restored_dump_is_verified() {
    let sealed = sealed();
    let restore = |lie: Option<&str>| {
        let copy = TestDatabase::create_empty();
        let mut dump = program("pg_dump")
            .args(["--dbname", sealed.books.database.url()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("pg_dump stands beside the server's programs");
        let restored = program("psql")
            .args(["--quiet", "--set=ON_ERROR_STOP=1", "--dbname", copy.url()])
            .stdin(dump.stdout.take().unwrap())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(restored.success() && dump.wait().unwrap().success());
        if let Some(lie) = lie {
            let mut conn = copy.connect();
            let lie = format!("SET session_replication_role = replica; {lie}");
            kaifong::platform::db::execute(&mut conn, &lie).unwrap();
        }
        verify(copy.url(), &sealed.key, &sealed.witness).unwrap()
    };
    let findings = restore(None);
    assert_eq!((findings.lies, findings.transfers), (vec![], 13));
    let lie = "UPDATE ledger_transfer SET amount = amount + 1 WHERE booked_at = (SELECT min(booked_at) FROM ledger_transfer)";
    let named = restore(Some(lie)).lies.remove(0);
    assert!(
        matches!(
            named,
            Lie::TransferChanged {
                checkpoint: 1,
                place: 1,
                ..
            }
        ),
        "{named}"
    );
}

/// A transfer onto an account that no household has cannot be posted; planted, it is named.
#[test]
fn every_general_account_is_known() {
    let sealed = sealed();
    let mut conn = sealed.books.app();
    let household = sealed.books.households[0];
    for (general, minute) in General::ALL.iter().zip(41..) {
        let when = ("2026-12-01", at(minute));
        let one = transfer(household, *general, "1.00", TransferKind::Adjustment, when);
        post(&mut conn, &[one]).unwrap();
    }
    let findings = sealed.verify();
    assert_eq!(findings.lies, vec![]);
    assert_eq!(findings.totals.len(), General::ALL.len() + 1);
}
