//! Postings, reversals, balances and entries.

use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::Numeric;
use kaifong::kernel::id::TransferId;
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger::{self, Extract, General, LedgerError, Order, Source, Transfer, TransferKind};
use kaifong::platform::auth::Actor;
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::db::{DbError, execute};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Books, at, booked, charge, date, money, open, payment, post};
use crate::support::count;

fn reverse(
    conn: &mut PgConnection,
    household: TenantCode,
    id: TransferId,
    now: DateTime<Utc>,
) -> Result<Transfer, LedgerError> {
    let actor = Actor::program("test");
    conn.transaction(|conn| ledger::reverse(conn, household, id, "wrong", &actor, now))
}

/// One thing that happens to an account.
#[derive(Debug, Clone)]
enum Event {
    Charge(i64, u64),
    Payment(i64, u64),
    Adjustment(i64, u64),
    /// Of one of the transfers so far.
    Reversal(prop::sample::Index),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let cents = 1_i64..1_000_000;
    let day = 0_u64..365;
    let event = prop_oneof![
        (cents.clone(), day.clone()).prop_map(|(cents, day)| Event::Charge(cents, day)),
        (cents.clone(), day.clone()).prop_map(|(cents, day)| Event::Payment(cents, day)),
        (cents, day, any::<bool>()).prop_map(|(cents, day, owed)| {
            Event::Adjustment(if owed { cents } else { -cents }, day)
        }),
        any::<prop::sample::Index>().prop_map(Event::Reversal),
    ];
    prop::collection::vec(event, 1..25)
}

fn made(household: TenantCode, event: &Event, now: DateTime<Utc>) -> Option<Transfer> {
    let (general, cents, kind, day) = match *event {
        Event::Charge(cents, day) => (General::RentIncome, cents, TransferKind::Charge, day),
        Event::Payment(cents, day) => (General::FpsClearing, -cents, TransferKind::Payment, day),
        Event::Adjustment(cents, day) => {
            (General::Adjustments, cents, TransferKind::Adjustment, day)
        }
        Event::Reversal(_) => return None,
    };
    let source = Source {
        id: uuid::Uuid::new_v4(),
        part: "",
    };
    let effective_on = date("2026-01-01") + Days::new(day);
    let amount = Money::of_cents(cents).unwrap();
    Transfer::between(
        household,
        general,
        amount,
        kind,
        source,
        (effective_on, now),
    )
}

