//! Work of many callers in one transaction: gathered, answered after its commit, each for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use futures_util::future::{join, join_all};
use kaifong::platform::db::{Company, Db, DbError, Gatherer, Patience, Whole, execute};

use crate::door::{until, until_blocked};
use crate::support::{TestDatabase, count};

/// The first household; one below has too few digits, and a constraint refuses it.
const FIRST: i64 = 100_000_000;

const ALONE: Company = Company {
    most: 16,
    at_once: 1,
    queue: 64,
};

/// What a piece of work says of itself.
type Households = Gatherer<i64, i64, DbError>;

/// Gathers new households, and counts how often it began a transaction.
fn gathering(db: &Db, company: Company) -> (Households, Arc<AtomicU32>) {
    let begun = Arc::new(AtomicU32::new(0));
    let times = Arc::clone(&begun);
    let whole = Whole {
        said,
        once: &["household_pkey"],
    };
    let households = Gatherer::new(db, company, whole, move |conn, numbers: &[i64]| {
        times.fetch_add(1, Ordering::Relaxed);
        assert!(!numbers.contains(&PANICS), "as it was told");
        house(conn, numbers)
    });
    (households, begun)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it has the shape of those that tell nothing"
)]
fn said(error: &DbError) -> Option<&DbError> {
    Some(error)
}

/// A household that somebody trips over.
const PANICS: i64 = 999_999_999;
/// One that is refused by itself.
const REFUSED: i64 = 888_888_888;

/// Adds those of `numbers` that are not there yet.
fn house(conn: &mut PgConnection, numbers: &[i64]) -> Result<Vec<Result<i64, DbError>>, DbError> {
    let there: Vec<i64> =
        diesel::dsl::sql::<BigInt>("SELECT number FROM household WHERE number = ANY(")
            .bind::<Array<BigInt>, _>(numbers)
            .sql(")")
            .load(conn)?;
    let new = numbers.iter().copied();
    let new: Vec<i64> = new
        .filter(|number| *number != REFUSED && !there.contains(number))
        .collect();
    diesel::sql_query("INSERT INTO household SELECT number, now() FROM unnest($1) AS new (number)")
        .bind::<Array<BigInt>, _>(new)
        .execute(conn)?;
    let answers = numbers.iter().map(|number| match *number {
        REFUSED => Err(DbError::Constraint("refused".to_owned())),
        number => Ok(number),
    });
    Ok(answers.collect())
}

fn door(connections: u32, wait_ms: u64) -> (Db, TestDatabase) {
    let database = TestDatabase::create();
    let patience = Patience {
        connections,
        queue: 8,
        wait: Duration::from_millis(wait_ms),
    };
    (Db::open(database.url(), patience), database)
}

/// Lets nobody write households until it commits.
fn shut(owner: &mut PgConnection) {
    let lock = "BEGIN; LOCK TABLE household IN SHARE MODE";
    execute(owner, lock).unwrap();
}

#[actix_web::test]
async fn what_comes_meanwhile_goes_together() {
    let (db, database) = door(4, 5_000);
    let (households, begun) = gathering(&db, ALONE);
    let mut owner = database.connect();
    shut(&mut owner);

    // The first sets out alone; the others come while it is held up.
    let first = households.take(FIRST);
    let (first, others) = join(first, async {
        until_blocked(&database).await;
        let others = join_all((1..=40).map(|number| households.take(FIRST + number)));
        let ((), others) = join(
            async {
                until(|| households.waiting() == 40).await;
                execute(&mut owner, "COMMIT").unwrap();
            },
            others,
        )
        .await;
        others
    })
    .await;

    assert_eq!(first.unwrap(), FIRST);
    let others: Vec<i64> = others.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        others,
        (1..=40).map(|number| FIRST + number).collect::<Vec<_>>()
    );
    // One alone, then sixteen, sixteen and eight: as many as one transaction takes.
    assert_eq!(begun.load(Ordering::Relaxed), 4);
    let transactions = "(SELECT DISTINCT xmin::text FROM household) AS one";
    assert_eq!(count(&mut owner, transactions), 4);
    assert_eq!(count(&mut owner, "household"), 41);
}

