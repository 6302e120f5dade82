//! Balances, reversals and restored copies that lie.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use kaifong::ledger::Lie;
use uuid::Uuid;

use super::{sealed, verify};
use crate::support::TestDatabase;

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
        stored: "none".into(),
        computed: "2745.00".into(),
    };
    assert_eq!(sealed.verify().lies.remove(0), expected);
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
        verify(copy.url(), &sealed.key, Some(&sealed.witness)).unwrap()
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
