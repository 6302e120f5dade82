//! What the ledger refuses.

use diesel::prelude::*;
use kaifong::kernel::id::TransferId;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger::{self, LedgerError, Transfer, Undo};
use kaifong::platform::auth::Actor;
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::db::{DbError, execute, transact};

use super::{at, booked, charge, money, open, post, reverse};
use crate::support::count;

#[test]
fn only_an_accounts_own_transfers_are_reversed() {
    let books = open(2);
    let mut conn = books.app();
    let rent = charge(books.households[0], "2345.00", ("2026-11-01", at(0)));
    post(&mut conn, std::slice::from_ref(&rent)).unwrap();
    for (household, id) in [
        (books.households[1], rent.id),
        (books.households[0], TransferId::fresh()),
    ] {
        let refused = reverse(&mut conn, household, id, at(1));
        assert!(
            matches!(refused, Err(LedgerError::NoSuchTransfer)),
            "{refused:?}"
        );
    }
    let mirror = reverse(&mut conn, books.households[0], rent.id, at(1)).unwrap();
    let refused = reverse(&mut conn, books.households[0], mirror.id, at(2));
    assert!(
        matches!(refused, Err(LedgerError::NotReversible)),
        "{refused:?}"
    );
}

#[test]
fn many_are_reversed_at_once_and_each_once() {
    let books = open(3);
    let mut conn = books.app();
    let charges: Vec<Transfer> = books
        .households
        .iter()
        .map(|household| charge(*household, "2345.00", ("2026-11-01", at(0))))
        .collect();
    post(&mut conn, &charges).unwrap();
    // One of them by hand, before.
    reverse(&mut conn, books.households[1], charges[1].id, at(1)).unwrap();
    let undo = |at: usize, household: usize| Undo {
        household: books.households[household],
        transfer: charges[at].id,
        reason: format!("reason {at}"),
    };
    let all = [undo(2, 2), undo(0, 0), undo(1, 1), undo(0, 0)];
    let actor = Actor::program("test");
    let mirrors = transact(&mut conn, |conn| {
        ledger::reverse_all(conn, &all, &actor, at(2))
    })
    .unwrap();
    assert_eq!(mirrors.len(), 2);
    for household in &books.households {
        assert_eq!(booked(&mut conn, *household), money("0.00"));
    }
    let again = transact(&mut conn, |conn| {
        ledger::reverse_all(conn, &all, &actor, at(3))
    });
    assert_eq!(again.unwrap(), []);
    // One that is another's refuses all of them.
    let other = [undo(0, 1)];
    let refused = transact(&mut conn, |conn| {
        ledger::reverse_all(conn, &other, &actor, at(3))
    });
    assert!(
        matches!(refused, Err(LedgerError::NoSuchTransfer)),
        "{refused:?}"
    );
    let mut owner = books.database.connect();
    assert_eq!(
        count(&mut owner, "ledger_transfer WHERE kind = 'reversal'"),
        3
    );
    let reasons = "ledger_reversal WHERE reason IN ('reason 0', 'reason 2')";
    assert_eq!(count(&mut owner, reasons), 2);
    let findings = ledger::verify(&mut conn, &[], None, |_| {}).unwrap();
    assert!(findings.lies.is_empty(), "{:?}", findings.lies);
}

#[test]
fn a_source_is_posted_once() {
    let books = open(1);
    let mut conn = books.app();
    let rent = charge(books.households[0], "2345.00", ("2026-11-01", at(0)));
    post(&mut conn, std::slice::from_ref(&rent)).unwrap();
    let again = Transfer {
        booked_at: at(5),
        ..rent
    };
    let refused = post(&mut conn, &[again]);
    assert!(
        matches!(refused, Err(LedgerError::AlreadyPosted)),
        "{refused:?}"
    );
    let balance = booked(&mut conn, books.households[0]);
    assert_eq!(balance, money("2345.00"));
}

