//! The door to the database, when things go wrong behind it.

use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use futures_util::future::{join, join_all};
use kaifong::platform::db::{Db, DbError, Patience, execute};

use crate::support::{Call, TestDatabase, count, start_with};

fn one_connection(queue: usize, wait_ms: u64) -> Patience {
    Patience {
        connections: 1,
        queue,
        wait: Duration::from_millis(wait_ms),
    }
}

/// A door with one connection, and the database behind it.
fn door() -> (Db, TestDatabase) {
    let database = TestDatabase::create();
    let db = Db::open(database.url(), one_connection(8, 5_000));
    (db, database)
}

async fn answer(db: &Db) -> Result<i32, DbError> {
    db.query(|conn| Ok(diesel::select(sql::<Integer>("1")).get_result(conn)?))
        .await
}

async fn run(db: &Db, statement: &'static str) -> Result<(), DbError> {
    db.write(move |conn| execute(conn, statement)).await
}

pub async fn until(mut happened: impl FnMut() -> bool) {
    for _ in 0..500 {
        if happened() {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never happened");
}

/// Waits until some statement of `database` waits for a lock.
pub async fn until_blocked(database: &TestDatabase) {
    let mut watching = database.connect();
    let blocked =
        "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(|| count(&mut watching, blocked) > 0).await;
}

#[actix_web::test]
async fn work_beyond_the_queue_is_refused_at_once() {
    let database = TestDatabase::create();
    let db = Db::open(database.url(), one_connection(1, 5_000));
    let began = Instant::now();

    let (slow, (queued, refused)) = join(run(&db, "SELECT pg_sleep(0.5)"), async {
        until(|| db.waiting() == 0).await;
        // Polled in this order: the first takes the queue's only place.
        join(answer(&db), async {
            let refused = answer(&db).await;
            (refused, began.elapsed())
        })
        .await
    })
    .await;

    assert!(slow.is_ok() && queued.is_ok(), "{slow:?} {queued:?}");
    assert!(matches!(refused.0, Err(DbError::Busy)), "{:?}", refused.0);
    assert!(refused.1 < Duration::from_millis(400), "{:?}", refused.1);
}

#[actix_web::test]
async fn who_waits_longer_than_agreed_is_refused_and_the_work_is_never_done() {
    let database = TestDatabase::create();
    let db = Db::open(database.url(), one_connection(8, 200));
    let began = Instant::now();

    let (slow, (refused, waited)) = join(run(&db, "SELECT pg_sleep(1)"), async {
        until(|| db.waiting() == 0).await;
        let refused = run(&db, "INSERT INTO household VALUES (100000000, now())").await;
        (refused, began.elapsed())
    })
    .await;

    // Work that has begun is waited for.
    assert!(slow.is_ok(), "{slow:?}");
    assert!(matches!(refused, Err(DbError::Busy)), "{refused:?}");
    assert!(waited < Duration::from_millis(900), "{waited:?}");
    assert_eq!(answer(&db).await.unwrap(), 1);
    assert_eq!(count(&mut database.connect(), "household"), 0);
}

#[actix_web::test]
async fn a_spent_queue_is_503_and_says_when_to_come_back() {
    let app = start_with(TestDatabase::create(), one_connection(1, 2_000)).await;
    let mut owner = app.database.connect();
    execute(
        &mut owner,
        "BEGIN; LOCK TABLE tenancy IN ACCESS EXCLUSIVE MODE",
    )
    .unwrap();
    let list = || app.send(Call::get("/v1/tenancies").scope("tenancy:read"));

    let (blocked, (queued, refused)) = join(list(), async {
        until_blocked(&app.database).await;
        join(list(), async {
            let refused = list().await;
            execute(&mut owner, "COMMIT").unwrap();
            refused
        })
        .await
    })
    .await;

    assert_eq!(
        (blocked.status.as_u16(), queued.status.as_u16()),
        (200, 200)
    );
    assert_eq!((refused.status.as_u16(), refused.problem()), (503, "busy"));
    assert_eq!(refused.header("retry-after"), "1");
}

#[actix_web::test]
async fn a_lock_not_got_in_time_is_503_too() {
    let app = start_with(TestDatabase::create(), one_connection(8, 5_000)).await;
    let mut owner = app.database.connect();
    execute(
        &mut owner,
        "BEGIN; LOCK TABLE tenancy IN ACCESS EXCLUSIVE MODE",
    )
    .unwrap();

    let answer = app
        .send(Call::get("/v1/tenancies").scope("tenancy:read"))
        .await;

    assert_eq!((answer.status.as_u16(), answer.problem()), (503, "busy"));
    execute(&mut owner, "ROLLBACK").unwrap();
    let answer = app
        .send(Call::get("/v1/tenancies").scope("tenancy:read"))
        .await;
    assert_eq!(answer.status.as_u16(), 200);
}

#[actix_web::test]
async fn work_that_panics_answers_an_error_and_leaves_nothing() {
    let (db, database) = door();

    for _ in 0..3 {
        let panicked: Result<(), DbError> = db
            .write(|conn| {
                execute(conn, "INSERT INTO household VALUES (100000000, now())")?;
                panic!("in the middle of a transaction");
            })
            .await;
        assert!(matches!(panicked, Err(DbError::Panicked)), "{panicked:?}");
    }

    assert_eq!(answer(&db).await.unwrap(), 1);
    assert_eq!(count(&mut database.connect(), "household"), 0);
}

/// Ends every connection to this test's database but `owner`'s; says how many there were.
///
/// `CASE` is what keeps it to this database: PostgreSQL may judge the parts of an `AND` in any
/// order, and other tests share the server.
fn cut_off(owner: &mut PgConnection) -> i64 {
    let cut = "CASE WHEN datname = current_database() AND pid <> pg_backend_pid() \
               THEN pg_terminate_backend(pid) ELSE false END";
    count(owner, &format!("pg_stat_activity WHERE {cut}"))
}

#[actix_web::test]
async fn a_connection_cut_off_in_the_middle_of_work_heals() {
    let (db, database) = door();
    let mut owner = database.connect();

    let (cut, ()) = join(run(&db, "SELECT pg_sleep(4)"), async {
        let asleep =
            "pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
        until(|| count(&mut owner, asleep) > 0).await;
        assert_eq!(cut_off(&mut owner), 1);
    })
    .await;

    assert!(matches!(cut, Err(DbError::Away(_))), "{cut:?}");
    assert_eq!(answer(&db).await.unwrap(), 1);
    assert_eq!(cut_off(&mut owner), 1, "one new connection");
}

#[actix_web::test]
async fn a_connection_cut_off_while_idle_costs_at_most_one_answer() {
    let (db, database) = door();
    let mut owner = database.connect();
    answer(&db).await.unwrap();

    cut_off(&mut owner);
    let at_once = answer(&db).await;
    let next = answer(&db).await;
    cut_off(&mut owner);
    actix_web::rt::time::sleep(Duration::from_millis(1_100)).await;
    let after_a_while = answer(&db).await;

    assert!(
        matches!(at_once, Ok(1) | Err(DbError::Away(_))),
        "{at_once:?}"
    );
    assert_eq!(next.unwrap(), 1);
    assert_eq!(after_a_while.unwrap(), 1);
}

#[actix_web::test]
async fn a_server_that_is_not_there_is_away_within_the_wait() {
    let url = "postgresql://nobody@/nothing?host=/nowhere";
    let db = Db::open(url, one_connection(8, 200));
    let began = Instant::now();

    let answers = join_all((0..4).map(|_| answer(&db))).await;

    for answer in answers {
        assert!(
            matches!(answer, Err(DbError::Away(_) | DbError::Busy)),
            "{answer:?}"
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[actix_web::test]
async fn a_statement_over_the_limit_is_an_error() {
    let (db, _database) = door();
    let began = Instant::now();

    let over = run(
        &db,
        "SET LOCAL statement_timeout = '100ms'; SELECT pg_sleep(30)",
    )
    .await;

    assert!(matches!(over, Err(DbError::BrokenOff(_))), "{over:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(answer(&db).await.unwrap(), 1);
}

#[actix_web::test]
async fn every_connection_is_the_applications_and_has_its_limits() {
    let (db, _database) = door();
    for (setting, value) in [
        ("role", "kaifong_app"),
        ("timezone", "UTC"),
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ] {
        let shown: Result<String, DbError> = db
            .query(move |conn| {
                let current = sql::<Text>(&format!("current_setting('{setting}')"));
                Ok(diesel::select(current).get_result(conn)?)
            })
            .await;
        assert_eq!(shown.unwrap(), value, "{setting}");
    }
}

#[actix_web::test]
async fn only_write_writes() {
    let (db, database) = door();
    let insert = "INSERT INTO household VALUES (100000000, now())";

    let read = db.read(move |conn| execute(conn, insert)).await;
    let query = db.query(move |conn| execute(conn, insert)).await;

    for refused in [read, query] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("read-only transaction"), "{error}");
    }
    assert_eq!(count(&mut database.connect(), "household"), 0);
    run(&db, insert).await.unwrap();
    assert_eq!(count(&mut database.connect(), "household"), 1);
}

#[actix_web::test]
async fn a_refused_write_keeps_nothing() {
    let (db, database) = door();

    let refused = run(
        &db,
        "INSERT INTO household VALUES (100000000, now()); INSERT INTO household VALUES (1, now())",
    )
    .await;

    let error = refused.unwrap_err();
    assert_eq!(error.constraint(), Some("household_number_has_nine_digits"));
    assert_eq!(count(&mut database.connect(), "household"), 0);
}
