//! Taking jobs and doing them.

use std::collections::BTreeMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;

use super::Job;
use super::store::{self, Attempt, JobRow};
use crate::kernel::clock::Clock;
use crate::platform::db::{self, DbError};

/// Why a job did not succeed; kept beside it for a person to read.
pub type JobFailure = Box<dyn Error + Send + Sync>;

/// What a handler works with.
pub struct Workbench {
    /// Where to connect, for handlers that want connections of their own.
    pub url: String,
    pub clock: Arc<dyn Clock>,
}

type Handler = Box<
    dyn Fn(&mut PgConnection, &Workbench, serde_json::Value) -> Result<(), JobFailure>
        + Send
        + Sync,
>;

/// Which code does which kind of job.
#[derive(Default)]
pub struct Handlers(BTreeMap<&'static str, Handler>);

impl Handlers {
    /// Jobs of type `J` are done by `handler`.
    #[must_use]
    pub fn on<J: Job>(
        mut self,
        handler: impl Fn(&mut PgConnection, &Workbench, J) -> Result<(), JobFailure>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.0.insert(
            J::KIND,
            Box::new(move |conn, bench, payload| {
                handler(conn, bench, serde_json::from_value(payload)?)
            }),
        );
        self
    }
}

/// Does jobs, one at a time.
pub struct Worker {
    handlers: Handlers,
    bench: Workbench,
    timetable: Option<Timetable>,
}

/// Queues what is due by the calendar; asked once a minute, by every worker, so what it queues
/// has a unique name.
type Timetable = fn(&mut PgConnection, DateTime<Utc>) -> Result<(), JobFailure>;

impl Worker {
    #[must_use]
    pub fn new(handlers: Handlers, url: &str, clock: Arc<dyn Clock>) -> Self {
        let url = url.to_owned();
        Self {
            handlers,
            bench: Workbench { url, clock },
            timetable: None,
        }
    }

    /// Also queues what is due by the calendar.
    #[must_use]
    pub fn by_timetable(self, timetable: Timetable) -> Self {
        Self {
            timetable: Some(timetable),
            ..self
        }
    }

    /// Does every job that is due; says how many were tried.
    pub fn drain(&self) -> Result<usize, DbError> {
        self.drain_on(&mut db::connect(&self.bench.url)?)
    }

    fn drain_on(&self, conn: &mut PgConnection) -> Result<usize, DbError> {
        let kinds: Vec<_> = self.handlers.0.keys().copied().collect();
        let mut tried = 0;
        while let Some(job) = store::claim(conn, &kinds, self.bench.clock.now())? {
            tried += 1;
            self.attempt(conn, job)?;
        }
        Ok(tried)
    }

    /// Does jobs until `stopped`; a job that has begun is finished first.
    pub fn run(&self, stopped: impl Fn() -> bool) {
        while !stopped() {
            if let Err(error) = self.shift(&stopped) {
                tracing::error!(error.cause = %error, "the job queue cannot be read");
            }
            pause(&stopped);
        }
    }

    /// Works on one connection until `stopped` or until it fails.
    fn shift(&self, stopped: &impl Fn() -> bool) -> Result<(), DbError> {
        let mut conn = db::connect(&self.bench.url)?;
        let mut looked: Option<Instant> = None;
        while !stopped() {
            let long_ago = looked.is_none_or(|at| at.elapsed() > Duration::from_mins(1));
            if let Some(timetable) = self.timetable.filter(|_| long_ago) {
                looked = Some(Instant::now());
                if let Err(error) = timetable(&mut conn, self.bench.clock.now()) {
                    tracing::error!(error.cause = %error, "the timetable cannot be read");
                }
            }
            self.drain_on(&mut conn)?;
            pause(stopped);
        }
        Ok(())
    }

    fn attempt(&self, conn: &mut PgConnection, job: JobRow) -> Result<(), DbError> {
        let JobRow {
            id,
            kind,
            payload,
            attempts,
            max_attempts,
            ..
        } = job;
        let attempt = Attempt {
            id,
            number: attempts,
        };
        let outcome = self.keeping_the_lease(attempt, || {
            let Some(handler) = self.handlers.0.get(kind.as_str()) else {
                return Err(format!("no handler for {kind}").into());
            };
            let mut conn = db::connect(&self.bench.url)?;
            catch_unwind(AssertUnwindSafe(|| {
                handler(&mut conn, &self.bench, payload)
            }))
            .unwrap_or_else(|_| Err("the handler panicked".into()))
        });
        let now = self.bench.clock.now();
        let kept = match outcome {
            Ok(()) => store::finish(conn, attempt, now)?,
            Err(error) => {
                tracing::warn!(job = %id, kind, attempts, error.cause = %error, "a job failed");
                let wait = TimeDelta::seconds(5 << attempts.clamp(0, 10));
                let again = (attempts < max_attempts).then_some(now + wait);
                store::fail(conn, attempt, &error.to_string(), again)?
            }
        };
        if !kept {
            tracing::warn!(job = %id, kind, attempts, "another worker has taken the job over");
        }
        Ok(())
    }

    /// Runs `work` while another thread renews the lease of `attempt`.
    fn keeping_the_lease<T>(&self, attempt: Attempt, work: impl FnOnce() -> T) -> T {
        let (done, ended) = channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let rest = Duration::from_secs(20);
                while ended.recv_timeout(rest) == Err(RecvTimeoutError::Timeout) {
                    let now = self.bench.clock.now();
                    let renewed = db::connect(&self.bench.url)
                        .and_then(|mut conn| store::renew(&mut conn, attempt, now));
                    if let Err(error) = renewed {
                        tracing::warn!(job = %attempt.id, error.cause = %error, "a lease was not renewed");
                    }
                }
            });
            let result = work();
            drop(done);
            result
        })
    }
}

/// Rests for a second, less when `stopped`.
fn pause(stopped: &impl Fn() -> bool) {
    for _ in 0..10 {
        if stopped() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
