//! How far the monthly charge has got.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, exists, max, min, not};
use diesel::prelude::*;

use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::platform::db::DbError;
use crate::platform::db::schema::{rent_charge, rent_run, rent_tenure};
use crate::rent::model::{RentRun, TenantNumber};

/// How many tenancies touch `month` and are not charged for it.
pub fn count_uncharged(conn: &mut PgConnection, month: Month) -> Result<i64, DbError> {
    let charged = rent_charge::table
        .filter(rent_charge::household.eq(rent_tenure::household))
        .filter(rent_charge::tenancy_id.eq(rent_tenure::tenancy_id))
        .filter(rent_charge::month.eq(month))
        .filter(rent_charge::revision.eq(0));
    let ends = rent_tenure::ends_on;
    Ok(rent_tenure::table
        .filter(rent_tenure::starts_on.le(month.last()))
        .filter(ends.is_null().or(ends.assume_not_null().ge(month.first())))
        .filter(not(exists(charged)))
        .select(count_star())
        .first(conn)?)
}

/// The numbers of the first and the last household that has a tenancy.
pub fn households(
    conn: &mut PgConnection,
) -> Result<Option<RangeInclusive<TenantNumber>>, DbError> {
    let ends: (Option<i64>, Option<i64>) = rent_tenure::table
        .select((min(rent_tenure::household), max(rent_tenure::household)))
        .first(conn)?;
    Ok(ends.0.zip(ends.1).map(|(first, last)| first..=last))
}

/// Notes that the charge of `month` is under way, with `total` tenancies still to charge.
pub fn begin_run(
    conn: &mut PgConnection,
    month: Month,
    total: i64,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(rent_run::table)
        .values((
            rent_run::month.eq(month),
            rent_run::state.eq("running"),
            rent_run::total.eq(total),
            rent_run::done.eq(0_i64),
            rent_run::charged.eq(Money::ZERO),
            rent_run::started_at.eq(now),
        ))
        .on_conflict(rent_run::month)
        .do_update()
        .set((
            rent_run::state.eq("running"),
            rent_run::total.eq(rent_run::done + total),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes that `done` more tenancies were charged `charged`.
pub fn progress(
    conn: &mut PgConnection,
    month: Month,
    done: i64,
    charged: Money,
) -> Result<(), DbError> {
    diesel::update(rent_run::table.find(month))
        .set((
            rent_run::done.eq(rent_run::done + done),
            rent_run::charged.eq(rent_run::charged + charged),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes that every tenancy of `month` is charged.
pub fn finish_run(
    conn: &mut PgConnection,
    month: Month,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(rent_run::table.find(month))
        .set((
            rent_run::state.eq("finished"),
            rent_run::finished_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The charge of `month`.
pub fn run(conn: &mut PgConnection, month: Month) -> Result<Option<RentRun>, DbError> {
    Ok(rent_run::table
        .find(month)
        .select(RentRun::as_select())
        .first(conn)
        .optional()?)
}

/// The monthly charges, newest first, from before `before`.
pub fn runs(
    conn: &mut PgConnection,
    before: Option<Month>,
    rows: i64,
) -> Result<Vec<RentRun>, DbError> {
    let mut query = rent_run::table
        .order(rent_run::month.desc())
        .limit(rows)
        .select(RentRun::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(rent_run::month.lt(before));
    }
    Ok(query.load(conn)?)
}

/// The months from `first` on whose charge has begun: a late decision is booked for these.
pub fn billed_months(conn: &mut PgConnection, first: Month) -> Result<Vec<Month>, DbError> {
    Ok(rent_run::table
        .filter(rent_run::month.ge(first))
        .order(rent_run::month)
        .select(rent_run::month)
        .load(conn)?)
}
