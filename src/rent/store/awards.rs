//! Awards.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::kernel::id::AwardId;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::rent_award;
use crate::rent::model::{Award, RentError, Scheme};

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

/// The household that the award is of.
pub fn household_of_award(
    conn: &mut PgConnection,
    id: AwardId,
) -> Result<Option<TenantCode>, DbError> {
    Ok(rent_award::table
        .filter(rent_award::id.eq(id))
        .filter(rent_award::replaced_at.is_null())
        .select(rent_award::household)
        .first(conn)
        .optional()?)
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

/// The first household, by number, that Rent Assistance is granted to for `month`.
pub fn assisted(conn: &mut PgConnection, month: Month) -> Result<Option<TenantCode>, DbError> {
    let last = rent_award::last_month;
    let first: Option<i64> = rent_award::table
        .filter(rent_award::scheme.eq_any([Scheme::Assistance25, Scheme::Assistance50]))
        .filter(rent_award::replaced_at.is_null())
        .filter(rent_award::first_month.le(month.first()))
        .filter(last.is_null().or(last.assume_not_null().ge(month.first())))
        .select(diesel::dsl::min(rent_award::household))
        .first(conn)?;
    Ok(first.and_then(TenantCode::of))
}
