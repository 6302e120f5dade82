//! Work of many callers in one transaction: a commit waits for the disk, and each statement for
//! the server, whether they carry one piece of work or a hundred.
//!
//! * Nobody waits for company. A piece that comes while nothing is under way sets out alone; what
//!   comes meanwhile goes together, next. So transactions grow with the load, and only with it.
//! * A caller is answered after the commit of the transaction that its piece was part of.
//! * What one piece is refused for is its own answer. A transaction that fails as a whole is done
//!   again when only its moment was wrong; else, and in the end, in two halves, down to the one
//!   piece that it fails for: no piece harms another.
//! * The door's laws hold: what waits is bounded, who waits too long gives up what has not begun,
//!   and what has begun ends by itself, whoever still waits for it.
//! * A transaction queues at the door behind what waits there already, each time anew: gathered
//!   work takes no other's turn.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::PgConnection;
use tokio::sync::oneshot;

use super::door::{Begun, Db, transact};
use super::error::DbError;

/// How often a transaction is done whose moment was wrong, before it is halved.
const TRIES: u8 = 3;

/// How much is gathered.
#[derive(Debug, Clone, Copy)]
pub struct Company {
    /// Pieces that one transaction takes.
    pub most: usize,
    /// Transactions at a time.
    pub at_once: usize,
    /// Pieces that may wait.
    pub queue: usize,
}

/// Why a transaction failed as a whole, as its error tells.
pub struct Whole<E> {
    /// What the database said, if it said anything.
    pub said: fn(&E) -> Option<&DbError>,
    /// The constraints that refuse what another transaction did first: done again, it is seen.
    pub once: &'static [&'static str],
}

/// Does pieces of work in one transaction: an answer for each, in their order, or why none of
/// them was done.
type Work<P, T, E> =
    Box<dyn Fn(&mut PgConnection, &[P]) -> Result<Vec<Result<T, E>>, E> + Send + Sync>;

/// A caller, who waits.
struct Caller<P, T, E> {
    piece: P,
    begun: Begun,
    answer: oneshot::Sender<Result<T, E>>,
}

/// Gathers pieces `P` of work, each answered by itself; clones share the queue.
pub struct Gatherer<P, T, E>(Arc<Shared<P, T, E>>);

impl<P, T, E> Clone for Gatherer<P, T, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<P, T, E> {
    db: Db,
    company: Company,
    whole: Whole<E>,
    work: Work<P, T, E>,
    arrive: Sender<Caller<P, T, E>>,
    arrived: Receiver<Caller<P, T, E>>,
    /// Transactions that are queued at the door or run.
    under_way: AtomicUsize,
}

impl<P, T, E> Gatherer<P, T, E>
where
    P: Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    /// Does `work` through `db`, in `company`.
    #[must_use]
    pub fn new(
        db: &Db,
        company: Company,
        whole: Whole<E>,
        work: impl Fn(&mut PgConnection, &[P]) -> Result<Vec<Result<T, E>>, E> + Send + Sync + 'static,
    ) -> Self {
        let (arrive, arrived) = bounded(company.queue.max(1));
        Self(Arc::new(Shared {
            db: db.clone(),
            company,
            whole,
            work: Box::new(work),
            arrive,
            arrived,
            under_way: AtomicUsize::new(0),
        }))
    }

    /// Does `piece`, together with what else comes; its own answer, once it is kept.
    pub async fn take(&self, piece: P) -> Result<T, E> {
        let shared = &self.0;
        let (answer, mut answered) = oneshot::channel();
        let begun = Begun::default();
        let caller = Caller {
            piece,
            begun: begun.clone(),
            answer,
        };
        if shared.arrive.try_send(caller).is_err() {
            return Err(DbError::Busy.into());
        }
        if let Err(busy) = shared.set_out()
            && begun.settle()
        {
            return Err(busy.into());
        }
        shared.db.answer(&begun, &mut answered).await
    }

    /// How many pieces wait for a transaction to take them.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.arrived.len()
    }
}

