//! Which rows a caller reaches, as conditions: the first line. Row-level security is the second.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::dsl::{auto_type, exists};
use diesel::expression::BoxableExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::kernel::id::EstateId;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{household, membership, person, tenancy_place};

type Condition<T> = Box<dyn BoxableExpression<T, Pg, SqlType = Bool>>;

/// Whether `code` is a household within `reach`: of any tenancy that is not over today.
pub fn household_is_within(
    conn: &mut PgConnection,
    code: TenantCode,
    reach: &Reach,
    today: NaiveDate,
) -> Result<bool, DbError> {
    let known = household::table.filter(household::number.eq(code));
    let found = match reach {
        Reach::Everywhere => diesel::select(exists(known)).get_result(conn),
        Reach::Household(own) if *own == code => diesel::select(exists(known)).get_result(conn),
        Reach::Household(_) | Reach::Person(_) => Ok(false),
        Reach::Estates(estates) => {
            let there = places(all(estates), today).filter(tenancy_place::household.eq(code));
            diesel::select(exists(there)).get_result(conn)
        }
    };
    Ok(found?)
}

/// Memberships in households within `reach`.
pub(super) fn membership_within(reach: &Reach, today: NaiveDate) -> Condition<membership::table> {
    match reach {
        Reach::Everywhere => Box::new(true.into_sql::<Bool>()),
        Reach::Estates(estates) => {
            let there = places(all(estates), today)
                .filter(tenancy_place::household.eq(membership::household));
            Box::new(exists(there))
        }
        Reach::Household(code) => Box::new(membership::household.eq(*code)),
        Reach::Person(id) => Box::new(membership::person.eq(*id)),
    }
}

/// People with a membership in a household within `reach`; to the household itself, those
/// only whose membership is not over.
pub(super) fn person_within(reach: &Reach, today: NaiveDate) -> Condition<person::table> {
    let stays = || membership::table.filter(membership::person.eq(person::id));
    match reach {
        Reach::Everywhere => Box::new(true.into_sql::<Bool>()),
        Reach::Estates(estates) => {
            let there = places(all(estates), today)
                .filter(tenancy_place::household.eq(membership::household));
            Box::new(exists(stays().filter(exists(there))))
        }
        Reach::Household(code) => {
            let ends = membership::ends_on;
            let stays = stays()
                .filter(membership::household.eq(*code))
                .filter(ends.is_null().or(ends.assume_not_null().ge(today)));
            Box::new(exists(stays))
        }
        Reach::Person(id) => Box::new(person::id.eq(*id)),
    }
}

/// Where households of `estates` live whose tenancy is not over on `today`.
#[auto_type]
fn places(estates: Vec<EstateId>, today: NaiveDate) -> _ {
    let ends = tenancy_place::ends_on;
    let is_there = ends.is_null().or(ends.assume_not_null().ge(today));
    tenancy_place::table
        .filter(tenancy_place::estate_id.eq_any(estates))
        .filter(is_there)
}

fn all(estates: &BTreeSet<EstateId>) -> Vec<EstateId> {
    estates.iter().copied().collect()
}
