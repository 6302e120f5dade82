//! Tenancies and households in PostgreSQL. The only file that names their tables.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Text, Uuid};

use super::model::{Tenancy, TenancyError, TenancyKind};
use crate::estates;
use crate::kernel::id::{EstateId, FlatId, TenancyId};
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{household, tenancy as table};

/// Which tenancies to list.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub household: Option<TenantCode>,
    pub estate: Option<EstateId>,
    pub flat: Option<FlatId>,
    /// A day that the tenancy includes.
    pub live_on: Option<NaiveDate>,
    pub kind: Option<TenancyKind>,
    /// The tenancy that the page starts after.
    pub after: Option<Place>,
    /// Only what is within it.
    pub reach: Option<Reach>,
}

/// A tenancy's place in the list.
pub(super) type Place = (TenantCode, NaiveDate, TenancyId);

/// Keeps other changes of these flats' tenancies out until the transaction ends.
///
/// The exclusion constraint alone would let two changes wait for each other: each sees the
/// other's row before either is committed.
pub(super) fn hold_flats(conn: &mut PgConnection, mut flats: Vec<FlatId>) -> Result<(), DbError> {
    flats.sort_unstable();
    for flat in flats {
        diesel::sql_query("SELECT pg_advisory_xact_lock(7210831, hashtext($1))")
            .bind::<Text, _>(flat.to_string())
            .execute(conn)?;
    }
    Ok(())
}

/// Opens a household: the next number of the sequence.
pub(super) fn open_household(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<TenantCode, DbError> {
    Ok(diesel::insert_into(household::table)
        .values((
            household::number.eq(sql::<BigInt>("nextval('household_number')")),
            household::opened_at.eq(now),
        ))
        .returning(household::number)
        .get_result(conn)?)
}

/// The tenancy `id`.
pub fn tenancy(conn: &mut PgConnection, id: TenancyId) -> Result<Option<Tenancy>, DbError> {
    Ok(table::table
        .find(id)
        .select(Tenancy::as_select())
        .first(conn)
        .optional()?)
}

/// The tenancy `id`, locked until the transaction ends.
pub(super) fn lock(conn: &mut PgConnection, id: TenancyId) -> Result<Option<Tenancy>, DbError> {
    Ok(table::table
        .find(id)
        .select(Tenancy::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Adds `tenancy`.
pub(super) fn add(conn: &mut PgConnection, tenancy: &Tenancy) -> Result<(), TenancyError> {
    let added = diesel::insert_into(table::table)
        .values(tenancy)
        .execute(conn);
    added.map(|_| ()).map_err(|error| refusal(error.into()))
}

/// Saves what may change of `tenancy`.
pub(super) fn save(conn: &mut PgConnection, tenancy: &Tenancy) -> Result<(), TenancyError> {
    let saved = diesel::update(table::table.find(tenancy.id))
        .set((
            table::ends_on.eq(tenancy.ends_on),
            table::end_reason.eq(tenancy.end_reason),
            table::end_recorded_at.eq(tenancy.end_recorded_at),
            table::household_size.eq(tenancy.household_size),
            table::version.eq(tenancy.version),
        ))
        .execute(conn);
    saved.map(|_| ()).map_err(|error| refusal(error.into()))
}

/// What a refused row means.
fn refusal(error: DbError) -> TenancyError {
    match error.constraint() {
        Some("tenancy_one_in_a_flat") => TenancyError::FlatOccupied,
        Some("tenancy_flat_id_fkey") => TenancyError::NoSuchFlat,
        Some("tenancy_household_fkey") => TenancyError::NoSuchHousehold,
        _ => error.into(),
    }
}

/// Those of `codes` that are households, whether they live anywhere or not.
pub fn known(conn: &mut PgConnection, codes: &[TenantCode]) -> Result<Vec<TenantCode>, DbError> {
    Ok(household::table
        .filter(household::number.eq_any(codes))
        .select(household::number)
        .load(conn)?)
}

/// Up to `rows` households after `after`, by number, whether they live anywhere or not.
pub fn households(
    conn: &mut PgConnection,
    after: Option<TenantCode>,
    rows: i64,
) -> Result<Vec<TenantCode>, DbError> {
    let after = after.map_or(0, TenantCode::number);
    Ok(household::table
        .filter(household::number.gt(after))
        .order(household::number)
        .limit(rows)
        .select(household::number)
        .load(conn)?)
}

/// Until when each of `codes` lives somewhere, as far as is known; those that have or had a tenancy.
pub fn lives_until(
    conn: &mut PgConnection,
    codes: &[TenantCode],
) -> Result<Vec<(TenantCode, NaiveDate)>, DbError> {
    // One that has no end lasts as long as the calendar.
    let last = sql::<Date>("max(coalesce(ends_on, date '9999-12-31'))");
    Ok(table::table
        .filter(table::household.eq_any(codes))
        .group_by(table::household)
        .select((table::household, last))
        .load(conn)?)
}

/// The estate where each of `codes` lives on `day`, or lived last before it; those that ever did.
pub fn estates_of(
    conn: &mut PgConnection,
    codes: &[TenantCode],
    day: NaiveDate,
) -> Result<Vec<(TenantCode, EstateId)>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        household: TenantCode,
        #[diesel(sql_type = Uuid)]
        estate_id: EstateId,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT DISTINCT ON (household) household, estate_id FROM tenancy_place \
         WHERE household = ANY($1) AND starts_on <= $2 ORDER BY household, starts_on DESC",
    )
    .bind::<Array<BigInt>, _>(codes)
    .bind::<Date, _>(day)
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.household, row.estate_id))
        .collect())
}

