//! What moved on our bank accounts, and whose it is.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Uuid as SqlUuid};

use crate::kernel::four_eyes::Decision;
use crate::kernel::id::{AssignmentId, MovementId};
use crate::payments::model::{Channel, PaymentError};
use crate::payments::reconciliation::{Assignment, BankMovement, Moved};
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    bank_movement, bank_movement_decision as decision, bank_movement_now,
    bank_movement_proposal as proposal,
};

/// Any number that only proposals for a movement lock, together with the movement.
const MOVEMENT_LOCK: i32 = 7_210_853;

/// Keeps other proposals for `movement` out until the transaction ends.
pub fn hold(conn: &mut PgConnection, movement: MovementId) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2::text))")
        .bind::<Integer, _>(MOVEMENT_LOCK)
        .bind::<SqlUuid, _>(movement)
        .execute(conn)?;
    Ok(())
}

/// Adds movements by one `COPY`.
pub fn add(conn: &mut PgConnection, movements: &[BankMovement]) -> Result<(), DbError> {
    if !movements.is_empty() {
        diesel::copy_from(bank_movement::table)
            .from_insertable(movements)
            .execute(conn)?;
    }
    Ok(())
}

/// Which movements are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Those of which we know whose they are, or do not.
    pub known: Option<bool>,
    pub channel: Option<Channel>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// Up to `rows` movements, the newest first, from after the one booked at `after`.
pub fn list(
    conn: &mut PgConnection,
    wanted: Wanted,
    after: Option<(NaiveDate, MovementId)>,
    rows: i64,
) -> Result<Vec<Moved>, DbError> {
    use bank_movement_now::{booked_on, channel, id, known};
    let mut query = bank_movement_now::table
        .order((booked_on.desc(), id.desc()))
        .limit(rows)
        .select(Moved::as_select())
        .into_boxed();
    if let Some(wanted) = wanted.known {
        query = query.filter(known.eq(wanted));
    }
    if let Some(of) = wanted.channel {
        query = query.filter(channel.eq(of));
    }
    if let Some(from) = wanted.from {
        query = query.filter(booked_on.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(booked_on.le(to));
    }
    if let Some((on, place)) = after {
        query = query.filter(booked_on.lt(on).or(booked_on.eq(on).and(id.lt(place))));
    }
    Ok(query.load(conn)?)
}

pub fn movement(conn: &mut PgConnection, id: MovementId) -> Result<Moved, PaymentError> {
    let moved = bank_movement_now::table
        .find(id)
        .select(Moved::as_select())
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    moved.ok_or(PaymentError::NoSuchPayment)
}

/// Whether a proposal for `movement` is open.
pub fn is_proposed(conn: &mut PgConnection, movement: MovementId) -> Result<bool, DbError> {
    let decided = decision::table.filter(decision::proposal.eq(proposal::id));
    let open = proposal::table
        .filter(proposal::movement.eq(movement))
        .filter(not(exists(decided)));
    Ok(diesel::select(exists(open)).get_result(conn)?)
}

type Row = (
    (
        AssignmentId,
        MovementId,
        Option<Channel>,
        Option<NaiveDate>,
        String,
        String,
        DateTime<Utc>,
    ),
    Option<(bool, Option<String>, String, DateTime<Utc>)>,
);

#[diesel::dsl::auto_type(no_type_alias)]
fn rows() -> _ {
    proposal::table
        .left_join(decision::table.on(decision::proposal.eq(proposal::id)))
        .select((
            (
                proposal::id,
                proposal::movement,
                proposal::channel,
                proposal::settled_on,
                proposal::reason,
                proposal::proposed_by,
                proposal::proposed_at,
            ),
            (
                decision::approved,
                decision::reason,
                decision::decided_by,
                decision::decided_at,
            )
                .nullable(),
        ))
}

fn whole((proposed, decided): Row) -> Assignment {
    let (id, movement, channel, settled_on, reason, proposed_by, proposed_at) = proposed;
    Assignment {
        id,
        movement,
        whose: channel.zip(settled_on),
        reason,
        proposed_by,
        proposed_at,
        decision: decided.map(|(approved, reason, decided_by, decided_at)| Decision {
            approved,
            reason,
            decided_by,
            decided_at,
        }),
    }
}

/// What was proposed for `movement`, oldest first.
pub fn assignments(
    conn: &mut PgConnection,
    movement: MovementId,
) -> Result<Vec<Assignment>, DbError> {
    let found: Vec<Row> = rows()
        .filter(proposal::movement.eq(movement))
        .order((proposal::proposed_at, proposal::id))
        .load(conn)?;
    Ok(found.into_iter().map(whole).collect())
}

pub fn assignment(conn: &mut PgConnection, id: AssignmentId) -> Result<Assignment, PaymentError> {
    let found: Option<Row> = rows()
        .filter(proposal::id.eq(id))
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.map(whole).ok_or(PaymentError::NoSuchPayment)
}

/// Adds `assignment`, which is open.
pub fn propose(conn: &mut PgConnection, assignment: &Assignment) -> Result<(), DbError> {
    let (channel, settled_on) = assignment.whose.unzip();
    diesel::insert_into(proposal::table)
        .values((
            proposal::id.eq(assignment.id),
            proposal::movement.eq(assignment.movement),
            proposal::channel.eq(channel),
            proposal::settled_on.eq(settled_on),
            proposal::reason.eq(&assignment.reason),
            proposal::proposed_by.eq(&assignment.proposed_by),
            proposal::proposed_at.eq(assignment.proposed_at),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn decide(
    conn: &mut PgConnection,
    assignment: &Assignment,
    decided: &Decision,
) -> Result<(), DbError> {
    diesel::insert_into(decision::table)
        .values((
            decision::proposal.eq(assignment.id),
            decision::movement.eq(assignment.movement),
            decision::proposed_by.eq(&assignment.proposed_by),
            decision::approved.eq(decided.approved),
            decision::reason.eq(&decided.reason),
            decision::decided_by.eq(&decided.decided_by),
            decision::decided_at.eq(decided.decided_at),
        ))
        .execute(conn)?;
    Ok(())
}
