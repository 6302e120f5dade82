//! Households and tenancies by the hundred thousand: loaded, and counted.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::model::Tenancy;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::schema::{household, tenancy};
use crate::platform::db::{DbError, execute};

/// Whether there is no household, and so no tenancy.
pub fn is_empty(conn: &mut PgConnection) -> Result<bool, DbError> {
    let any: bool =
        diesel::select(exists(household::table.select(household::number))).get_result(conn)?;
    Ok(!any)
}

/// Opens `households`, each with when it was opened, and gives the next one a number after
/// theirs.
pub fn load_households(
    conn: &mut PgConnection,
    households: &[(i64, DateTime<Utc>)],
) -> Result<(), DbError> {
    let Some((last, _)) = households.iter().max() else {
        return Ok(());
    };
    let rows: Vec<_> = households
        .iter()
        .map(|(number, opened_at)| {
            (
                household::number.eq(number),
                household::opened_at.eq(opened_at),
            )
        })
        .collect();
    diesel::copy_from(household::table)
        .from_insertable(rows)
        .execute(conn)?;
    let last = (*last).max(TenantCode::FIRST);
    execute(
        conn,
        &format!(
            "SELECT setval('household_number', greatest({last}, (SELECT last_value FROM household_number)))"
        ),
    )
}

/// Adds `tenancies` by one `COPY`.
pub fn load_tenancies(conn: &mut PgConnection, tenancies: &[Tenancy]) -> Result<(), DbError> {
    let rows = tenancies.iter().map(|new| {
        (
            tenancy::id.eq(new.id),
            tenancy::household.eq(new.household),
            tenancy::flat_id.eq(new.flat_id),
            tenancy::kind.eq(new.kind),
            tenancy::starts_on.eq(new.starts_on),
            tenancy::ends_on.eq(new.ends_on),
            tenancy::end_reason.eq(new.end_reason),
            tenancy::household_size.eq(new.household_size),
            tenancy::recorded_at.eq(new.recorded_at),
            tenancy::end_recorded_at.eq(new.end_recorded_at),
            tenancy::version.eq(new.version),
        )
    });
    diesel::copy_from(tenancy::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// How many tenancies run on `day`.
pub fn running(conn: &mut PgConnection, day: NaiveDate) -> Result<i64, DbError> {
    let ends = tenancy::ends_on;
    Ok(tenancy::table
        .filter(tenancy::starts_on.le(day))
        .filter(ends.is_null().or(ends.assume_not_null().ge(day)))
        .select(count_star())
        .first(conn)?)
}
