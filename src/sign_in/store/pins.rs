//! Households' PINs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::tenant_pin as table;
use crate::sign_in::model::SignInError;
use crate::sign_in::rules::lock::Guesses;

/// A household's PIN and what is kept of guesses at it.
#[derive(Debug, Clone)]
pub struct Pin {
    pub id: Uuid,
    pub hash: String,
    pub guesses: Guesses,
}

type Row = (Uuid, String, i32, Option<DateTime<Utc>>);

const COLUMNS: (table::id, table::pin_hash, table::wrong, table::until) =
    (table::id, table::pin_hash, table::wrong, table::until);

impl From<Row> for Pin {
    fn from((id, hash, wrong, until): Row) -> Self {
        Self {
            id,
            hash,
            guesses: Guesses { wrong, until },
        }
    }
}

/// The PIN of `household`.
pub fn of(conn: &mut PgConnection, household: TenantCode) -> Result<Option<Pin>, DbError> {
    let row: Option<Row> = table::table
        .filter(table::household.eq(household))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    Ok(row.map(Pin::from))
}

/// The PIN of `household`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, household: TenantCode) -> Result<Option<Pin>, DbError> {
    let row: Option<Row> = table::table
        .filter(table::household.eq(household))
        .select(COLUMNS)
        .for_update()
        .first(conn)
        .optional()?;
    Ok(row.map(Pin::from))
}

/// Saves the hash of a PIN and what is kept of guesses at it.
pub fn save(conn: &mut PgConnection, pin: &Pin) -> Result<(), DbError> {
    diesel::update(table::table.find(pin.id))
        .set((
            table::pin_hash.eq(&pin.hash),
            table::wrong.eq(pin.guesses.wrong),
            table::until.eq(pin.guesses.until),
        ))
        .execute(conn)?;
    Ok(())
}

/// Sets the PIN of `household`, as `by` asked; every guess before is forgotten.
pub fn set(
    conn: &mut PgConnection,
    household: TenantCode,
    hash: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Uuid, SignInError> {
    let values = (
        table::pin_hash.eq(hash),
        table::wrong.eq(0),
        table::until.eq(None::<DateTime<Utc>>),
        table::set_at.eq(now),
        table::set_by.eq(by),
    );
    let set = diesel::insert_into(table::table)
        .values((
            table::id.eq(Uuid::now_v7()),
            table::household.eq(household),
            values,
        ))
        .on_conflict(table::household)
        .do_update()
        .set(values)
        .returning(table::id)
        .get_result(conn);
    set.map_err(|error| {
        let error = DbError::from(error);
        match error.constraint() {
            Some("tenant_pin_household_fkey") => SignInError::NoSuchHousehold,
            _ => error.into(),
        }
    })
}

/// When a PIN was set, how many wrong guesses are kept of it, and until when it is closed.
type Kept = (DateTime<Utc>, i32, Option<DateTime<Utc>>);

/// When the PIN of `household` was set, how many wrong guesses are kept of it, and until when
/// they close it.
pub fn kept_of(conn: &mut PgConnection, household: TenantCode) -> Result<Option<Kept>, DbError> {
    Ok(table::table
        .filter(table::household.eq(household))
        .select((table::set_at, table::wrong, table::until))
        .first(conn)
        .optional()?)
}
