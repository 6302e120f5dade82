//! Which households and tenancies are within a caller's reach.
//!
//! A tenancy is the business of its flat's estate office. A household is the business of the
//! estates it lives in today or moves to, and once it has left, of the estate it left last:
//! somebody must see to what a former tenant owes.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Uuid};

use super::model::{Move, NewTenancy, Tenancy, TenancyError};
use super::store;
use crate::estates;
use crate::kernel::id::{FlatId, TenancyId};
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;

/// Whether household `code` is within `reach` on `today`; that it exists is not looked at when
/// the answer does not depend on it.
pub fn reaches(
    conn: &mut PgConnection,
    reach: &Reach,
    code: TenantCode,
    today: NaiveDate,
) -> Result<bool, DbError> {
    let estates: Vec<uuid::Uuid> = match reach {
        Reach::Everywhere => return Ok(true),
        Reach::Household(own) => return Ok(*own == code),
        Reach::Person(_) => return Ok(false),
        Reach::Estates(estates) => estates.iter().map(|estate| estate.as_uuid()).collect(),
    };
    let asked =
        diesel::dsl::sql::<Bool>("EXISTS (SELECT FROM tenancy_place p WHERE p.estate_id = ANY(")
            .bind::<Array<Uuid>, _>(estates)
            .sql(") AND p.household = ")
            .bind::<BigInt, _>(code)
            .sql(" AND (p.ends_on IS NULL OR p.ends_on >= ")
            .bind::<Date, _>(today)
            .sql(
                " OR NOT EXISTS (SELECT FROM tenancy later WHERE later.household = p.household \
           AND later.starts_on > p.starts_on)))",
            );
    Ok(diesel::select(asked).get_result(conn)?)
}

/// Tenancy `id`, if it is within `reach`.
pub(super) fn tenancy_within(
    conn: &mut PgConnection,
    reach: &Reach,
    id: TenancyId,
) -> Result<Tenancy, TenancyError> {
    let tenancy = store::tenancy(conn, id)?.ok_or(TenancyError::NoSuchTenancy)?;
    let within = match reach {
        Reach::Everywhere => true,
        Reach::Household(own) => *own == tenancy.household,
        Reach::Person(_) => false,
        Reach::Estates(_) => flat_within(conn, reach, tenancy.flat_id)?,
    };
    within.then_some(tenancy).ok_or(TenancyError::NoSuchTenancy)
}

/// Refuses a start outside `reach`: its flat, and its household if it has one already.
pub(super) fn start_within(
    conn: &mut PgConnection,
    reach: &Reach,
    new: &NewTenancy,
    today: NaiveDate,
) -> Result<(), TenancyError> {
    if !flat_within(conn, reach, new.flat_id)? {
        return Err(TenancyError::NoSuchFlat);
    }
    match new.household {
        Some(code) if !reaches(conn, reach, code, today)? => Err(TenancyError::NoSuchHousehold),
        _ => Ok(()),
    }
}

/// Refuses a move outside `reach`: the tenancy that ends, or the flat moved to.
pub(super) fn move_within(
    conn: &mut PgConnection,
    reach: &Reach,
    id: TenancyId,
    to: Move,
) -> Result<(), TenancyError> {
    tenancy_within(conn, reach, id)?;
    if flat_within(conn, reach, to.flat_id)? {
        Ok(())
    } else {
        Err(TenancyError::NoSuchFlat)
    }
}

/// Whether flat `id` is one of an estate within `reach`; no flat is a household's.
pub(super) fn flat_within(
    conn: &mut PgConnection,
    reach: &Reach,
    id: FlatId,
) -> Result<bool, DbError> {
    if reach.is_everywhere() {
        return Ok(true);
    }
    Ok(estates::flat(conn, id)?.is_some_and(|flat| reach.takes_in(flat.estate_id)))
}