impl<P, T, E> Shared<P, T, E>
where
    P: Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    /// Queues a transaction, unless there are enough: the last of those takes what has arrived.
    fn set_out(self: &Arc<Self>) -> Result<(), DbError> {
        if !self.is_one_more() {
            return Ok(());
        }
        let queued = self.queue();
        if queued.is_err() {
            self.under_way.fetch_sub(1, Ordering::SeqCst);
        }
        queued
    }

    fn is_one_more(&self) -> bool {
        let one_more = |under_way| (under_way < self.company.at_once.max(1)).then(|| under_way + 1);
        self.under_way
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more)
            .is_ok()
    }

    fn queue(self: &Arc<Self>) -> Result<(), DbError> {
        let shared = Arc::clone(self);
        let work = Box::new(move |conn: Result<&mut PgConnection, DbError>| shared.go(conn));
        self.db.queue(work, Begun::default())
    }

    /// Takes what has arrived, and sees to it that what arrives meanwhile is taken; whether all
    /// went well.
    fn go(self: &Arc<Self>, mut conn: Result<&mut PgConnection, DbError>) -> bool {
        let mut well = true;
        loop {
            well &= self.take_arrived(&mut conn);
            if self.arrived.is_empty() {
                self.under_way.fetch_sub(1, Ordering::SeqCst);
                // Who arrived just now still counted on this one.
                if self.arrived.is_empty() || !self.is_one_more() {
                    return well;
                }
            }
            if self.queue().is_ok() {
                return well;
            }
            // No room to queue again, and nobody else may come for them.
        }
    }

    /// One transaction.
    fn take_arrived(&self, conn: &mut Result<&mut PgConnection, DbError>) -> bool {
        let callers = self.arrived.try_iter();
        let (pieces, answers): (Vec<P>, Vec<_>) = callers
            .filter(|caller| caller.begun.settle())
            .take(self.company.most.max(1))
            .map(|caller| (caller.piece, caller.answer))
            .unzip();
        let done = match conn {
            Ok(conn) => self.answers(conn, &pieces, Instant::now() + self.db.wait()),
            Err(error) => refused(pieces.len(), Some(error)),
        };
        let well = done.iter().all(Result::is_ok);
        for (answer, done) in answers.into_iter().zip(done) {
            // Who is gone is not told.
            let _ = answer.send(done);
        }
        well
    }

    /// Does `pieces`, trying until `until`; the answer of each.
    fn answers(&self, conn: &mut PgConnection, pieces: &[P], until: Instant) -> Vec<Result<T, E>> {
        if pieces.is_empty() {
            return Vec::new();
        }
        let mut tries = 1;
        let error = loop {
            match self.attempt(conn, pieces) {
                Ok(answers) => return answers,
                Err(error) if tries < TRIES && self.is_moment(&error) && Instant::now() < until => {
                    tries += 1;
                }
                Err(error) => break error,
            }
        };
        let said = (self.whole.said)(&error);
        if pieces.len() == 1 {
            vec![Err(error)]
        } else if Instant::now() >= until || matches!(said, Some(DbError::Away(_))) {
            refused(pieces.len(), said)
        } else {
            let (first, rest) = pieces.split_at(pieces.len() / 2);
            let mut answers = self.answers(conn, first, until);
            answers.extend(self.answers(conn, rest, until));
            answers
        }
    }

    /// One transaction of `pieces`: all is kept that was not refused by itself, or nothing.
    fn attempt(&self, conn: &mut PgConnection, pieces: &[P]) -> Result<Vec<Result<T, E>>, E> {
        transact(conn, |conn| {
            // Caught within the transaction, or the connection would keep it open.
            let done = catch_unwind(AssertUnwindSafe(|| (self.work)(conn, pieces)));
            done.unwrap_or_else(|_| Err(DbError::Panicked.into()))
        })
    }

    /// Whether the same would do at another moment.
    fn is_moment(&self, error: &E) -> bool {
        match (self.whole.said)(error) {
            Some(DbError::BrokenOff(_)) => true,
            Some(DbError::Constraint(name)) => self.whole.once.contains(&name.as_str()),
            _ => false,
        }
    }
}

/// The answers to so many pieces that were not done, for what the database `said`.
fn refused<T, E: From<DbError>>(pieces: usize, said: Option<&DbError>) -> Vec<Result<T, E>> {
    let error = || match said {
        Some(DbError::Away(why)) => DbError::Away(why.clone()),
        Some(DbError::BrokenOff(why)) => DbError::BrokenOff(why.clone()),
        _ => DbError::Busy,
    };
    std::iter::repeat_with(|| Err(error().into()))
        .take(pieces)
        .collect()
}