#[actix_web::test]
async fn who_comes_alone_waits_for_nobody() {
    let (db, _database) = door(2, 5_000);
    let (households, begun) = gathering(&db, ALONE);
    for number in 0..3 {
        households.take(FIRST + number).await.unwrap();
    }
    assert_eq!(begun.load(Ordering::Relaxed), 3);
}

#[actix_web::test]
async fn who_is_answered_finds_it_kept() {
    let (db, database) = door(2, 5_000);
    let (households, _) = gathering(&db, ALONE);
    // Committing takes a while.
    let mut owner = database.connect();
    execute(
        &mut owner,
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON household \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()",
    )
    .unwrap();
    let told = (0..4).map(async |number| {
        let number = households.take(FIRST + number).await.unwrap();
        let kept = format!("household WHERE number = {number}");
        assert_eq!(count(&mut database.connect(), &kept), 1, "{number}");
    });
    join_all(told).await;
}

#[actix_web::test]
async fn a_piece_that_fails_harms_no_other() {
    let (db, database) = door(2, 5_000);
    let (households, _) = gathering(&db, ALONE);
    let mut owner = database.connect();
    shut(&mut owner);
    let numbers = [1, FIRST + 1, PANICS, FIRST + 2, REFUSED, FIRST + 3, 2];
    let first = households.take(FIRST);
    let (_, answers) = join(first, async {
        until_blocked(&database).await;
        let all = join_all(numbers.map(|number| households.take(number)));
        let ((), answers) = join(
            async {
                until(|| households.waiting() == numbers.len()).await;
                execute(&mut owner, "COMMIT").unwrap();
            },
            all,
        )
        .await;
        answers
    })
    .await;
    for (number, answer) in numbers.into_iter().zip(answers) {
        let constraint = answer.as_ref().err().and_then(DbError::constraint);
        match number {
            1 | 2 => assert_eq!(constraint, Some("household_number_has_nine_digits")),
            REFUSED => assert_eq!(constraint, Some("refused")),
            PANICS => assert!(matches!(answer, Err(DbError::Panicked)), "{answer:?}"),
            number => assert_eq!(answer.unwrap(), number),
        }
    }
    assert_eq!(count(&mut owner, "household"), 4);
    // The connection still serves.
    assert_eq!(households.take(FIRST + 9).await.unwrap(), FIRST + 9);
}

#[actix_web::test]
async fn who_was_second_does_it_again() {
    let (db, database) = door(2, 5_000);
    let (households, begun) = gathering(&db, ALONE);
    let mut other = database.connect();
    // Another has the same in hand.
    let own = format!("BEGIN; INSERT INTO household VALUES ({FIRST}, now())");
    execute(&mut other, &own).unwrap();
    let (answer, ()) = join(households.take(FIRST), async {
        until_blocked(&database).await;
        execute(&mut other, "COMMIT").unwrap();
    })
    .await;
    assert_eq!(answer.unwrap(), FIRST);
    assert_eq!(begun.load(Ordering::Relaxed), 2);
    assert_eq!(count(&mut other, "household"), 1);
}

#[actix_web::test]
async fn beyond_the_queue_and_beyond_patience_is_busy_and_never_done() {
    let (db, database) = door(1, 300);
    let company = Company {
        most: 2,
        at_once: 1,
        queue: 2,
    };
    let (households, _) = gathering(&db, company);
    let slow = db.write(|conn| execute(conn, "SELECT pg_sleep(3)"));
    let (slow, ()) = join(slow, async {
        until(|| db.waiting() == 0).await;
        let began = Instant::now();
        let all = join_all((0..3).map(async |number| {
            let answer = households.take(FIRST + number).await;
            (answer, began.elapsed())
        }));
        let answers = all.await;
        for (answer, _) in &answers {
            assert!(matches!(answer, Err(DbError::Busy)), "{answer:?}");
        }
        // The third found no room; the others waited as long as was agreed.
        let waited: Vec<Duration> = answers.into_iter().map(|(_, waited)| waited).collect();
        assert!(waited[2] < waited[0], "{waited:?}");
        assert!(waited[0] >= Duration::from_millis(300), "{waited:?}");
        assert!(waited[0] < Duration::from_secs(2), "{waited:?}");
    })
    .await;
    slow.unwrap();
    // Nobody is left behind, and nothing is done that was given up.
    at_last(&households, FIRST + 7).await;
    assert_eq!(count(&mut database.connect(), "household"), 1);
}

