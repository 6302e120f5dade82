//! What did not agree when a month was reconciled.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid};

use super::AT_ONCE;
use crate::cssa::model::{ExceptionKind, Found};
use crate::kernel::choice::choice;
use crate::kernel::id::{EstateId, ReconciliationId};
use crate::kernel::month::Month;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{cssa_exception, cssa_reconciliation};

choice! {
    /// What a list of exceptions is sorted by.
    pub enum ExceptionOrder {
        /// As they were found: by household, then the lines of nobody.
        Household = "household",
        Estate = "estate",
        Kind = "kind",
    }
}

/// Which exceptions to list.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub reconciliation: ReconciliationId,
    pub kind: Option<ExceptionKind>,
    pub estate: Option<EstateId>,
    pub order: ExceptionOrder,
    /// Those after this place.
    pub after: Option<Place>,
    /// Only what is within it.
    pub reach: Reach,
}

/// An exception's place in the list.
pub type Place = (String, i32);

/// An exception and its place in the list.
#[derive(Debug, QueryableByName)]
pub struct Listed {
    #[diesel(embed)]
    pub found: Found,
    #[diesel(sql_type = Text)]
    pub place: String,
}

/// Adds `found`.
pub fn add(conn: &mut PgConnection, found: &[Found]) -> Result<(), DbError> {
    for some in found.chunks(AT_ONCE) {
        diesel::insert_into(cssa_exception::table)
            .values(some)
            .execute(conn)?;
    }
    Ok(())
}

/// Every exception of `id` that the transaction reaches, as they were found.
pub fn all(conn: &mut PgConnection, id: ReconciliationId) -> Result<Vec<Found>, DbError> {
    Ok(cssa_exception::table
        .filter(cssa_exception::reconciliation.eq(id))
        .order(cssa_exception::number)
        .select(Found::as_select())
        .load(conn)?)
}

/// Up to `rows` exceptions as `wanted`.
pub fn list(conn: &mut PgConnection, wanted: &Wanted, rows: i64) -> Result<Vec<Listed>, DbError> {
    let estates = within(&wanted.reach);
    let (place, number) = wanted.after.clone().unwrap_or_default();
    Ok(diesel::sql_query(
        "SELECT * FROM ( \
             SELECT *, CASE $1 WHEN 'kind' THEN kind \
                 WHEN 'estate' THEN coalesce(estate_id::text, '') ELSE '' END AS place \
             FROM cssa_exception WHERE reconciliation = $2 AND ($3 IS NULL OR kind = $3) \
                 AND ($4 IS NULL OR estate_id = $4) AND ($5 IS NULL OR estate_id = ANY($5)) \
             ) AS listed \
         WHERE $6 OR (place COLLATE \"C\", number) > ($7, $8) \
         ORDER BY place COLLATE \"C\", number LIMIT $9",
    )
    .bind::<Text, _>(wanted.order)
    .bind::<SqlUuid, _>(wanted.reconciliation)
    .bind::<Nullable<Text>, _>(wanted.kind)
    .bind::<Nullable<SqlUuid>, _>(wanted.estate)
    .bind::<Nullable<Array<SqlUuid>>, _>(estates)
    .bind::<Bool, _>(wanted.after.is_none())
    .bind::<Text, _>(place)
    .bind::<Integer, _>(number)
    .bind::<BigInt, _>(rows)
    .load(conn)?)
}

/// How many exceptions of a kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct OfKind {
    #[diesel(sql_type = Text)]
    pub kind: ExceptionKind,
    #[diesel(sql_type = BigInt)]
    pub exceptions: i64,
}

/// How many exceptions of each kind reconciliation `id` found within `reach`.
pub fn by_kind(
    conn: &mut PgConnection,
    id: ReconciliationId,
    reach: &Reach,
) -> Result<Vec<OfKind>, DbError> {
    Ok(diesel::sql_query(
        "SELECT kind, count(*) AS exceptions FROM cssa_exception \
         WHERE reconciliation = $1 AND ($2 IS NULL OR estate_id = ANY($2)) \
         GROUP BY kind ORDER BY kind",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<Array<SqlUuid>>, _>(within(reach))
    .load(conn)?)
}

/// The estates of which exceptions are told, unless of all and of nobody's lines as well.
fn within(reach: &Reach) -> Option<Vec<EstateId>> {
    match reach {
        Reach::Everywhere => None,
        Reach::Estates(estates) => Some(estates.iter().copied().collect()),
        Reach::Household(_) | Reach::Person(_) => Some(Vec::new()),
    }
}

/// What did not agree of `code`, and in which month, the oldest first.
pub fn of_household(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Vec<(Month, Found)>, DbError> {
    Ok(cssa_exception::table
        .inner_join(
            cssa_reconciliation::table
                .on(cssa_reconciliation::id.eq(cssa_exception::reconciliation)),
        )
        .filter(cssa_exception::household.eq(code))
        .order((cssa_reconciliation::requested_at, cssa_exception::number))
        .select((cssa_reconciliation::month, Found::as_select()))
        .load(conn)?)
}
