//! Preparing thousands of debits: stopped, killed, begun twice at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kaifong::autopay::{self, CollectionState, Payer, Rail, Verified};
use kaifong::kernel::clock::Clock;
use kaifong::kernel::id::CollectionId;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::{Unwatched, Watch};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute};
use kaifong::rent::RuleShelf;
use serde_json::json;

use super::{order, refused, release, start_with};
use crate::support::{FixedClock, TestDatabase, count};

/// More than are looked at in one transaction.
const HOUSEHOLDS: i32 = 4_500;

/// Stops after so many chunks.
struct Stop(AtomicU32);

impl Watch for Stop {
    fn progress(&self, _done: i64, _total: i64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// A mandate in force for each of `codes`.
pub fn mandates(database: &TestDatabase, clock: &FixedClock, codes: &[TenantCode]) {
    let given: Vec<Verified> = codes
        .iter()
        .map(|code| Verified {
            code: *code,
            rail: Rail::Autopay,
            payer: Payer {
                bank: "004".to_owned().try_into().unwrap(),
                account: format!("{:012}", code.number()).parse().unwrap(),
                holder: "CHAN TAI MAN".parse().unwrap(),
            },
            bank_reference: format!("DDA-{code}"),
        })
        .collect();
    let by = (&Actor::program("test"), clock.now());
    let vault = database.vault(clock.now());
    autopay::load_mandates(&mut database.connect(), &vault, &given, by).unwrap();
}

fn prepare(
    database: &TestDatabase,
    clock: &Arc<FixedClock>,
    id: CollectionId,
    watch: &dyn Watch,
) -> autopay::Collection {
    let vault = database.vault(clock.now());
    let mut conn = connect(database.url()).unwrap();
    let shelf = RuleShelf::default();
    let door = (&mut conn, database.url());
    autopay::prepare(door, &vault, &shelf, (id, clock.as_ref()), watch).unwrap()
}

#[actix_web::test]
async fn a_preparation_that_was_stopped_goes_on_and_makes_the_same_bytes() {
    let (app, codes) = start_with(HOUSEHOLDS).await;
    mandates(&app.database, &app.clock, &codes);
    let ordered = app.send(order("2026-12", "autopay")).await.expect(202);
    let id: CollectionId = ordered["id"].as_str().unwrap().parse().unwrap();

    let stopped = prepare(&app.database, &app.clock, id, &Stop(AtomicU32::new(1)));
    assert_eq!(stopped.state, CollectionState::Preparing);
    assert_eq!((stopped.looked_at, stopped.lines), (4_096, 4_096));
    let halfway = app.collection(&ordered).await;
    assert_eq!(halfway["looked_at"], 4_096);
    // What is decided stays, and what is not is decided by what is so then.
    let mut conn = app.database.connect();
    let last = codes.last().unwrap();
    app.adjust(*last, "-9000.00").await;
    // Killed while it makes the file: nothing of the file is there.
    execute(
        &mut conn,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'down'; END $$; \
         CREATE TRIGGER fail BEFORE UPDATE ON autopay_collection FOR EACH ROW \
         WHEN (NEW.state = 'prepared') EXECUTE FUNCTION fail()",
    )
    .unwrap();
    assert_eq!(app.work(), 1);
    assert_eq!(count(&mut conn, "autopay_file_part"), 0);
    execute(&mut conn, "DROP TRIGGER fail ON autopay_collection").unwrap();

    // Two at once are as one.
    let done = std::thread::scope(|scope| {
        let both =
            [(); 2].map(|()| scope.spawn(|| prepare(&app.database, &app.clock, id, &Unwatched)));
        both.map(|one| one.join().unwrap())
    });
    assert_eq!(done[0], done[1]);
    let [done, _] = done;
    assert_eq!(done.state, CollectionState::Prepared);
    assert_eq!((done.looked_at, done.lines), (4_500, 4_499));
    assert_eq!(count(&mut conn, "autopay_line"), 4_499);
    assert_eq!(
        app.left_out(&ordered).await,
        [(last.to_string(), "nothing_due".to_owned())]
    );

    let prepared = app.collection(&ordered).await;
    let released = app.send(release(&prepared, "two")).await.expect(200);
    let file = app.file(&released).await.bytes;
    assert_eq!(file.len(), 402 * 4_500);
    assert_eq!(json!(file.len()), released["bytes"]);
    // In one go on the same facts, the same bytes.
    let sum = "autopay_line WHERE amount = 0";
    assert_eq!(count(&mut conn, sum), 0);
    let lines: Vec<&[u8]> = file.chunks(402).collect();
    assert!(lines.iter().all(|line| line.ends_with(b"\r\n")));
    let mut accounts: Vec<&[u8]> = lines[1..].iter().map(|line| &line[9..21]).collect();
    accounts.dedup();
    assert_eq!(accounts.len(), 4_499);
    assert!(accounts.is_sorted());
}

#[actix_web::test]
async fn a_file_whose_pieces_were_tampered_with_is_not_sent() {
    let (app, codes) = start_with(1).await;
    app.mandate(codes[0], "autopay").await;
    let released = app.released("2026-12", "autopay").await;
    let mut conn = app.database.connect();
    let tamper = "UPDATE autopay_file_part SET content = set_byte(content, 100, 0)";
    execute(&mut conn, tamper).unwrap();
    let file = app.file(&released).await;
    refused(&file, 500, "integrity-error");
}

#[actix_web::test]
async fn two_collections_prepared_at_once_take_what_is_due_once() {
    let (app, codes) = start_with(1).await;
    app.mandate(codes[0], "autopay").await;
    let due = app.due(codes[0], "2026-12").await;
    let mut ids = Vec::new();
    for month in ["2026-11", "2026-12"] {
        let ordered = app.send(order(month, "autopay")).await.expect(202);
        ids.push(
            ordered["id"]
                .as_str()
                .unwrap()
                .parse::<CollectionId>()
                .unwrap(),
        );
    }
    // Each is slow to say what it has decided.
    let mut conn = app.database.connect();
    execute(
        &mut conn,
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$; \
         CREATE TRIGGER dawdle AFTER INSERT ON autopay_line FOR EACH ROW EXECUTE FUNCTION dawdle()",
    )
    .unwrap();
    let (database, clock) = (&app.database, &app.clock);
    std::thread::scope(|scope| {
        for id in ids {
            scope.spawn(move || prepare(database, clock, id, &Unwatched));
        }
    });
    let taken = "autopay_line HAVING sum(amount) = ";
    assert_eq!(
        count(&mut conn, &format!("(SELECT FROM {taken}{due}) AS taken")),
        1
    );
}