/// Takes `number`; on a busy machine patience may end a few times.
async fn at_last(households: &Households, number: i64) {
    while let Err(error) = households.take(number).await {
        assert!(matches!(error, DbError::Busy), "{error:?}");
    }
}

#[actix_web::test]
async fn who_gave_up_behind_the_work_of_another_is_never_done() {
    let (db, database) = door(1, 300);
    let (households, _) = gathering(&db, Company { most: 1, ..ALONE });
    let mut other = database.connect();
    let own = format!("BEGIN; INSERT INTO household VALUES ({FIRST}, now())");
    execute(&mut other, &own).unwrap();
    let (first, second) = join(households.take(FIRST), async {
        until_blocked(&database).await;
        let second = households.take(FIRST + 1).await;
        execute(&mut other, "ROLLBACK").unwrap();
        second
    })
    .await;
    assert_eq!(first.unwrap(), FIRST);
    assert!(matches!(second, Err(DbError::Busy)), "{second:?}");
    at_last(&households, FIRST + 2).await;
    assert_eq!(count(&mut other, "household"), 2);
}

#[actix_web::test]
async fn a_full_door_is_busy_and_leaves_nobody_behind() {
    let database = TestDatabase::create();
    let patience = Patience {
        connections: 1,
        queue: 1,
        wait: Duration::from_secs(5),
    };
    let db = Db::open(database.url(), patience);
    let (households, _) = gathering(&db, ALONE);
    let slow = |seconds: &'static str| db.write(move |conn| execute(conn, seconds));
    let (first, (second, refused)) = join(slow("SELECT pg_sleep(0.4)"), async {
        until(|| db.waiting() == 0).await;
        // Polled in this order: the door's only place is taken.
        join(slow("SELECT pg_sleep(0.1)"), households.take(FIRST)).await
    })
    .await;
    assert!(first.is_ok() && second.is_ok());
    assert!(matches!(refused, Err(DbError::Busy)), "{refused:?}");
    let all = join_all((1..=40).map(|number| households.take(FIRST + number))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(count(&mut database.connect(), "household"), 40);
}

#[actix_web::test]
async fn what_waits_is_answered_though_the_gatherer_goes() {
    let (db, database) = door(2, 5_000);
    let (households, _) = gathering(&db, ALONE);
    let mut owner = database.connect();
    shut(&mut owner);
    let tell = |number| {
        let households = households.clone();
        actix_web::rt::spawn(async move { households.take(number).await })
    };
    let first = tell(FIRST);
    until_blocked(&database).await;
    let others: Vec<_> = (1..=20).map(|number| tell(FIRST + number)).collect();
    until(|| households.waiting() == 20).await;
    drop((households, db));
    execute(&mut owner, "COMMIT").unwrap();
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(count(&mut owner, "household"), 21);
}

#[actix_web::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let (db, database) = door(2, 5_000);
    let (households, _) = gathering(&db, ALONE);
    let mut owner = database.connect();
    shut(&mut owner);
    let gone = households.clone();
    let gone = actix_web::rt::spawn(async move { gone.take(FIRST).await });
    until_blocked(&database).await;
    gone.abort();
    let (other, ()) = join(households.take(FIRST + 1), async {
        until(|| households.waiting() == 1).await;
        execute(&mut owner, "COMMIT").unwrap();
    })
    .await;
    other.unwrap();
    assert_eq!(count(&mut owner, "household"), 2);
}
