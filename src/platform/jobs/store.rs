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

pub(super) fn add(
    conn: &mut PgConnection,
    kind: &str,
    payload: serde_json::Value,
    unique_name: Option<String>,
    attempts: i32,
    now: DateTime<Utc>,
) -> Result<Option<JobId>, DbError> {
    let id = JobId::fresh();
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
    Ok((added == 1).then_some(id))
}

/// Takes the job that has been due longest, of the kinds named; others skip it meanwhile.
pub(super) fn claim(
    conn: &mut PgConnection,
    kinds: &[&str],
    now: DateTime<Utc>,
) -> Result<Option<JobRow>, DbError> {
    conn.transaction(|conn| {
        let waits = job::state.eq(State::Waiting).and(job::run_at.le(now));
        let abandoned = job::state.eq(State::Running).and(job::lease_until.lt(now));
        let next: Option<JobId> = job::table
            .select(job::id)
            .filter(job::kind.eq_any(kinds))
            .filter(waits.or(abandoned.assume_not_null()))
            .order((job::run_at, job::id))
            .for_update()
            .skip_locked()
            .first(conn)
            .optional()?;
        let Some(id) = next else { return Ok(None) };
        let row = diesel::update(job::table.find(id))
            .set((
                job::state.eq(State::Running),
                job::attempts.eq(job::attempts + 1),
                job::lease_until.eq(now + lease()),
            ))
            .returning(JobRow::as_returning())
            .get_result(conn)?;
        Ok(Some(row))
    })
}

/// Keeps a running job for its worker.
pub(super) fn renew(conn: &mut PgConnection, id: JobId, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(job::table.find(id))
        .set(job::lease_until.eq(now + lease()))
        .execute(conn)?;
    Ok(())
}

pub(super) fn finish(
    conn: &mut PgConnection,
    id: JobId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(job::table.find(id))
        .set((
            job::state.eq(State::Done),
            job::finished_at.eq(now),
            job::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts a failed job back, due at `again`, or lays it among the dead.
pub(super) fn fail(
    conn: &mut PgConnection,
    id: JobId,
    error: &str,
    again: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    // If the same one was queued meanwhile, that one will do the work.
    let state = if again.is_some() {
        State::Waiting
    } else {
        State::Dead
    };
    let set = (
        job::state.eq(state),
        job::last_error.eq(error),
        job::lease_until.eq(None::<DateTime<Utc>>),
    );
    let update = diesel::update(job::table.find(id)).set(set);
    let result = match again {
        Some(at) => conn.transaction(|conn| {
            diesel::update(job::table.find(id))
                .set(job::run_at.eq(at))
                .execute(conn)?;
            update.execute(conn)
        }),
        None => update.execute(conn),
    };
    match result.map_err(DbError::from) {
        Err(DbError::Constraint(name)) if name == "job_waits_once" => {
            diesel::delete(job::table.find(id)).execute(conn)?;
            Ok(())
        }
        other => other.map(|_| ()),
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
    let revived = diesel::update(job::table.find(id).filter(job::state.eq(State::Dead)))
        .set((
            job::state.eq(State::Waiting),
            job::attempts.eq(0),
            job::run_at.eq(now),
        ))
        .execute(conn)?;
    Ok(revived == 1)
}
