//! A generated population: complete, in balance, what postings would have made, and the same
//! for the same seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use kaifong::cli::import::{How, Import};
use kaifong::kernel::clock::Clock;
use kaifong::kernel::money::Money;
use kaifong::kernel::month::Month;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::{Unwatched, Watch};
use kaifong::platform::db::{self, execute};
use kaifong::population::{self, Order, PopulationError, Summary};
use kaifong::rent::{self, RuleShelf, RunOrder};

use crate::support::{TestDatabase, count};

/// Nine in the morning of 20 November 2026 in Hong Kong.
struct Morning;

impl Clock for Morning {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-20T01:00:00Z".parse().unwrap()
    }
}

fn order(tenancies: u32, seed: u64) -> Order {
    Order {
        months: 6,
        ..Order::new(tenancies, seed, Morning.now())
    }
}

/// A database with the reference estates and their rates.
fn estates() -> TestDatabase {
    let database = TestDatabase::create();
    let import = Import::Reference {
        how: How::default(),
    };
    import.run(database.url(), Morning.now()).unwrap();
    rent::assume_rates(&mut database.connect(), Morning.now()).unwrap();
    database
}

fn populated(order: &Order) -> (TestDatabase, Summary) {
    let database = estates();
    let summary = population::generate(
        database.url(),
        &database.vault(Morning.now()),
        order,
        Morning.now(),
        &Unwatched,
    )
    .unwrap();
    (database, summary)
}

fn text(conn: &mut PgConnection, sql: &str) -> String {
    diesel::dsl::sql::<Text>(sql).get_result(conn).unwrap()
}

/// A digest of every row of every table that a population fills.
fn digest(conn: &mut PgConnection) -> String {
    let tables = [
        "flat",
        "household",
        "tenancy",
        "membership",
        "rent_award",
        "rent_charge",
        "rent_account",
        "rent_run",
        "ledger_transfer",
    ];
    let digests = tables.map(|table| {
        let rows =
            format!("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} t");
        format!("{table} {}", text(conn, &rows))
    });
    digests.join("\n")
}

const BALANCES_THAT_DIFFER: &str = "rent_account a WHERE balance <> \
    (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE debit = a.household) - \
    (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE credit = a.household)";

const CHARGES_THAT_ARE_NOT_POSTED: &str = "rent_charge c WHERE amount <> \
    (SELECT sum(CASE WHEN debit = c.household THEN amount ELSE -amount END) FROM ledger_transfer t \
     WHERE t.source = c.tenancy_id AND t.effective_on = c.effective_on AND t.kind = 'charge')";

#[test]
fn a_population_is_complete_and_in_balance() {
    let order = order(300, 11);
    let (database, summary) = populated(&order);
    let conn = &mut database.connect();
    let whole = |number: usize| i64::try_from(number).unwrap();
    assert_eq!(summary.tenancies, 300);
    assert_eq!(count(conn, "tenancy WHERE ends_on IS NULL"), 300);
    assert_eq!(
        count(conn, "tenancy WHERE ends_on IS NOT NULL"),
        whole(summary.ended)
    );
    assert_eq!(count(conn, "household"), whole(summary.households));
    assert_eq!(count(conn, "rent_account"), whole(summary.households));
    assert_eq!(count(conn, "flat"), whole(summary.flats));
    assert_eq!(count(conn, "rent_award"), whole(summary.awards));
    assert_eq!(
        count(conn, "rent_charge"),
        i64::try_from(summary.charges).unwrap()
    );
    assert_eq!(
        count(conn, "ledger_transfer"),
        i64::try_from(summary.transfers).unwrap()
    );
    assert_eq!(count(conn, "rent_run WHERE state = 'finished'"), 6);
    assert_eq!(count(conn, BALANCES_THAT_DIFFER), 0);
    assert_eq!(count(conn, CHARGES_THAT_ARE_NOT_POSTED), 0);
    assert_eq!(
        count(conn, "rent_account WHERE balance > 0"),
        whole(summary.owing)
    );
    assert_eq!(
        count(conn, "rent_account WHERE balance < 0"),
        whole(summary.in_credit)
    );
    let run = "rent_run r WHERE ROW(done, charged) IS DISTINCT FROM \
        (SELECT ROW(count(*), sum(amount)) FROM rent_charge c WHERE c.month = r.month)";
    assert_eq!(count(conn, run), 0);
    let future =
        "ledger_transfer WHERE booked_at > '2026-11-20T01:00Z' OR effective_on > '2026-10-31'";
    assert_eq!(count(conn, future), 0);
    let next: i64 =
        diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT nextval('household_number')")
            .get_result(conn)
            .unwrap();
    assert_eq!(next, 100_000_000 + whole(summary.households));
}

