//! What rent is calculated from, for one household or for a band of them.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use diesel::prelude::*;

use crate::kernel::id::TenancyId;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger;
use crate::platform::db::DbError;
use crate::platform::db::schema::{rent_award, rent_charge, rent_tenure};
use crate::rent::model::{Award, RentError, TenantNumber, Tenure};
use crate::rent::rules::Posted;

/// Every flat that the household holds or held, earliest first.
pub fn tenures_of(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Tenure>, DbError> {
    Ok(rent_tenure::table
        .filter(rent_tenure::household.eq(code.number()))
        .order((rent_tenure::starts_on, rent_tenure::tenancy_id))
        .select(Tenure::as_select())
        .load(conn)?)
}

/// The tenures of a band of households that touch `month`; `all` takes those already
/// charged too, and those charged for a month they turned out not to touch.
pub fn tenures_in(
    conn: &mut PgConnection,
    band: &RangeInclusive<TenantNumber>,
    month: Month,
    all: bool,
) -> Result<Vec<Tenure>, DbError> {
    let charges = rent_charge::table
        .filter(rent_charge::household.eq(rent_tenure::household))
        .filter(rent_charge::household.between(*band.start(), *band.end()))
        .filter(rent_charge::tenancy_id.eq(rent_tenure::tenancy_id))
        .filter(rent_charge::month.eq(month))
        .filter(rent_charge::revision.eq(0));
    let ends = rent_tenure::ends_on;
    let touches = rent_tenure::starts_on
        .le(month.last())
        .and(ends.is_null().or(ends.assume_not_null().ge(month.first())));
    let query = rent_tenure::table
        .filter(rent_tenure::household.between(*band.start(), *band.end()))
        .order((rent_tenure::household, rent_tenure::starts_on))
        .select(Tenure::as_select());
    Ok(if all {
        query
            .filter(touches.or(diesel::dsl::exists(charges)))
            .load(conn)?
    } else {
        query
            .filter(touches.and(diesel::dsl::not(diesel::dsl::exists(charges))))
            .load(conn)?
    })
}

/// Every award of a band of households, by household.
pub fn awards_in(
    conn: &mut PgConnection,
    band: &RangeInclusive<TenantNumber>,
) -> Result<HashMap<TenantNumber, Vec<Award>>, DbError> {
    let awards: Vec<Award> = rent_award::table
        .filter(rent_award::household.between(*band.start(), *band.end()))
        .order((
            rent_award::household,
            rent_award::first_month,
            rent_award::revision,
        ))
        .select(Award::as_select())
        .load(conn)?;
    let mut by_household: HashMap<_, Vec<_>> = HashMap::new();
    for award in awards {
        by_household.entry(award.household).or_default().push(award);
    }
    Ok(by_household)
}

/// What a band of households was charged for `month`, by tenancy and general account.
pub fn charged(
    conn: &mut PgConnection,
    band: &RangeInclusive<TenantNumber>,
    month: Month,
) -> Result<HashMap<TenancyId, Posted>, RentError> {
    let mut by_tenancy: HashMap<TenancyId, Posted> = HashMap::new();
    for (source, general, amount) in ledger::charged(conn, band, month)? {
        let posted = by_tenancy.entry(TenancyId::from(source)).or_default();
        let sum = posted.entry(general).or_default();
        *sum = sum.checked_add(amount)?;
    }
    Ok(by_tenancy)
}
