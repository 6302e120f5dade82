//! The queue of background work.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use kaifong::kernel::clock::Clock;
use kaifong::platform::db::{connect, execute};
use kaifong::platform::jobs::{self, Handlers, Job, JobFailure, JobRow, State, Worker};
use serde::{Deserialize, Serialize};

use crate::support::{FixedClock, TestDatabase, count};

/// A job that says a word; while one with the same word waits, another is not added.
#[derive(Serialize, Deserialize)]
struct Say {
    word: String,
}

impl Job for Say {
    const KIND: &'static str = "test.say";
    const ATTEMPTS: i32 = 3;

    fn unique_name(&self) -> Option<String> {
        Some(self.word.clone())
    }
}

fn say(word: &str) -> Say {
    Say { word: word.into() }
}

/// A job that any number of may wait.
#[derive(Serialize, Deserialize)]
struct Count {
    number: u32,
}

impl Job for Count {
    const KIND: &'static str = "test.count";
}

struct Bench {
    database: TestDatabase,
    clock: Arc<FixedClock>,
}

impl Bench {
    fn new() -> Self {
        Self {
            database: TestDatabase::create(),
            clock: FixedClock::at("2026-11-20T01:00:00Z"),
        }
    }

    /// A connection as the application has it.
    fn connect(&self) -> PgConnection {
        connect(self.database.url()).unwrap()
    }

    fn enqueue(&self, job: &impl Job) {
        jobs::enqueue(&mut self.connect(), job, self.clock.now()).unwrap();
    }

    fn worker(
        &self,
        handler: impl Fn(&mut PgConnection, Say) -> Result<(), JobFailure> + Send + Sync + 'static,
    ) -> Worker {
        let handlers = Handlers::default().on(move |conn, _, job| handler(conn, job));
        Worker::new(handlers, self.database.url(), self.clock.clone())
    }

    fn jobs(&self, state: State) -> Vec<JobRow> {
        jobs::list(&mut self.connect(), state).unwrap()
    }

    fn later(&self, seconds: i64) {
        let later = self.clock.now() + TimeDelta::seconds(seconds);
        self.clock.set(&later.to_rfc3339());
    }

    /// The one waiting job's due time.
    fn due(&self) -> DateTime<Utc> {
        let waiting = self.jobs(State::Waiting);
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        waiting[0].run_at
    }
}

#[test]
fn a_job_of_a_transaction_that_is_rolled_back_was_never_there() {
    let bench = Bench::new();
    let mut conn = bench.connect();
    execute(&mut conn, "BEGIN").unwrap();
    jobs::enqueue(&mut conn, &say("no"), bench.clock.now()).unwrap();

    execute(&mut conn, "ROLLBACK").unwrap();

    assert_eq!(count(&mut conn, "job"), 0);
    assert_eq!(bench.worker(|_, _| Ok(())).drain().unwrap(), 0);
}

#[test]
fn a_job_of_a_name_waits_once_and_may_wait_again_once_begun() {
    let bench = Bench::new();
    let mut conn = bench.connect();
    let now = bench.clock.now();

    let first = jobs::enqueue(&mut conn, &say("a"), now).unwrap();
    let same = jobs::enqueue(&mut conn, &say("a"), now).unwrap();
    let other = jobs::enqueue(&mut conn, &say("b"), now).unwrap();

    assert!(first.is_some() && same.is_none() && other.is_some());
    let url = bench.database.url().to_owned();
    let worker = bench.worker(move |_, job: Say| {
        if job.word == "a" {
            let again = jobs::enqueue(&mut connect(&url)?, &say("b"), now)?;
            assert!(again.is_none(), "b still waits");
        }
        Ok(())
    });
    assert_eq!(worker.drain().unwrap(), 2);
    assert_eq!(bench.jobs(State::Done).len(), 2);
}

#[test]
fn many_adding_one_name_at_once_add_one() {
    let bench = Bench::new();

    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| bench.enqueue(&say("a")));
        }
    });

    assert_eq!(bench.jobs(State::Waiting).len(), 1);
}

/// The job that waits must not be done before the transaction that relies on it is kept.
#[test]
fn a_job_relied_on_is_done_only_after_the_transaction_that_relies_on_it() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let worker = bench.worker({
        let seen = seen.clone();
        move |conn, _| {
            seen.lock().unwrap().push(count(conn, "household"));
            Ok(())
        }
    });
    let mut conn = bench.connect();
    execute(
        &mut conn,
        "BEGIN; INSERT INTO household VALUES (100000000, now())",
    )
    .unwrap();
    let added = jobs::enqueue(&mut conn, &say("a"), bench.clock.now()).unwrap();

    let before = worker.drain().unwrap();
    execute(&mut conn, "COMMIT").unwrap();
    let after = worker.drain().unwrap();

    assert_eq!((added, before, after), (None, 0, 1));
    assert_eq!(*seen.lock().unwrap(), [1]);
}

#[test]
fn a_failing_job_waits_longer_each_time_then_is_dead_until_someone_retries_it() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    let worker = bench.worker(|_, _| Err("the bank is closed\0".into()));

    let mut waits = Vec::new();
    for _ in 0..2 {
        assert_eq!(worker.drain().unwrap(), 1);
        let wait = bench.due() - bench.clock.now();
        waits.push(wait.num_seconds());
        bench.later(wait.num_seconds() - 1);
        assert_eq!(worker.drain().unwrap(), 0, "too early");
        bench.later(1);
    }
    assert_eq!(worker.drain().unwrap(), 1);

    assert_eq!(waits, [10, 20]);
    let dead = bench.jobs(State::Dead);
    assert_eq!((dead.len(), dead[0].attempts), (1, 3));
    assert_eq!(dead[0].last_error.as_deref(), Some("the bank is closed "));
    bench.later(1_000_000);
    assert_eq!(worker.drain().unwrap(), 0, "the dead rest");

    let mut conn = bench.connect();
    assert!(jobs::retry(&mut conn, dead[0].id, bench.clock.now()).unwrap());
    assert!(!jobs::retry(&mut conn, dead[0].id, bench.clock.now()).unwrap());
    assert_eq!(bench.worker(|_, _| Ok(())).drain().unwrap(), 1);
    assert_eq!(bench.jobs(State::Done).len(), 1);
}