#[test]
fn every_tenancy_and_month_has_one_charge_and_revising_changes_nothing() {
    let order = order(300, 12);
    let (database, _) = populated(&order);
    let conn = &mut database.connect();
    let clock: Arc<dyn Clock> = Arc::new(Morning);
    for month in order.until.minus(5).through(order.until) {
        let (first, last) = (month.first(), month.last());
        let touching = format!(
            "tenancy t LEFT JOIN rent_charge c ON c.tenancy_id = t.id AND c.month = '{first}' \
             AND c.revision = 0 WHERE starts_on <= '{last}' AND coalesce(ends_on, '{last}') >= '{first}'"
        );
        assert!(count(conn, &touching) >= 295);
        assert_eq!(count(conn, &format!("{touching} AND c.month IS NULL")), 0);
        let rehearsal = RunOrder {
            month,
            revise: true,
            rehearse: true,
        };
        let billed = rent::run(database.url(), &clock, rehearsal, &Unwatched).unwrap();
        assert_eq!(billed.tenancies, 0, "{month}: {billed:?}");
    }
    assert_eq!(count(conn, "rent_charge WHERE revision > 0"), 0);
    let charged = "SELECT count(*) FROM tenancy t, generate_series('2026-05-01'::date, '2026-10-01', '1 month') m \
        WHERE daterange(starts_on, ends_on, '[]') && daterange(m::date, (m + interval '1 month')::date)";
    assert_eq!(
        count(conn, "rent_charge"),
        count(
            conn,
            &format!("({charged}) AS touched(n), generate_series(1, n)")
        )
    );
}

/// With a month that is charged ahead, awards, households in credit and those who left.
#[test]
fn many_households_are_told_what_each_is_told_alone() {
    let (database, _) = populated(&order(300, 12));
    let (conn, shelf, now) = (&mut database.connect(), RuleShelf::default(), Morning.now());
    let codes = diesel::dsl::sql::<BigInt>("SELECT number FROM household ORDER BY number DESC");
    let mut codes: Vec<TenantCode> = codes.load(conn).unwrap();
    // One that is no household, and one asked for twice.
    codes.extend([TenantCode::of(987_654_321).unwrap(), codes[0]]);
    for charged in [false, true] {
        if charged {
            let ahead = RunOrder {
                month: "2026-12".parse().unwrap(),
                revise: false,
                rehearse: false,
            };
            let clock: Arc<dyn Clock> = Arc::new(Morning);
            rent::run(database.url(), &clock, ahead, &Unwatched).unwrap();
        }
        for month in ["2026-11", "2026-12"] {
            let month: Month = month.parse().unwrap();
            let many = rent::dues(conn, &shelf, &codes, (month, now)).unwrap();
            let told: BTreeMap<_, _> = many.into_iter().collect();
            assert_eq!(told.len(), codes.len() - 2);
            let mut owed = 0;
            for (code, due) in told {
                let alone = rent::overview(conn, &shelf, code, now).map(|overview| {
                    let quotes = [overview.this_month, overview.next_month];
                    quotes.into_iter().find(|quote| quote.month == month)
                });
                let alone = alone.map(|quote| quote.unwrap().due);
                owed += usize::from(alone.as_ref().is_ok_and(|due| *due > Money::ZERO));
                assert_eq!(format!("{due:?}"), format!("{alone:?}"), "{code} {month}");
            }
            assert!(owed > 200, "{owed}");
        }
    }
}

#[test]
fn the_seed_decides_everything() {
    let (one, same, other) = (order(120, 1), order(120, 1), order(120, 2));
    let digests = [one, same, other].map(|order| digest(&mut populated(&order).0.connect()));
    assert_eq!(digests[0], digests[1]);
    for (one, other) in digests[0].lines().zip(digests[2].lines()) {
        assert_ne!(one, other);
    }
}

#[test]
fn a_loaded_month_is_like_one_that_was_opened() {
    let (database, _) = populated(&order(20, 1));
    let conn = &mut database.connect();
    let clock: Arc<dyn Clock> = Arc::new(Morning);
    rent::run(
        database.url(),
        &clock,
        RunOrder {
            month: "2026-11".parse().unwrap(),
            revise: false,
            rehearse: false,
        },
        &Unwatched,
    )
    .unwrap();
    let shape = |conn: &mut PgConnection, digits: &str| {
        let name = format!("ledger_transfer_p{digits}");
        let shape = text(
            conn,
            &format!(
                "SELECT concat_ws(E'\\n', \
                 (SELECT string_agg(indexdef, E'\\n' ORDER BY indexname) FROM pg_indexes WHERE tablename = '{name}'), \
                 (SELECT string_agg(concat_ws(' ', conname, pg_get_constraintdef(oid), coninhcount), E'\\n' ORDER BY conname) FROM pg_constraint WHERE conrelid = '{name}'::regclass), \
                 (SELECT string_agg(concat_ws(' ', tgname, tgenabled, tgtype, tgparentid > 0), E'\\n' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = '{name}'::regclass), \
                 (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attstorage), E'\\n' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{name}'::regclass AND attnum > 0), \
                 (SELECT relacl::text FROM pg_class WHERE oid = '{name}'::regclass))"
            ),
        );
        shape.replace(digits, "YYYYMM")
    };
    assert_eq!(shape(conn, "202610"), shape(conn, "202611"));
    assert!(execute(conn, "DELETE FROM ledger_transfer_p202610").is_err());
    assert!(execute(conn, "TRUNCATE ledger_transfer_p202610").is_err());
}