#[test]
fn postings_that_cannot_be_are_refused_whole() {
    let books = open(1);
    let mut conn = books.app();
    let good = charge(books.households[0], "1.00", ("2026-11-01", at(0)));
    let stranger = TenantCode::of(TenantCode::LAST).unwrap();
    let nobody = charge(stranger, "1.00", ("2026-11-01", at(0)));
    let refused = post(&mut conn, &[good.clone(), nobody]);
    assert!(
        matches!(refused, Err(LedgerError::NoSuchHousehold)),
        "{refused:?}"
    );

    for outside in ["2025-12-31", "2027-01-01"] {
        let outside = charge(books.households[0], "1.00", (outside, at(0)));
        let refused = post(&mut conn, &[good.clone(), outside.clone()]);
        let named = match &refused {
            Err(LedgerError::OutsideLedger(date)) => Some(*date),
            _ => None,
        };
        assert_eq!(named, Some(outside.effective_on), "{refused:?}");
    }
    assert_eq!(count(&mut conn, "ledger_transfer"), 0);
    assert_eq!(count(&mut conn, "rent_account"), 0);
}

#[test]
fn nothing_is_posted_into_a_sealed_span() {
    let books = open(1);
    let mut conn = books.app();
    let key = SigningKey::generate().unwrap();
    let household = books.households[0];
    post(
        &mut conn,
        &[charge(household, "1.00", ("2026-11-01", at(0)))],
    )
    .unwrap();
    let seal = |through, now| {
        let mut conn = books.app();
        conn.transaction(|conn| ledger::seal(conn, &key, through, now))
    };
    let early = seal(at(3), at(2));
    assert!(matches!(early, Err(LedgerError::NotPassed(_))));
    assert!(
        seal(at(2), at(3))
            .unwrap()
            .is_some_and(|made| made.number == 1)
    );
    assert!(
        seal(at(3), at(3)).unwrap().is_none(),
        "there was nothing to seal"
    );

    let late = charge(household, "1.00", ("2026-11-01", at(2)));
    let refused = post(&mut conn, std::slice::from_ref(&late));
    assert!(
        matches!(refused, Err(LedgerError::Sealed(through)) if through == at(2)),
        "{refused:?}"
    );
    // Nor by saying that it is posted later than it says of itself.
    let refused = conn.transaction(|conn| ledger::post(conn, &[late], at(9)));
    assert!(
        matches!(refused, Err(LedgerError::Sealed(_))),
        "{refused:?}"
    );
    post(
        &mut conn,
        &[charge(household, "1.00", ("2026-11-01", at(3)))],
    )
    .unwrap();
    assert!(
        seal(at(3), at(4))
            .unwrap()
            .is_some_and(|made| made.number == 2)
    );
}

fn refused(conn: &mut PgConnection, sql: &str) -> String {
    match execute(conn, sql) {
        Err(DbError::Query(error)) => error.to_string(),
        other => panic!("{sql} is not refused: {other:?}"),
    }
}

#[test]
fn what_is_booked_stays() {
    let books = open(1);
    let household = books.households[0];
    let (mut app, mut owner) = (books.app(), books.owner());
    let rent = charge(household, "1.00", ("2026-11-01", at(0)));
    post(&mut app, std::slice::from_ref(&rent)).unwrap();
    reverse(&mut app, household, rent.id, at(1)).unwrap();
    let key = SigningKey::generate().unwrap();
    let sealed = app.transaction(|conn| ledger::seal(conn, &key, at(1), at(2)));
    assert!(sealed.unwrap().is_some());
    for (table, column) in [
        ("ledger_transfer", "amount = 2"),
        ("ledger_transfer_p202611", "amount = 2"),
        ("ledger_reversal", "reason = ''"),
        ("ledger_checkpoint", "transfers = 0"),
    ] {
        for sql in [
            format!("UPDATE {table} SET {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            let said = refused(&mut app, &sql);
            assert!(said.contains("permission denied"), "{sql}: {said}");
            let said = refused(&mut owner, &sql);
            assert!(said.contains("only ever grows"), "{sql}: {said}");
        }
    }
    let said = refused(&mut app, "DELETE FROM rent_account");
    assert!(said.contains("permission denied"), "{said}");
}
