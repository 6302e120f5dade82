//! The door: a few threads, each with a pooled connection, fed by one bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{
    ConnectionManager, CustomizeConnection, Pool, PooledConnection, R2D2Connection,
};
use diesel::result::Error as Diesel;
use tokio::sync::oneshot;

use super::DbError;
use super::quiet::HUSH;

/// A connection that stood idle for longer may have been cut off, and is tested before use.
const FRESH: Duration = Duration::from_secs(1);

type Pooled = PooledConnection<ConnectionManager<PgConnection>>;

/// How many may wait, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Connections, each with its own thread.
    pub connections: u32,
    /// Work that may wait for one of them.
    pub queue: usize,
    /// The longest wait for a connection.
    pub wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connections: 8,
            queue: 256,
            wait: Duration::from_secs(2),
        }
    }
}

/// One piece of work: called with a connection, or with the reason there is none.
/// Says whether all went well, so that the connection needs no second look.
pub(super) type Work = Box<dyn FnOnce(Result<&mut PgConnection, DbError>) -> bool + Send>;

struct Waiting {
    work: Work,
    until: Instant,
    begun: Begun,
}

/// Whether work has begun, or was given up: who asks first has it so for ever.
#[derive(Debug, Clone, Default)]
pub(super) struct Begun(Arc<AtomicBool>);

impl Begun {
    /// Begins it, or gives it up; false when another was first.
    pub fn settle(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// A handle to the database; clones share the threads, which end with the last handle.
#[derive(Clone)]
pub struct Db {
    queue: Sender<Waiting>,
    wait: Duration,
}

/// Sets every new connection up for the request path.
#[derive(Debug)]
struct RequestSession;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for RequestSession {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(HUSH)
            .map_err(diesel::r2d2::Error::QueryError)?;
        conn.batch_execute(
            "SET ROLE kaifong_app; SET timezone = 'UTC'; SET statement_timeout = '5s'; \
             SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '10s'; \
             SET default_transaction_read_only = on",
        )
        .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Db {
    /// Connects to `url` as work arrives, never holding more than the agreed connections.
    #[must_use]
    pub fn open(url: &str, patience: Patience) -> Self {
        let pool = Pool::builder()
            .max_size(patience.connections)
            .min_idle(Some(0))
            .connection_timeout(patience.wait)
            .connection_customizer(Box::new(RequestSession))
            .build_unchecked(ConnectionManager::new(url));
        let (queue, waiting) = bounded(patience.queue.max(1));
        for number in 0..patience.connections {
            let (pool, waiting) = (pool.clone(), waiting.clone());
            let thread = std::thread::Builder::new().name(format!("db-{number}"));
            if let Err(error) = thread.spawn(move || serve(&pool, &waiting)) {
                tracing::error!(error.cause = %error, "a database thread did not start");
            }
        }
        Self {
            queue,
            wait: patience.wait,
        }
    }

    /// Runs `work` in a read-only snapshot: it sees one instant and cannot write.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(|conn| {
            conn.build_transaction()
                .read_only()
                .repeatable_read()
                .run(|conn| work(conn).map_err(Abort::Rule))
        })
        .await
    }

    /// Runs `work`, a single read statement, without a transaction around it: one round trip.
    pub async fn query<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(|conn| work(conn).map_err(Abort::Rule)).await
    }

    /// Runs `work` in one transaction: all of it is kept, or none.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(|conn| transaction(conn, work)).await
    }

    async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, Abort<E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let span = tracing::Span::current();
        let work: Work = Box::new(move |conn| {
            let _span = span.entered();
            let conn = match conn {
                Ok(conn) => conn,
                Err(error) => {
                    let _ = answer.send(Err(E::from(error)));
                    return true;
                }
            };
            let result = catch_unwind(AssertUnwindSafe(|| work(conn)));
            let result = result.unwrap_or(Err(Abort::Db(DbError::Panicked)));
            let well = result.is_ok();
            let _ = answer.send(result.map_err(Abort::into_error));
            well
        });
        let begun = Begun::default();
        self.queue(work, begun.clone())?;
        self.answer(&begun, &mut answered).await
    }

    /// Puts `work` behind what waits already.
    pub(super) fn queue(&self, work: Work, begun: Begun) -> Result<(), DbError> {
        let waiting = Waiting {
            work,
            until: Instant::now() + self.wait,
            begun,
        };
        self.queue.try_send(waiting).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => DbError::Busy,
        })
    }

    /// Waits for the answer to what was queued, and gives it up when it has not begun in time.
    pub(super) async fn answer<T, E: From<DbError>>(
        &self,
        begun: &Begun,
        answered: &mut oneshot::Receiver<Result<T, E>>,
    ) -> Result<T, E> {
        let answer = match tokio::time::timeout(self.wait, &mut *answered).await {
            Ok(answer) => answer,
            // Not begun, and now it never will be.
            Err(_) if begun.settle() => return Err(DbError::Busy.into()),
            // Begun: whether it is kept is only known at its end.
            Err(_) => answered.await,
        };
        answer.unwrap_or_else(|_| Err(DbError::Panicked.into()))
    }

    /// How long work waits at most before it begins.
    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// How much work waits for a connection.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }
}

fn transaction<T, E>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, Abort<E>> {
    conn.build_transaction()
        .read_committed()
        .read_write()
        .run(|conn| work(conn).map_err(Abort::Rule))
}

/// Runs `work` in one transaction on a connection that is already there.
pub fn transact<T, E: From<DbError>>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    transaction(conn, work).map_err(Abort::into_error)
}

/// Runs `work` in one transaction that sees one instant however long it takes, and may write. What
/// another has changed meanwhile breaks it off.
pub fn transact_at_one_instant<T, E: From<DbError>>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    conn.build_transaction()
        .repeatable_read()
        .read_write()
        .run(|conn| work(conn).map_err(Abort::Rule))
        .map_err(Abort::into_error)
}

/// One thread: takes the next work, gives it the connection it keeps.
fn serve(pool: &Pool<ConnectionManager<PgConnection>>, waiting: &Receiver<Waiting>) {
    let mut kept: Option<(Pooled, Instant)> = None;
    for Waiting { work, until, begun } in waiting {
        if !begun.settle() {
            continue;
        }
        if Instant::now() > until {
            work(Err(DbError::Busy));
            continue;
        }
        // One that goes back to the pool is tested when it is taken out again.
        let fresh = kept.take().filter(|(_, used)| used.elapsed() < FRESH);
        let mut conn = match fresh.map_or_else(|| pool.get(), |(conn, _)| Ok(conn)) {
            Ok(conn) => conn,
            Err(error) => {
                work(Err(DbError::Away(error.to_string())));
                continue;
            }
        };
        if work(Ok(&mut conn)) || (!conn.is_broken() && conn.ping().is_ok()) {
            kept = Some((conn, Instant::now()));
        }
    }
}

/// Carries a slice's own error out of a Diesel transaction.
enum Abort<E> {
    Rule(E),
    Db(DbError),
}

impl<E> From<Diesel> for Abort<E> {
    fn from(error: Diesel) -> Self {
        Self::Db(error.into())
    }
}

impl<E: From<DbError>> Abort<E> {
    fn into_error(self) -> E {
        match self {
            Self::Rule(error) => error,
            Self::Db(error) => error.into(),
        }
    }
}
