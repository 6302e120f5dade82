//! Many at once: one wins, nobody waits for ever.

use std::sync::{Barrier, Mutex};

use diesel::prelude::*;
use kaifong::kernel::money::Money;
use kaifong::kernel::month::Month;
use kaifong::ledger::{self, LedgerError};
use kaifong::platform::crypto::SigningKey;

use super::{at, booked, charge, money, open, post, reverse};
use crate::support::count;

/// Runs `work` on eight threads at once and returns how each fared.
fn at_once<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let threads: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    barrier.wait();
                    work(number)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

#[test]
fn of_eight_who_reverse_a_transfer_at_once_one_does() {
    let books = open(1);
    let rent = charge(books.households[0], "2345.00", ("2026-11-01", at(0)));
    post(&mut books.app(), std::slice::from_ref(&rent)).unwrap();
    let connections: Vec<_> = (0..8).map(|_| Mutex::new(books.app())).collect();
    let results = at_once(|number| {
        let mut conn = connections[number].lock().unwrap();
        reverse(&mut conn, books.households[0], rent.id, at(1))
    });
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for result in lost {
        assert!(
            matches!(result, Err(LedgerError::NotReversible)),
            "{result:?}"
        );
    }
    let mut conn = books.app();
    let balance = booked(&mut conn, books.households[0]);
    assert_eq!(balance, Money::ZERO);
    let entry = "audit_entry WHERE action = 'ledger.transfer.reversed'";
    assert_eq!(count(&mut conn, entry), 1);
    assert_eq!(
        count(
            &mut conn,
            "ledger_reversal WHERE recorded_by = 'kaifong:test'"
        ),
        1
    );
}

#[test]
fn eight_who_post_the_same_things_at_once_post_them_once() {
    let books = open(40);
    let households = books.households.iter().cycle().take(8000);
    let rents: Vec<_> = households
        .map(|household| charge(*household, "10.00", ("2026-11-01", at(0))))
        .collect();
    let connections: Vec<_> = (0..8).map(|_| Mutex::new(books.app())).collect();
    let results = at_once(|number| {
        let mut rents = rents.clone();
        // Each in an order of its own, and so many that they meet midway: they must not wait
        // for each other in a circle.
        rents.rotate_left(number * 1000);
        if number % 2 == 0 {
            rents.reverse();
        }
        post(&mut connections[number].lock().unwrap(), &rents)
    });
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for result in lost {
        assert!(
            matches!(result, Err(LedgerError::AlreadyPosted)),
            "{result:?}"
        );
    }
    assert_eq!(
        count(&mut books.app(), "rent_account WHERE balance = 2000"),
        40
    );
}

#[test]
fn opposite_postings_over_the_same_households_do_not_deadlock() {
    let books = open(2);
    let connections: Vec<_> = (0..8).map(|_| Mutex::new(books.app())).collect();
    let results = at_once(|number| {
        let mut conn = connections[number].lock().unwrap();
        let mut households = books.households.clone();
        households.rotate_left(number % 2);
        (0..25).try_for_each(|minute| {
            let when = ("2026-11-01", at(minute));
            let charges = households
                .iter()
                .map(|household| charge(*household, "1.00", when));
            post(&mut conn, &charges.collect::<Vec<_>>())
        })
    });
    for result in results {
        result.unwrap();
    }
    for household in &books.households {
        let balance = booked(&mut books.app(), *household);
        assert_eq!(balance, money("200.00"));
    }
}

/// A checkpoint waits for a posting that is under way, and seals it.
#[test]
fn a_checkpoint_waits_for_postings_under_way() {
    let books = open(1);
    let key = SigningKey::generate().unwrap();
    let rent = charge(books.households[0], "1.00", ("2026-11-01", at(0)));
    let mut conn = books.app();
    let sealed = std::thread::scope(|scope| {
        let sealing = conn.transaction(|conn| {
            ledger::post(conn, &[rent], at(0))?;
            let sealing = scope.spawn(|| {
                let mut conn = books.app();
                conn.transaction(|conn| ledger::seal(conn, &key, at(1), at(2)))
            });
            let mut watcher = books.owner();
            let waiting =
                "pg_locks WHERE locktype = 'advisory' AND objid = 7210813 AND NOT granted";
            while count(&mut watcher, waiting) == 0 {
                assert!(!sealing.is_finished(), "it did not wait");
            }
            Ok::<_, LedgerError>(sealing)
        });
        sealing.unwrap().join().unwrap().unwrap()
    });
    assert_eq!(sealed.unwrap().transfers, 1);
}

#[test]
fn of_eight_who_open_a_month_at_once_none_fails() {
    let books = open(1);
    let connections: Vec<_> = (0..8).map(|_| Mutex::new(books.app())).collect();
    for month in [
        "2040-01", "2040-02", "2040-03", "2040-04", "2040-05", "2040-06",
    ] {
        let month: Month = month.parse().unwrap();
        let results = at_once(|number| {
            let mut conn = connections[number].lock().unwrap();
            ledger::open_months(&mut conn, month, month)
        });
        assert!(results.iter().all(Result::is_ok), "{month}: {results:?}");
    }
}
