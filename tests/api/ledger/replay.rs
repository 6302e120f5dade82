//! Random lives of an account against a naive reckoning of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Numeric;
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger::{self, General, LedgerError, Source, Transfer, TransferKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{at, booked, date, open, post, reverse};

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

/// What all accounts have, added up: nothing, or money was made or lost.
fn everything(conn: &mut PgConnection) -> Money {
    let sums = "(SELECT coalesce(sum(balance), 0) FROM rent_account) \
        + (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE debit < 100000000) \
        - (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE credit < 100000000)";
    diesel::select(sql::<Numeric>(sums))
        .get_result(conn)
        .unwrap()
}

#[test]
fn no_money_is_made_or_lost() {
    let books = open(200);
    let next = AtomicUsize::new(0);
    let mut runner = TestRunner::new(Config::with_cases(40));
    let points = prop::collection::vec((0_u64..365, 0_i64..30), 12);
    runner
        .run(&(events(), points), |(events, points)| {
            let mut conn = books.app();
            let number = next.fetch_add(1, Ordering::Relaxed);
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
            prop_assert_eq!(everything(&mut conn), Money::ZERO);
            Ok(())
        })
        .unwrap();
}