#[test]
fn only_an_empty_database_is_populated_and_only_as_ordered() {
    let (database, _) = populated(&order(5, 1));
    let again = |order: &Order, database: &TestDatabase, watch: &dyn Watch| {
        let vault = database.vault(Morning.now());
        population::generate(database.url(), &vault, order, Morning.now(), watch)
    };
    let refused = again(&order(5, 1), &database, &Unwatched);
    assert!(
        matches!(refused, Err(PopulationError::NotEmpty)),
        "{refused:?}"
    );
    let this_month: Month = "2026-11".parse().unwrap();
    let ahead = Order {
        until: this_month.next(),
        ..order(5, 1)
    };
    let refused = again(&ahead, &database, &Unwatched);
    assert!(
        matches!(refused, Err(PopulationError::Order)),
        "{refused:?}"
    );
    let bare = TestDatabase::create();
    let refused = again(&order(5, 1), &bare, &Unwatched);
    assert!(
        matches!(refused, Err(PopulationError::NoEstates(_))),
        "{refused:?}"
    );
}

#[test]
fn a_month_under_way_is_paid_as_far_as_it_has_passed() {
    let order = Order {
        until: "2026-11".parse().unwrap(),
        ..order(300, 3)
    };
    let (database, _) = populated(&order);
    let conn = &mut database.connect();
    assert_eq!(
        count(
            conn,
            "ledger_transfer WHERE booked_at > '2026-11-20T01:00Z'"
        ),
        0
    );
    assert!(
        count(
            conn,
            "ledger_transfer WHERE kind = 'payment' AND effective_on >= '2026-11-01'"
        ) > 200
    );
    assert_eq!(
        count(
            conn,
            "tenancy WHERE greatest(starts_on, ends_on) > '2026-11-20'"
        ),
        0
    );
    assert_eq!(
        count(
            conn,
            "tenancy WHERE greatest(recorded_at, end_recorded_at) > '2026-11-20T01:00Z'"
        ),
        0
    );
    assert_eq!(
        count(conn, "rent_award WHERE recorded_at > '2026-11-20T01:00Z'"),
        0
    );
}

/// Somebody presses Ctrl-C.
struct Impatient;

impl Watch for Impatient {
    fn progress(&self, _done: i64, _total: i64) {}

    fn stopped(&self) -> bool {
        true
    }
}

#[test]
fn what_is_stopped_leaves_nothing_behind() {
    let database = estates();
    let vault = database.vault(Morning.now());
    let generate = |watch: &dyn Watch| {
        population::generate(database.url(), &vault, &order(50, 1), Morning.now(), watch)
    };
    let stopped = generate(&Impatient);
    assert!(
        matches!(stopped, Err(PopulationError::Stopped)),
        "{stopped:?}"
    );
    assert!(population::is_empty(&mut db::connect(database.url()).unwrap()).unwrap());
    generate(&Unwatched).unwrap();
}

#[test]
fn every_household_has_as_many_people_as_its_tenancy_says() {
    let order = order(300, 14);
    let (database, summary) = populated(&order);
    let conn = &mut database.connect();
    let people = i64::try_from(summary.people).unwrap();
    assert_eq!(count(conn, "person"), people);
    assert_eq!(count(conn, "membership"), people);
    assert_eq!(count(conn, "data_key WHERE class = 'identity'"), people);
    let sizes = "tenancy t WHERE ends_on IS NULL AND household_size <> \
        (SELECT count(*) FROM membership m WHERE m.household = t.household AND m.ends_on IS NULL \
         AND m.role IN ('head', 'authorised_member'))";
    assert_eq!(count(conn, sizes), 0);
    let headless = "household h WHERE 1 <> \
        (SELECT count(*) FROM membership m WHERE m.household = h.number AND m.role = 'head')";
    assert_eq!(count(conn, headless), 0);
    let ahead = "membership WHERE starts_on > '2026-11-20' OR ends_on > '2026-11-20' \
        OR recorded_at > '2026-11-20T01:00Z'";
    assert_eq!(count(conn, ahead), 0);
    let known = "person WHERE document_index IS NULL OR birth_date IS NULL OR sex IS NULL";
    assert_eq!(count(conn, known), 0);
    // About two and a half a tenancy, helpers included.
    assert!((2 * 300..4 * 320).contains(&people), "{people}");
}