#[test]
fn a_failed_job_gives_way_to_the_same_one_queued_meanwhile() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    let (url, now) = (bench.database.url().to_owned(), bench.clock.now());
    let first = AtomicBool::new(true);
    let worker = bench.worker(move |_, job| {
        if first.swap(false, Ordering::Relaxed) {
            jobs::enqueue(&mut connect(&url)?, &job, now)?;
            return Err("no".into());
        }
        Ok(())
    });

    assert_eq!(worker.drain().unwrap(), 2);

    assert_eq!(bench.jobs(State::Done).len(), 1);
    assert_eq!(count(&mut bench.connect(), "job"), 1);
}

#[test]
fn a_dead_job_retried_gives_way_to_the_same_one_that_waits() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    let mut conn = bench.connect();
    execute(&mut conn, "UPDATE job SET state = 'dead'").unwrap();
    let dead = bench.jobs(State::Dead);
    bench.enqueue(&say("a"));

    assert!(jobs::retry(&mut conn, dead[0].id, bench.clock.now()).unwrap());

    assert_eq!(bench.jobs(State::Waiting).len(), 1);
    assert_eq!(count(&mut conn, "job"), 1);
}

#[test]
fn a_panic_in_a_handler_is_a_failure() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    let worker = bench.worker(|conn, _| {
        execute(
            conn,
            "BEGIN; INSERT INTO household VALUES (100000000, now())",
        )?;
        panic!("in the middle of a transaction");
    });

    assert_eq!(worker.drain().unwrap(), 1);

    let waiting = bench.jobs(State::Waiting);
    assert_eq!(
        waiting[0].last_error.as_deref(),
        Some("the handler panicked")
    );
    assert_eq!(count(&mut bench.connect(), "household"), 0);
}

#[test]
fn an_abandoned_job_is_taken_over_once_its_lease_has_ended() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    abandon(&bench, 1);
    let worker = bench.worker(|_, _| Ok(()));

    bench.later(60);
    let within = worker.drain().unwrap();
    bench.later(1);
    let after = worker.drain().unwrap();

    assert_eq!((within, after), (0, 1));
    let done = bench.jobs(State::Done);
    assert_eq!((done.len(), done[0].attempts), (1, 2));
}

#[test]
fn a_job_that_kills_its_worker_every_time_is_dead_in_the_end() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    abandon(&bench, 3);
    bench.later(61);

    assert_eq!(bench.worker(|_, _| Ok(())).drain().unwrap(), 0);

    assert_eq!(bench.jobs(State::Dead).len(), 1);
}

/// A worker took the job for the `attempts`th time and was never heard of again.
fn abandon(bench: &Bench, attempts: i32) {
    let lease = (bench.clock.now() + TimeDelta::seconds(60)).to_rfc3339();
    let sql =
        format!("UPDATE job SET state = 'running', attempts = {attempts}, lease_until = '{lease}'");
    execute(&mut bench.connect(), &sql).unwrap();
}

#[test]
fn a_worker_that_lost_its_lease_changes_nothing_of_the_job() {
    let bench = Bench::new();
    bench.enqueue(&say("a"));
    let (began, beginning) = channel();
    let (go_on, going_on) = channel::<()>();
    let (began, going_on) = (Mutex::new(began), Mutex::new(going_on));
    let slow = bench.worker(move |_, _| {
        began.lock().unwrap().send(()).unwrap();
        going_on.lock().unwrap().recv().unwrap();
        Err("too late to matter".into())
    });

    std::thread::scope(|scope| {
        let stalled = scope.spawn(|| slow.drain().unwrap());
        beginning.recv().unwrap();
        bench.later(61);
        assert_eq!(bench.worker(|_, _| Ok(())).drain().unwrap(), 1);
        go_on.send(()).unwrap();
        assert_eq!(stalled.join().unwrap(), 1);
    });

    let done = bench.jobs(State::Done);
    assert_eq!((done.len(), done[0].attempts), (1, 2));
    assert_eq!(done[0].last_error, None);
}

#[test]
fn two_workers_never_do_the_same_job() {
    let bench = Bench::new();
    for number in 0..40 {
        bench.enqueue(&Count { number });
    }
    let done: Arc<Vec<AtomicUsize>> = Arc::new((0..40).map(|_| AtomicUsize::new(0)).collect());

    let tried: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let done = done.clone();
                let handlers = Handlers::default().on(move |_, _, job: Count| {
                    done[usize::try_from(job.number)?].fetch_add(1, Ordering::Relaxed);
                    Ok(())
                });
                let worker = Worker::new(handlers, bench.database.url(), bench.clock.clone());
                scope.spawn(move || worker.drain().unwrap())
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });

    assert_eq!(tried, 40);
    assert!(
        done.iter().all(|times| times.load(Ordering::Relaxed) == 1),
        "{done:?}"
    );
}

#[test]
fn a_worker_leaves_kinds_it_does_not_know_to_others() {
    let bench = Bench::new();
    bench.enqueue(&Count { number: 1 });

    assert_eq!(bench.worker(|_, _| Ok(())).drain().unwrap(), 0);

    assert_eq!(bench.jobs(State::Waiting).len(), 1);
}
