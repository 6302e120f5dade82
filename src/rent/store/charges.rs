//! Booked charges and adjustments.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Numeric, SmallInt, Timestamptz};

use crate::kernel::id::{AdjustmentId, TenancyId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{rent_adjustment, rent_charge};
use crate::rent::model::{BookedCharge, RentError, TenantNumber};

/// Adds `charges`; a tenancy and month is charged once.
pub fn add_charges(conn: &mut PgConnection, charges: &[BookedCharge]) -> Result<(), DbError> {
    diesel::copy_from(rent_charge::table)
        .from_insertable(charges)
        .execute(conn)?;
    Ok(())
}

/// The newest revision of each charge of a band of households for `month`, by tenancy.
pub fn latest_revisions(
    conn: &mut PgConnection,
    band: &RangeInclusive<TenantNumber>,
    month: Month,
) -> Result<HashMap<TenancyId, BookedCharge>, DbError> {
    let charges: Vec<BookedCharge> = rent_charge::table
        .filter(rent_charge::household.between(*band.start(), *band.end()))
        .filter(rent_charge::month.eq(month))
        .order((
            rent_charge::household,
            rent_charge::tenancy_id,
            rent_charge::revision,
        ))
        .select(BookedCharge::as_select())
        .load(conn)?;
    Ok(charges
        .into_iter()
        .map(|charge| (charge.tenancy_id, charge))
        .collect())
}

/// What a late decision changed of a charge, and what it left in the tenant's favour.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Revision {
    #[diesel(sql_type = BigInt)]
    pub household: TenantNumber,
    #[diesel(sql_type = SmallInt)]
    #[diesel(column_name = revision)]
    pub number: i16,
    /// The change; below zero it is in the tenant's favour.
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// What had been paid beyond what was due by this change: credit that it left.
    #[diesel(sql_type = Numeric)]
    pub overpaid: Money,
    #[diesel(sql_type = Timestamptz)]
    pub booked_at: DateTime<Utc>,
}

/// The revisions of `month`'s charges after household `after`, by household.
///
/// Overpaid is what the revision left as credit: the balance after it, of everything that
/// counted by the day it was booked, as far as it is below zero and the revision made it so.
pub fn revisions(
    conn: &mut PgConnection,
    month: Month,
    after: Option<(TenantNumber, i16)>,
    rows: i64,
) -> Result<Vec<Revision>, DbError> {
    let (household, revision) = after.unwrap_or((0, 0));
    Ok(diesel::sql_query(include_str!("revisions.sql"))
        .bind::<Date, _>(month.first())
        .bind::<BigInt, _>(household)
        .bind::<SmallInt, _>(revision)
        .bind::<BigInt, _>(rows)
        .load(conn)?)
}

/// An adjustment or a refund to record.
#[derive(Debug, Insertable)]
#[diesel(table_name = rent_adjustment)]
pub struct NewAdjustment<'a> {
    pub id: AdjustmentId,
    pub household: TenantNumber,
    pub kind: &'a str,
    pub amount: Money,
    pub effective_on: NaiveDate,
    pub reason: &'a str,
    pub recorded_by: &'a str,
    pub recorded_at: DateTime<Utc>,
}

/// Records an adjustment.
pub fn add_adjustment(
    conn: &mut PgConnection,
    adjustment: &NewAdjustment<'_>,
) -> Result<(), RentError> {
    let added = diesel::insert_into(rent_adjustment::table)
        .values(adjustment)
        .execute(conn);
    match added.map_err(DbError::from) {
        Ok(_) => Ok(()),
        Err(DbError::Constraint(name)) if name == "rent_adjustment_household_fkey" => {
            Err(RentError::NoSuchAccount)
        }
        Err(other) => Err(other.into()),
    }
}

/// What `code` was charged for `month`, of what counts by `valid_at` and was known at
/// `known_at`.
pub fn charged_as_at(
    conn: &mut PgConnection,
    code: TenantCode,
    month: Month,
    (valid_at, known_at): (NaiveDate, DateTime<Utc>),
) -> Result<Money, DbError> {
    let sum: Option<Money> = rent_charge::table
        .filter(rent_charge::household.eq(code.number()))
        .filter(rent_charge::month.eq(month))
        .filter(rent_charge::effective_on.le(valid_at))
        .filter(rent_charge::booked_at.le(known_at))
        .select(diesel::dsl::sum(rent_charge::amount))
        .first(conn)?;
    Ok(sum.unwrap_or_default())
}

/// Every charge of `code`, in the order of the days they count from.
pub fn charges_of(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<BookedCharge>, DbError> {
    Ok(rent_charge::table
        .filter(rent_charge::household.eq(code.number()))
        .order((
            rent_charge::effective_on,
            rent_charge::month,
            rent_charge::revision,
        ))
        .select(BookedCharge::as_select())
        .load(conn)?)
}

/// An adjustment or a refund as it was recorded.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = rent_adjustment, check_for_backend(diesel::pg::Pg))]
pub struct Adjustment {
    pub kind: String,
    pub amount: Money,
    pub effective_on: NaiveDate,
    pub reason: String,
}

/// Every adjustment and refund of `code`, in the order of the days they count from.
pub fn adjustments_of(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Vec<Adjustment>, DbError> {
    Ok(rent_adjustment::table
        .filter(rent_adjustment::household.eq(code.number()))
        .order((rent_adjustment::effective_on, rent_adjustment::id))
        .select(Adjustment::as_select())
        .load(conn)?)
}
