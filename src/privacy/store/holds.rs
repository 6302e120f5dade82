//! Legal holds and requests for erasure.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use uuid::Uuid;

use super::super::model::{ErasureOrder, ErasureRequest, Hold, PrivacyError};
use crate::kernel::id::PersonId;
use crate::platform::db::DbError;
use crate::platform::db::schema::{erasure_order, erasure_request, legal_hold};

/// Keeps a hold and an erasure of one person apart until the transaction ends: whichever comes
/// second sees the first.
pub fn hold_person(conn: &mut PgConnection, person: PersonId) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(7210842, uuid_hash($1))")
        .bind::<SqlUuid, _>(person.as_uuid())
        .execute(conn)?;
    Ok(())
}

pub fn add_hold(conn: &mut PgConnection, hold: &Hold) -> Result<(), DbError> {
    diesel::insert_into(legal_hold::table)
        .values(hold)
        .execute(conn)?;
    Ok(())
}

/// The hold `id`, locked until the transaction ends.
pub fn hold(conn: &mut PgConnection, id: Uuid) -> Result<Option<Hold>, DbError> {
    Ok(legal_hold::table
        .find(id)
        .select(Hold::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// The holds on `person`, the oldest first; lifted ones too.
pub fn holds_of(conn: &mut PgConnection, person: PersonId) -> Result<Vec<Hold>, DbError> {
    Ok(legal_hold::table
        .filter(legal_hold::person.eq(person))
        .order((legal_hold::set_at, legal_hold::id))
        .select(Hold::as_select())
        .load(conn)?)
}

/// Whether `person` is under a hold.
pub fn is_held(conn: &mut PgConnection, person: PersonId) -> Result<bool, DbError> {
    let holds = legal_hold::table
        .filter(legal_hold::person.eq(person))
        .filter(legal_hold::lifted_at.is_null());
    Ok(diesel::select(exists(holds)).get_result(conn)?)
}

/// Everybody under a hold.
pub fn held_people(conn: &mut PgConnection) -> Result<Vec<PersonId>, DbError> {
    Ok(legal_hold::table
        .filter(legal_hold::lifted_at.is_null())
        .select(legal_hold::person)
        .distinct()
        .load(conn)?)
}

/// Writes that a hold was lifted.
pub fn lift(conn: &mut PgConnection, lifted: &Hold) -> Result<(), DbError> {
    diesel::update(legal_hold::table.find(lifted.id))
        .set((
            legal_hold::lifted_by.eq(&lifted.lifted_by),
            legal_hold::lifted_at.eq(lifted.lifted_at),
            legal_hold::version.eq(lifted.version),
        ))
        .execute(conn)?;
    Ok(())
}

/// Adds a request for erasure; an index decides when two ask at the same time.
pub fn add_erasure(conn: &mut PgConnection, asked: &ErasureRequest) -> Result<(), PrivacyError> {
    let added = diesel::insert_into(erasure_request::table)
        .values(asked)
        .execute(conn)
        .map_err(DbError::from);
    match added {
        Err(error) if error.constraint() == Some("erasure_request_once") => {
            Err(PrivacyError::AskedAlready)
        }
        added => Ok(added.map(drop)?),
    }
}

/// The request for the erasure of `person` that nobody has approved, locked until the
/// transaction ends.
pub fn open_erasure(
    conn: &mut PgConnection,
    person: PersonId,
) -> Result<Option<ErasureRequest>, DbError> {
    Ok(erasure_request::table
        .filter(erasure_request::person.eq(person))
        .filter(erasure_request::approved_at.is_null())
        .select(ErasureRequest::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Writes that a request for erasure was approved.
pub fn approve_erasure(conn: &mut PgConnection, approved: &ErasureRequest) -> Result<(), DbError> {
    diesel::update(erasure_request::table.find(approved.id))
        .set((
            erasure_request::approved_by.eq(&approved.approved_by),
            erasure_request::approved_at.eq(approved.approved_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Every request for the erasure of `person`, the oldest first.
pub fn erasures_of(
    conn: &mut PgConnection,
    person: PersonId,
) -> Result<Vec<ErasureRequest>, DbError> {
    Ok(erasure_request::table
        .filter(erasure_request::person.eq(person))
        .order((erasure_request::requested_at, erasure_request::id))
        .select(ErasureRequest::as_select())
        .load(conn)?)
}

/// Adds an order; the key decides when two are given at the same time.
pub fn add_order(conn: &mut PgConnection, order: &ErasureOrder) -> Result<(), PrivacyError> {
    let added = diesel::insert_into(erasure_order::table)
        .values(order)
        .execute(conn)
        .map_err(DbError::from);
    match added {
        Err(error) if error.constraint() == Some("erasure_order_pkey") => {
            Err(PrivacyError::Ordered)
        }
        added => Ok(added.map(drop)?),
    }
}

/// The order to erase `person` that is not carried out yet, locked until the transaction ends.
pub fn open_order(
    conn: &mut PgConnection,
    person: PersonId,
) -> Result<Option<ErasureOrder>, DbError> {
    Ok(erasure_order::table
        .find(person)
        .filter(erasure_order::done_at.is_null())
        .select(ErasureOrder::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Whether `person` is to be erased, or was.
pub fn is_ordered(conn: &mut PgConnection, person: PersonId) -> Result<bool, DbError> {
    Ok(diesel::select(exists(erasure_order::table.find(person))).get_result(conn)?)
}

/// Whom the orders that are not carried out yet are to erase, the oldest first.
pub fn open_orders(conn: &mut PgConnection) -> Result<Vec<PersonId>, DbError> {
    Ok(erasure_order::table
        .filter(erasure_order::done_at.is_null())
        .order((erasure_order::ordered_at, erasure_order::person))
        .select(erasure_order::person)
        .load(conn)?)
}

/// Writes that the order to erase `person` was carried out.
pub fn end_order(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(erasure_order::table.find(person))
        .set(erasure_order::done_at.eq(now))
        .execute(conn)?;
    Ok(())
}
