//! CSSA in PostgreSQL. The only folder that names its tables.

pub mod allowances;
pub mod exceptions;
pub mod reconciliations;
pub mod rents;

use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::platform::db::DbError;

/// Any number that only the taking in of allowances, and the numbering of files, lock.
const LOCK: i32 = 7_210_861;

/// Keeps others who take allowances in, or number files, out until the transaction ends.
pub fn hold(conn: &mut PgConnection) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, 0)")
        .bind::<Integer, _>(LOCK)
        .execute(conn)?;
    Ok(())
}

/// Rows that one statement adds: `COPY` is not for tables with row-level security, and a statement
/// takes sixty-five thousand values.
const AT_ONCE: usize = 4_096;
