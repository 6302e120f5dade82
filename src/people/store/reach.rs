//! Which rows a caller reaches, as conditions: the first line. Row-level security is the second.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::expression::BoxableExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Nullable, Uuid as SqlUuid};
use uuid::Uuid;

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
        Reach::Everywhere => diesel::select(diesel::dsl::exists(known)).get_result(conn),
        Reach::Household(own) if *own == code => {
            diesel::select(diesel::dsl::exists(known)).get_result(conn)
        }
        Reach::Household(_) | Reach::Person(_) => Ok(false),
        Reach::Estates(estates) => {
            let estates: Vec<Uuid> = estates.iter().map(|id| id.as_uuid()).collect();
            let ends = tenancy_place::ends_on;
            let there = tenancy_place::table
                .filter(tenancy_place::household.eq(code))
                .filter(tenancy_place::estate_id.eq_any(estates))
                .filter(ends.is_null().or(ends.assume_not_null().ge(today)));
            diesel::select(diesel::dsl::exists(there)).get_result(conn)
        }
    };
    Ok(found?)
}

/// Memberships in households within `reach`.
pub(super) fn membership_within(reach: &Reach, today: NaiveDate) -> Condition<membership::table> {
    let bounds = Bounds::of(reach);
    Box::new(
        sql::<Bool>("(")
            .bind::<Bool, _>(bounds.everywhere)
            .sql(" OR household = ")
            .bind::<Nullable<BigInt>, _>(bounds.household)
            .sql(" OR person = ")
            .bind::<Nullable<SqlUuid>, _>(bounds.person)
            .sql(" OR EXISTS (SELECT FROM tenancy_place e WHERE e.household = membership.household AND e.estate_id = ANY(")
            .bind::<Array<SqlUuid>, _>(bounds.estates)
            .sql(") AND coalesce(e.ends_on, 'infinity') >= ")
            .bind::<Date, _>(today)
            .sql("))"),
    )
}

/// People with a membership in a household within `reach`; to the household itself, those
/// only whose membership is not over.
pub(super) fn person_within(reach: &Reach, today: NaiveDate) -> Condition<person::table> {
    let bounds = Bounds::of(reach);
    Box::new(
        sql::<Bool>("(")
            .bind::<Bool, _>(bounds.everywhere)
            .sql(" OR person.id = ")
            .bind::<Nullable<SqlUuid>, _>(bounds.person)
            .sql(" OR EXISTS (SELECT FROM membership m WHERE m.person = person.id AND (m.household = ")
            .bind::<Nullable<BigInt>, _>(bounds.household)
            .sql(" AND coalesce(m.ends_on, 'infinity') >= ")
            .bind::<Date, _>(today)
            .sql(" OR EXISTS (SELECT FROM tenancy_place e WHERE e.household = m.household AND e.estate_id = ANY(")
            .bind::<Array<SqlUuid>, _>(bounds.estates)
            .sql(") AND coalesce(e.ends_on, 'infinity') >= ")
            .bind::<Date, _>(today)
            .sql("))))"),
    )
}

/// A reach, for one statement that serves every reach.
struct Bounds {
    everywhere: bool,
    estates: Vec<Uuid>,
    household: Option<i64>,
    person: Option<Uuid>,
}

impl Bounds {
    fn of(reach: &Reach) -> Self {
        Self {
            everywhere: reach.is_everywhere(),
            estates: match reach {
                Reach::Estates(estates) => estates.iter().copied().map(EstateId::as_uuid).collect(),
                _ => Vec::new(),
            },
            household: match reach {
                Reach::Household(code) => Some(code.number()),
                _ => None,
            },
            person: match reach {
                Reach::Person(id) => Some(id.as_uuid()),
                _ => None,
            },
        }
    }
}