/// Every tenancy that `code` has had, in the order they started.
pub fn by_household(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Tenancy>, DbError> {
    Ok(table::table
        .filter(table::household.eq(code))
        .order((table::starts_on, table::id))
        .select(Tenancy::as_select())
        .load(conn)?)
}

/// Every tenancy of `flat`, in the order they started; `None` when there is no such flat.
pub fn history_of_flat(
    conn: &mut PgConnection,
    flat: FlatId,
) -> Result<Option<Vec<Tenancy>>, DbError> {
    let history = table::table
        .filter(table::flat_id.eq(flat))
        .order(table::starts_on)
        .select(Tenancy::as_select())
        .load(conn)?;
    if history.is_empty() && estates::flat(conn, flat)?.is_none() {
        return Ok(None);
    }
    Ok(Some(history))
}

/// Up to `rows` tenancies, by household and start.
pub(super) fn list(
    conn: &mut PgConnection,
    wanted: &Wanted,
    rows: i64,
) -> Result<Vec<Tenancy>, DbError> {
    let mut query = table::table
        .order((table::household, table::starts_on, table::id))
        .limit(rows)
        .select(Tenancy::as_select())
        .into_boxed();
    if let Some(code) = wanted.household {
        query = query.filter(table::household.eq(code));
    }
    let in_estates = |estates: Vec<uuid::Uuid>| {
        sql::<Bool>("id IN (SELECT tenancy_id FROM tenancy_place WHERE estate_id = ANY(")
            .bind::<Array<Uuid>, _>(estates)
            .sql("))")
    };
    if let Some(estate) = wanted.estate {
        query = query.filter(in_estates(vec![estate.as_uuid()]));
    }
    match &wanted.reach {
        None | Some(Reach::Everywhere) => {}
        Some(Reach::Household(own)) => query = query.filter(table::household.eq(*own)),
        Some(Reach::Person(_)) => return Ok(Vec::new()),
        Some(Reach::Estates(estates)) => {
            let estates = estates.iter().map(|estate| estate.as_uuid());
            query = query.filter(in_estates(estates.collect()));
        }
    }
    if let Some(flat) = wanted.flat {
        query = query.filter(table::flat_id.eq(flat));
    }
    if let Some(day) = wanted.live_on {
        let not_over = table::ends_on.is_null().or(table::ends_on.ge(day));
        query = query.filter(table::starts_on.le(day).and(not_over));
    }
    if let Some(kind) = wanted.kind {
        query = query.filter(table::kind.eq(kind));
    }
    if let Some((code, starts_on, id)) = wanted.after {
        let later = table::starts_on
            .gt(starts_on)
            .or(table::starts_on.eq(starts_on).and(table::id.gt(id)));
        // The first condition is what the index is entered by.
        query = query.filter(table::household.ge(code));
        query = query.filter(table::household.gt(code).or(later));
    }
    Ok(query.load(conn)?)
}
