//! Changes to tenancies. Each runs inside the caller's transaction.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Ending, HouseholdChanged, Move, NewTenancy, Tenancy, TenancyError};
use super::{rules, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{FlatId, TenancyId};
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Actor;
use crate::platform::db::DbError;
use crate::platform::{audit, jobs};

/// Starts a tenancy, of a new household unless `new` names one.
pub fn start(
    conn: &mut PgConnection,
    actor: &Actor,
    new: &NewTenancy,
    now: DateTime<Utc>,
) -> Result<Tenancy, TenancyError> {
    rules::start(new, hong_kong_date(now))?;
    store::hold_flats(conn, vec![new.flat_id])?;
    let tenancy = add(conn, actor, new, now)?;
    announce(conn, tenancy.household, now)?;
    Ok(tenancy)
}

/// Ends tenancy `id`, or changes an end still to come; `version` is what the caller read.
pub fn end(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, version): (TenancyId, i32),
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<Tenancy, TenancyError> {
    let tenancy = held(conn, (id, version), None)?;
    rules::end(&tenancy, ending, hong_kong_date(now))?;
    let tenancy = ended(tenancy, ending, now);
    store::save(conn, &tenancy)?;
    audit::record(conn, actor, "tenancy.ended", &id, now)?;
    announce(conn, tenancy.household, now)?;
    Ok(tenancy)
}

/// Moves the household of tenancy `id` to another flat; returns its new tenancy.
pub fn transfer(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, version): (TenancyId, i32),
    to: Move,
    now: DateTime<Utc>,
) -> Result<Tenancy, TenancyError> {
    let old = held(conn, (id, version), Some(to.flat_id))?;
    let (ending, next) = rules::transfer(&old, to, hong_kong_date(now))?;
    store::save(conn, &ended(old, ending, now))?;
    audit::record(conn, actor, "tenancy.transferred", &id, now)?;
    let tenancy = add(conn, actor, &next, now)?;
    announce(conn, tenancy.household, now)?;
    Ok(tenancy)
}

/// Changes the size of the household of tenancy `id`; `None` changes nothing.
pub fn resize(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, version): (TenancyId, i32),
    household_size: Option<i16>,
    now: DateTime<Utc>,
) -> Result<Tenancy, TenancyError> {
    let tenancy = held(conn, (id, version), None)?;
    let Some(household_size) = household_size else {
        return Ok(tenancy);
    };
    rules::household_size(household_size)?;
    let tenancy = Tenancy {
        household_size,
        version: tenancy.version.saturating_add(1),
        ..tenancy
    };
    store::save(conn, &tenancy)?;
    audit::record(conn, actor, "tenancy.resized", &id, now)?;
    Ok(tenancy)
}

/// Gives the tenancies of household `code` that are not over the size that its members make.
pub fn follow_size(
    conn: &mut PgConnection,
    actor: &Actor,
    code: TenantCode,
    household_size: i16,
    now: DateTime<Utc>,
) -> Result<(), TenancyError> {
    rules::household_size(household_size)?;
    let today = hong_kong_date(now);
    let tenancies = store::by_household(conn, code)?;
    let running = |tenancy: &&Tenancy| tenancy.ends_on.is_none_or(|last| today <= last);
    let tenancies: Vec<Tenancy> = tenancies.iter().filter(running).copied().collect();
    // As every change of a tenancy does: the flats first.
    store::hold_flats(
        conn,
        tenancies.iter().map(|tenancy| tenancy.flat_id).collect(),
    )?;
    for Tenancy { id, .. } in tenancies {
        let tenancy = store::lock(conn, id)?.ok_or(TenancyError::NoSuchTenancy)?;
        if tenancy.household_size == household_size {
            continue;
        }
        let version = tenancy.version.saturating_add(1);
        let resized = Tenancy {
            household_size,
            version,
            ..tenancy
        };
        store::save(conn, &resized)?;
        audit::record(conn, actor, "tenancy.resized", &id, now)?;
    }
    Ok(())
}

/// Tenancy `id`, locked, still at `version`, its flat held; `also` is another flat to hold.
fn held(
    conn: &mut PgConnection,
    (id, version): (TenancyId, i32),
    also: Option<FlatId>,
) -> Result<Tenancy, TenancyError> {
    // A tenancy's flat never changes, so it may be read before anything is held.
    let flat = store::tenancy(conn, id)?
        .ok_or(TenancyError::NoSuchTenancy)?
        .flat_id;
    store::hold_flats(conn, also.into_iter().chain([flat]).collect())?;
    let tenancy = store::lock(conn, id)?.ok_or(TenancyError::NoSuchTenancy)?;
    rules::unchanged(&tenancy, version)?;
    Ok(tenancy)
}

fn ended(tenancy: Tenancy, ending: Ending, now: DateTime<Utc>) -> Tenancy {
    Tenancy {
        ends_on: Some(ending.ends_on),
        end_reason: Some(ending.reason),
        end_recorded_at: Some(now),
        version: tenancy.version.saturating_add(1),
        ..tenancy
    }
}

fn add(
    conn: &mut PgConnection,
    actor: &Actor,
    new: &NewTenancy,
    now: DateTime<Utc>,
) -> Result<Tenancy, TenancyError> {
    let household = match new.household {
        Some(code) => code,
        None => store::open_household(conn, now)?,
    };
    let tenancy = Tenancy {
        id: TenancyId::fresh(),
        household,
        flat_id: new.flat_id,
        kind: new.kind,
        starts_on: new.starts_on,
        ends_on: None,
        end_reason: None,
        household_size: new.household_size,
        recorded_at: now,
        end_recorded_at: None,
        version: 1,
    };
    store::add(conn, &tenancy)?;
    audit::record(conn, actor, "tenancy.started", &tenancy.id, now)?;
    Ok(tenancy)
}

/// Tells whoever must follow the household's days, once this transaction is kept.
fn announce(
    conn: &mut PgConnection,
    household: TenantCode,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    jobs::enqueue(conn, &HouseholdChanged { household }, now)?;
    Ok(())
}
