//! Status reports and their verdicts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};

use crate::autopay::model::{AutopayError, OwnVerdict, StatusReport};
use crate::kernel::id::StatusReportId;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{autopay_report as table, autopay_verdict};

pub fn add_report(conn: &mut PgConnection, report: &StatusReport) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values(report)
        .execute(conn)?;
    Ok(())
}

/// Adds verdicts of report `id` by one `COPY`.
pub fn add_verdicts(
    conn: &mut PgConnection,
    id: StatusReportId,
    verdicts: &[OwnVerdict],
) -> Result<(), DbError> {
    let rows = verdicts.iter().map(|one| {
        (
            autopay_verdict::report.eq(id),
            autopay_verdict::number.eq(one.number),
            autopay_verdict::reference.eq(&one.reference),
            autopay_verdict::code.eq(one.code),
            autopay_verdict::amount.eq(one.amount),
        )
    });
    diesel::copy_from(autopay_verdict::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

pub fn report(conn: &mut PgConnection, id: StatusReportId) -> Result<StatusReport, AutopayError> {
    let found = table::table
        .find(id)
        .select(StatusReport::as_select())
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.ok_or(AutopayError::NoSuchReport)
}

/// The report with these bytes.
pub fn report_of_digest(
    conn: &mut PgConnection,
    sha256: &[u8],
) -> Result<Option<StatusReport>, DbError> {
    Ok(table::table
        .filter(table::sha256.eq(sha256))
        .select(StatusReport::as_select())
        .first(conn)
        .optional()?)
}

/// Notes that all of report `id` was taken.
pub fn end_report(
    conn: &mut PgConnection,
    id: StatusReportId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(table::table.find(id))
        .filter(table::taken_at.is_null())
        .set(table::taken_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` verdicts of report `id`, after number `after`.
pub fn verdicts(
    conn: &mut PgConnection,
    id: StatusReportId,
    after: i32,
    rows: i64,
) -> Result<Vec<OwnVerdict>, DbError> {
    Ok(autopay_verdict::table
        .filter(autopay_verdict::report.eq(id))
        .filter(autopay_verdict::number.gt(after))
        .order(autopay_verdict::number)
        .limit(rows)
        .select(OwnVerdict::as_select())
        .load(conn)?)
}

/// A debit of which a report says nothing by itself.
#[derive(Debug, QueryableByName)]
pub struct Unnamed {
    #[diesel(sql_type = BigInt)]
    pub household: TenantCode,
    #[diesel(sql_type = Text)]
    pub reference: String,
}

/// Up to `rows` debits that `report` does not name and that have no answer yet, of the households
/// after `after`.
pub fn unnamed(
    conn: &mut PgConnection,
    report: &StatusReport,
    after: i64,
    rows: i64,
) -> Result<Vec<Unnamed>, DbError> {
    Ok(diesel::sql_query(
        "SELECT l.household, l.reference FROM autopay_line l \
         WHERE l.collection = $1 AND l.household > $2 \
           AND NOT EXISTS (SELECT FROM autopay_result r WHERE r.reference = l.reference) \
           AND NOT EXISTS (SELECT FROM autopay_verdict v \
                           WHERE v.report = $3 AND v.reference = l.reference) \
         ORDER BY l.household LIMIT $4",
    )
    .bind::<SqlUuid, _>(report.collection)
    .bind::<BigInt, _>(after)
    .bind::<SqlUuid, _>(report.id)
    .bind::<BigInt, _>(rows)
    .load(conn)?)
}