/// Posts `events` a minute apart and returns what is on the account by a naive reckoning.
fn play(
    conn: &mut PgConnection,
    household: TenantCode,
    events: &[Event],
) -> Vec<(NaiveDate, DateTime<Utc>, i64)> {
    let mut on_account: Vec<(NaiveDate, DateTime<Utc>, i64)> = Vec::new();
    let mut posted: Vec<(Transfer, bool)> = Vec::new();
    for (event, minute) in events.iter().zip(1..) {
        let now = at(minute);
        let transfer = match (made(household, event, now), event) {
            (Some(transfer), _) => {
                post(conn, std::slice::from_ref(&transfer)).unwrap();
                transfer
            }
            (None, Event::Reversal(which)) if !posted.is_empty() => {
                let (of, reversed) = which.get_mut(&mut posted);
                match reverse(conn, household, of.id, now) {
                    Ok(mirror) => {
                        assert!(!*reversed && of.kind != TransferKind::Reversal);
                        assert_eq!(mirror.reverses, Some(of.id));
                        assert_eq!(mirror.effective_on, of.effective_on);
                        *reversed = true;
                        mirror
                    }
                    Err(LedgerError::NotReversible) => {
                        assert!(*reversed || of.kind == TransferKind::Reversal);
                        continue;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            _ => continue,
        };
        let cents = transfer.onto(household.number()).cents();
        on_account.push((transfer.effective_on, now, cents));
        posted.push((transfer, false));
    }
    on_account
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Numeric)]
    sum: Money,
}

fn sum(conn: &mut PgConnection, sql: &str) -> Money {
    let row: Sum = diesel::sql_query(sql).get_result(conn).unwrap();
    row.sum
}

/// What every account has, added up: nothing, or money was made or lost.
const EVERYTHING: &str = "SELECT (SELECT coalesce(sum(balance), 0) FROM rent_account) \
    + (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE debit < 100000000) \
    - (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE credit < 100000000) AS sum";

#[test]
fn no_money_is_made_or_lost() {
    let books = open(200);
    let next = AtomicI64::new(0);
    let mut runner = TestRunner::new(Config::with_cases(40));
    let points = prop::collection::vec((0_u64..365, 0_i64..30), 12);
    runner
        .run(&(events(), points), |(events, points)| {
            let mut conn = books.app();
            let number = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap();
            let household = books.households[number % books.households.len()];
            let already = booked(&mut conn, household).cents();
            prop_assert_eq!(already, 0);
            let on_account = play(&mut conn, household, &events);
            let owed: i64 = on_account.iter().map(|(_, _, cents)| cents).sum();
            let stored = booked(&mut conn, household);
            prop_assert_eq!(stored.cents(), owed);
            for (day, minute) in points {
                let (valid_on, known_at) = (date("2026-01-01") + Days::new(day), at(minute));
                let naive: i64 = on_account
                    .iter()
                    .filter(|(from, booked, _)| *from <= valid_on && *booked <= known_at)
                    .map(|(_, _, cents)| cents)
                    .sum();
                let asked = ledger::balance(&mut conn, household, valid_on, known_at).unwrap();
                prop_assert_eq!(
                    asked.cents(),
                    naive,
                    "as at {} known {}",
                    valid_on,
                    known_at
                );
            }
            prop_assert_eq!(sum(&mut conn, EVERYTHING), Money::ZERO);
            Ok(())
        })
        .unwrap();
}

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
    let connections: Vec<_> = (0..8).map(|_| std::sync::Mutex::new(books.app())).collect();
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
fn eight_who_post_the_same_things_at_once_post_them_once() {
    let books = open(40);
    let rents: Vec<_> = books
        .households
        .iter()
        .map(|household| charge(*household, "10.00", ("2026-11-01", at(0))))
        .collect();
    let connections: Vec<_> = (0..8).map(|_| std::sync::Mutex::new(books.app())).collect();
    let results = at_once(|number| {
        let mut rents = rents.clone();
        // Each in an order of its own: they must not wait for each other in a circle.
        rents.rotate_left(number * 5);
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
    let owed = sum(
        &mut books.app(),
        "SELECT sum(balance) AS sum FROM rent_account",
    );
    assert_eq!(owed, money("400.00"));
}

#[test]
fn opposite_postings_over_the_same_households_do_not_deadlock() {
    let books = open(2);
    let connections: Vec<_> = (0..8).map(|_| std::sync::Mutex::new(books.app())).collect();
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

fn ids(transfers: &[Transfer]) -> Vec<TransferId> {
    transfers.iter().map(|transfer| transfer.id).collect()
}

/// A household with two months of charges and payments, two of them on one day.
fn lived_in(books: &Books) -> Vec<Transfer> {
    let household = books.households[0];
    let mut posted = vec![
        charge(household, "2345.00", ("2026-10-01", at(0))),
        payment(household, "2345.00", ("2026-10-03", at(1))),
        charge(household, "2345.00", ("2026-11-01", at(2))),
        payment(household, "1000.00", ("2026-11-01", at(3))),
        payment(household, "1345.00", ("2026-11-05", at(4))),
    ];
    for transfer in &posted {
        post(&mut books.app(), std::slice::from_ref(transfer)).unwrap();
    }
    let other = charge(books.households[1], "1.00", ("2026-11-01", at(5)));
    post(&mut books.app(), &[other]).unwrap();
    posted.sort_by_key(|transfer| (transfer.effective_on, transfer.id));
    posted
}

#[test]
fn entries_come_in_pages_from_either_end() {
    let books = open(2);
    let mut conn = books.app();
    let mut expected = lived_in(&books);
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let mut extract = Extract {
            household: books.households[0],
            from: date("2026-01-01"),
            to: date("2026-12-31"),
            kind: None,
            known_at: None,
            order,
            after: None,
            rows: 10,
        };
        assert_eq!(ledger::entries(&mut conn, &extract).unwrap(), expected);
        extract.rows = 1;
        let mut paged = Vec::new();
        while let Some(transfer) = ledger::entries(&mut conn, &extract).unwrap().pop() {
            extract.after = Some((transfer.effective_on, transfer.id));
            paged.push(transfer);
        }
        assert_eq!(ids(&paged), ids(&expected), "{order}");
        expected.reverse();
    }
}

#[test]
fn entries_are_of_a_kind_a_time_and_what_was_known() {
    let books = open(2);
    let mut conn = books.app();
    let expected = lived_in(&books);
    let extract = Extract {
        household: books.households[0],
        from: date("2026-01-01"),
        to: date("2026-12-31"),
        kind: None,
        known_at: None,
        order: Order::OldestFirst,
        after: None,
        rows: 10,
    };
    let kept = |keep: &dyn Fn(&&Transfer) -> bool| -> Vec<Transfer> {
        expected.iter().filter(keep).cloned().collect()
    };
    let of_kind = Extract {
        kind: Some(TransferKind::Payment),
        ..extract
    };
    let payments = kept(&|transfer| transfer.kind == TransferKind::Payment);
    assert_eq!(ledger::entries(&mut conn, &of_kind).unwrap(), payments);
    let known = Extract {
        known_at: Some(at(2)),
        ..extract
    };
    let early = kept(&|transfer| transfer.booked_at <= at(2));
    assert_eq!(ledger::entries(&mut conn, &known).unwrap(), early);
    let (from, to) = (date("2026-10-03"), date("2026-11-01"));
    let between = Extract {
        from,
        to,
        ..extract
    };
    let inside = kept(&|transfer| (from..=to).contains(&transfer.effective_on));
    assert_eq!(ledger::entries(&mut conn, &between).unwrap(), inside);
    assert_eq!(inside.len(), 3);
}
