//! Requests of both kinds: two tables with the same columns, and what a correction claims.

use diesel::prelude::*;
use uuid::Uuid;

use super::super::model::{Request, RequestState, Wanted};
use crate::kernel::id::PersonId;
use crate::platform::db::DbError;
use crate::platform::db::schema::{correction_request, data_access_request};

/// What is done with one table of requests.
macro_rules! requests {
    ($name:ident of $table:ident) => {
        pub mod $name {
            use super::*;
            use $table as table;

            #[diesel::dsl::auto_type(no_type_alias)]
            fn columns() -> _ {
                (
                    table::id,
                    table::person,
                    table::received_on,
                    table::due_on,
                    table::received_by,
                    table::state,
                    table::refusal,
                    table::decided_by,
                    table::decided_at,
                    table::version,
                )
            }

            /// Adds a request that was received.
            pub fn add(conn: &mut PgConnection, request: &Request) -> Result<(), DbError> {
                diesel::insert_into(table::table)
                    .values((
                        table::id.eq(request.id),
                        table::person.eq(request.person),
                        table::received_on.eq(request.received_on),
                        table::due_on.eq(request.due_on),
                        table::received_by.eq(&request.received_by),
                        table::state.eq(request.state),
                        table::version.eq(request.version),
                    ))
                    .execute(conn)?;
                Ok(())
            }

            pub fn one(conn: &mut PgConnection, id: Uuid) -> Result<Option<Request>, DbError> {
                Ok(table::table
                    .find(id)
                    .select(columns())
                    .first(conn)
                    .optional()?)
            }

            /// The request `id`, locked until the transaction ends.
            pub fn lock(conn: &mut PgConnection, id: Uuid) -> Result<Option<Request>, DbError> {
                Ok(table::table
                    .find(id)
                    .select(columns())
                    .for_update()
                    .first(conn)
                    .optional()?)
            }

            /// Writes the decision on a request.
            pub fn decide(conn: &mut PgConnection, decided: &Request) -> Result<(), DbError> {
                diesel::update(table::table.find(decided.id))
                    .set((
                        table::state.eq(decided.state),
                        table::refusal.eq(decided.refusal),
                        table::decided_by.eq(&decided.decided_by),
                        table::decided_at.eq(decided.decided_at),
                        table::version.eq(decided.version),
                    ))
                    .execute(conn)?;
                Ok(())
            }

            /// The requests about `person`, the oldest first.
            pub fn of(conn: &mut PgConnection, person: PersonId) -> Result<Vec<Request>, DbError> {
                Ok(table::table
                    .filter(table::person.eq(person))
                    .order((table::due_on, table::id))
                    .select(columns())
                    .load(conn)?)
            }

            /// Those that are `wanted`, the one due first before the others.
            pub fn list(conn: &mut PgConnection, wanted: Wanted) -> Result<Vec<Request>, DbError> {
                let mut query = table::table
                    .order((table::due_on, table::id))
                    .limit(wanted.rows)
                    .select(columns())
                    .into_boxed();
                if let Some(state) = wanted.state {
                    query = query.filter(table::state.eq(RequestState::as_str(state)));
                }
                if let Some(day) = wanted.due_by {
                    query = query.filter(table::due_on.le(day));
                }
                if let Some((due_on, id)) = wanted.after {
                    let same_day = table::due_on.eq(due_on).and(table::id.gt(id));
                    query = query.filter(table::due_on.gt(due_on).or(same_day));
                }
                Ok(query.load(conn)?)
            }
        }
    };
}

requests!(access of data_access_request);
requests!(correction of correction_request);

/// Keeps what correction request `id` claims, sealed.
pub fn set_claim(conn: &mut PgConnection, id: Uuid, sealed: &[u8]) -> Result<(), DbError> {
    diesel::update(correction_request::table.find(id))
        .set(correction_request::claim.eq(sealed))
        .execute(conn)?;
    Ok(())
}

/// What is left of a person's correction requests, each with its sealed claim.
pub fn claims(conn: &mut PgConnection, person: PersonId) -> Result<Vec<(Uuid, Vec<u8>)>, DbError> {
    let claim = correction_request::claim;
    Ok(correction_request::table
        .filter(correction_request::person.eq(person))
        .filter(claim.is_not_null())
        .select((correction_request::id, claim.assume_not_null()))
        .load(conn)?)
}

/// Forgets what the correction requests of `person` claimed.
pub fn forget_claims(conn: &mut PgConnection, person: PersonId) -> Result<(), DbError> {
    let nothing: Option<Vec<u8>> = None;
    diesel::update(correction_request::table.filter(correction_request::person.eq(person)))
        .set(correction_request::claim.eq(nothing))
        .execute(conn)?;
    Ok(())
}
