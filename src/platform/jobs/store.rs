//! The queue's table. The only file that names it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::Serialize;

use crate::kernel::choice::choice;
use crate::kernel::id::JobId;
use crate::platform::db::DbError;
use crate::platform::db::schema::job;

choice! {
    /// Where a job stands.
    pub enum State {
        Waiting = "waiting",
        Running = "running",
        Done = "done",
        /// Tried as often as allowed; a person decides.
        Dead = "dead",
    }
}

/// A job in the queue.
#[derive(Debug, Clone, Serialize, Queryable, Selectable)]
#[diesel(table_name = job, check_for_backend(diesel::pg::Pg))]
pub struct JobRow {
    pub id: JobId,
    pub kind: String,
    pub payload: serde_json::Value,
    pub state: State,
    pub run_at: DateTime<Utc>,
    pub attempts: i32,
    pub max_attempts: i32,
    pub last_error: Option<String>,
}

/// How long a worker may go without renewing its lease.
pub(super) fn lease() -> TimeDelta {
    TimeDelta::seconds(60)
}

/// Adds a job; `None` when one of its name already waits.
pub(super) fn add(
    conn: &mut PgConnection,
    kind: &str,
    payload: &serde_json::Value,
    unique_name: Option<&str>,
    attempts: i32,
    now: DateTime<Utc>,
) -> Result<Option<JobId>, DbError> {
    let id = JobId::fresh();
    loop {
        let added = diesel::insert_into(job::table)
            .values((
                job::id.eq(id),
                job::kind.eq(kind),
                job::payload.eq(payload),
                job::unique_name.eq(unique_name),
                job::state.eq(State::Waiting),
                job::run_at.eq(now),
                job::max_attempts.eq(attempts),
                job::enqueued_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
        if added == 1 {
            return Ok(Some(id));
        }
        // The lock keeps workers from the waiting job until this transaction ends: done
        // earlier, it would not see what this transaction did.
        let waits: Option<JobId> = job::table
            .filter(job::kind.eq(kind))
            .filter(job::unique_name.eq(unique_name))
            .filter(job::state.eq(State::Waiting))
            .select(job::id)
            .for_share()
            .first(conn)
            .optional()?;
        if waits.is_some() {
            return Ok(None);
        }
        // A worker has just taken it.
    }
}

/// Takes the job that has been due longest, of the kinds named; others skip it meanwhile.
pub(super) fn claim(
    conn: &mut PgConnection,
    kinds: &[&str],
    now: DateTime<Utc>,
) -> Result<Option<JobRow>, DbError> {
    conn.transaction(|conn| {
        loop {
            let Some(next) = due(conn, kinds, now)? else {
                return Ok(None);
            };
            if next.attempts < next.max_attempts {
                let row = diesel::update(job::table.find(next.id))
                    .set((
                        job::state.eq(State::Running),
                        job::attempts.eq(job::attempts + 1),
                        job::lease_until.eq(now + lease()),
                    ))
                    .returning(JobRow::as_returning())
                    .get_result(conn)?;
                return Ok(Some(row));
            }
            // Its last attempt took the worker with it.
            diesel::update(job::table.find(next.id))
                .set((
                    job::state.eq(State::Dead),
                    job::last_error.eq("the worker died at the last attempt"),
                    job::lease_until.eq(None::<DateTime<Utc>>),
                ))
                .execute(conn)?;
        }
    })
}

/// The job that has been due longest, waiting or abandoned, locked.
fn due(
    conn: &mut PgConnection,
    kinds: &[&str],
    now: DateTime<Utc>,
) -> Result<Option<JobRow>, DbError> {
    let waits = job::state.eq(State::Waiting).and(job::run_at.le(now));
    let abandoned = job::state.eq(State::Running).and(job::lease_until.lt(now));
    Ok(job::table
        .filter(job::kind.eq_any(kinds))
        .filter(waits.or(abandoned.assume_not_null()))
        .order((job::run_at, job::id))
        .select(JobRow::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?)
}

/// One attempt at a job. Whoever takes the job over makes another, and this one is void.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub id: JobId,
    pub number: i32,
}

/// The job of `$attempt`, while no other worker has taken it over.
macro_rules! mine {
    ($attempt:expr) => {
        job::table
            .filter(job::id.eq($attempt.id))
            .filter(job::state.eq(State::Running))
            .filter(job::attempts.eq($attempt.number))
    };
}

/// Keeps a running job for its worker; false when another has it.
pub(super) fn renew(
    conn: &mut PgConnection,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let renewed = diesel::update(mine!(attempt))
        .set(job::lease_until.eq(now + lease()))
        .execute(conn)?;
    Ok(renewed == 1)
}

/// Marks a job done; false when another worker has it.
pub(super) fn finish(
    conn: &mut PgConnection,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let finished = diesel::update(mine!(attempt))
        .set((
            job::state.eq(State::Done),
            job::finished_at.eq(now),
            job::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    Ok(finished == 1)
}

/// Puts a failed job back, due at `again`, or lays it among the dead; false when another
/// worker has it.
pub(super) fn fail(
    conn: &mut PgConnection,
    attempt: Attempt,
    error: &str,
    again: Option<DateTime<Utc>>,
) -> Result<bool, DbError> {
    let state = again.map_or(State::Dead, |_| State::Waiting);
    unless_one_waits(conn, attempt.id, |conn| {
        diesel::update(mine!(attempt))
            .set((
                job::state.eq(state),
                // PostgreSQL refuses NUL.
                job::last_error.eq(error.replace('\0', " ")),
                job::lease_until.eq(None::<DateTime<Utc>>),
                again.map(|at| job::run_at.eq(at)),
            ))
            .execute(conn)
    })
}

/// Runs `update` of job `id`. If the same one was queued meanwhile, that one will do the
/// work, and this one goes.
fn unless_one_waits(
    conn: &mut PgConnection,
    id: JobId,
    update: impl FnOnce(&mut PgConnection) -> QueryResult<usize>,
) -> Result<bool, DbError> {
    match conn.transaction(update).map_err(DbError::from) {
        Err(DbError::Constraint(name)) if name == "job_waits_once" => {
            diesel::delete(job::table.find(id)).execute(conn)?;
            Ok(true)
        }
        updated => Ok(updated? == 1),
    }
}

/// Jobs in `state`, oldest first.
pub fn list(conn: &mut PgConnection, state: State) -> Result<Vec<JobRow>, DbError> {
    Ok(job::table
        .filter(job::state.eq(state))
        .order((job::run_at, job::id))
        .limit(1000)
        .select(JobRow::as_select())
        .load(conn)?)
}

/// Gives a dead job another round of attempts; false when there is no such dead job.
pub fn retry(conn: &mut PgConnection, id: JobId, now: DateTime<Utc>) -> Result<bool, DbError> {
    unless_one_waits(conn, id, |conn| {
        diesel::update(job::table.find(id).filter(job::state.eq(State::Dead)))
            .set((
                job::state.eq(State::Waiting),
                job::attempts.eq(0),
                job::run_at.eq(now),
            ))
            .execute(conn)
    })
}
