//! Awards.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::kernel::id::AwardId;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::rent_award;
use crate::rent::model::{Award, RentError};

/// Every revision of every award of the household, earliest first.
pub fn awards_of(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Award>, DbError> {
    Ok(rent_award::table
        .filter(rent_award::household.eq(code.number()))
        .order((
            rent_award::first_month,
            rent_award::id,
            rent_award::revision,
        ))
        .select(Award::as_select())
        .load(conn)?)
}

/// The award as it stands, locked until the transaction ends.
pub fn award(conn: &mut PgConnection, id: AwardId) -> Result<Option<Award>, DbError> {
    Ok(rent_award::table
        .filter(rent_award::id.eq(id))
        .filter(rent_award::replaced_at.is_null())
        .select(Award::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Adds a revision of an award.
pub fn add_award(conn: &mut PgConnection, award: &Award) -> Result<(), RentError> {
    let added = diesel::insert_into(rent_award::table)
        .values(award)
        .execute(conn);
    match added.map_err(DbError::from) {
        Ok(_) => Ok(()),
        Err(DbError::Constraint(name)) => match name.as_str() {
            "rent_award_one_at_a_time" => Err(RentError::AwardOverlaps),
            "rent_award_household_fkey" => Err(RentError::NoSuchAccount),
            "rent_award_pkey" => Err(RentError::Stale),
            _ => Err(DbError::Constraint(name).into()),
        },
        Err(other) => Err(other.into()),
    }
}

/// Closes a revision: from `now` on another is what we know.
pub fn replace_award(
    conn: &mut PgConnection,
    award: &Award,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(rent_award::table.find((award.id, award.revision)))
        .set(rent_award::replaced_at.eq(now))
        .execute(conn)?;
    Ok(())
}
