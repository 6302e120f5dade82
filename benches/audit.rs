//! What audit adds to a write: the same transaction through the same door, without an entry and
//! with one, in turn; and how fast entries are sealed.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use kaifong::platform::audit::{self, Sealer, Viewed};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{Db, DbError, Patience, connect};
use kaifong::platform::jobs::{self, Job};
use kaifong::platform::tlog::NoteSigner;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tools::{Database, folder, median, timed};

const WRITERS: usize = 16;
/// Writes that each of them makes in a round.
const WRITES: usize = 500;
const ROUNDS: usize = 5;

/// A write like any other: one row with three indexes.
#[derive(Serialize, Deserialize)]
struct Something {}

impl Job for Something {
    const KIND: &'static str = "bench.something";
}

pub fn bench() {
    let database = Database::create("bench_audit");
    let db = Db::open(&database.url, Patience::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let now: DateTime<Utc> = "2026-11-20T01:00:00Z".parse().unwrap();
    // Not counted: connections are made, statements prepared.
    runtime.block_on(round(&db, true, now));
    let (mut bare, mut audited) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        bare.push(runtime.block_on(round(&db, false, now)));
        audited.push(runtime.block_on(round(&db, true, now)));
    }
    let (bare, audited) = (median(bare), median(audited));
    println!("audit: {WRITERS} writers, {WRITES} writes each, {ROUNDS} rounds:");
    println!(
        "  99% of writes below {bare:.2} ms without an entry, {audited:.2} ms with one: {:.2} ms more (at most 3)",
        audited - bare
    );
    seal(&database, now);
}

/// The time in milliseconds that 99 of 100 writes stayed below.
async fn round(db: &Db, audited: bool, now: DateTime<Utc>) -> f64 {
    let writers = (0..WRITERS).map(|_| async {
        let mut took = Vec::with_capacity(WRITES);
        for _ in 0..WRITES {
            let started = Instant::now();
            write(db, audited, now).await.unwrap();
            took.push(started.elapsed());
        }
        took
    });
    let mut took: Vec<Duration> = join_all(writers).await.into_iter().flatten().collect();
    took.sort_unstable();
    took[took.len() * 99 / 100].as_secs_f64() * 1_000.0
}

async fn write(db: &Db, audited: bool, now: DateTime<Utc>) -> Result<(), DbError> {
    db.write(move |conn| {
        jobs::enqueue(conn, &Something {}, now)?;
        if audited {
            let viewed = Viewed {
                person: Uuid::now_v7(),
                household: Some("1000000018"),
                fields: &["hkid", "phone"],
                purpose: "counter enquiry",
                request: None,
            };
            audit::viewed(conn, &Actor::named("officer-7"), &viewed, now)?;
        }
        Ok(())
    })
    .await
}

fn seal(database: &Database, now: DateTime<Utc>) {
    let folder = folder().join(format!("checkpoints-{}", Uuid::now_v7()));
    let sealer = Sealer {
        signer: NoteSigner::generate("kaifong/bench").unwrap(),
        folder,
    };
    let mut conn = connect(&database.url).unwrap();
    let (took, done) = timed(|| audit::seal(&mut conn, &sealer, now).unwrap());
    println!(
        "  {} entries sealed in {:.2} s\n",
        done.entries,
        took.as_secs_f64()
    );
}
