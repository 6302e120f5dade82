//! What files tell of rent allowances, and where the rent of such files went.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Numeric, Text, Uuid as SqlUuid};

use super::files::number;
use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::{AllowanceEvent, AllowanceLine, AllowancesTold, Coverage, Granted};
use crate::payments::model::{Fate, FileState};
use crate::platform::db::DbError;
use crate::platform::db::schema::{allowance_file, allowance_line, payment_file};

/// A file that tells of rent allowances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowanceFile {
    pub file: PaymentFileId,
    pub state: FileState,
    /// The month for which its payments are.
    pub month: Month,
    /// Lines about allowances.
    pub allowances: i32,
    /// Payments, and what they come to.
    pub lines: i32,
    pub amount: Money,
}

type FileRow = (PaymentFileId, FileState, Month, i32, i32, Money);

/// The files that tell of allowances and were not given up, in the department's order.
pub fn allowance_files(conn: &mut PgConnection) -> Result<Vec<AllowanceFile>, DbError> {
    let rows: Vec<FileRow> = allowance_file::table
        .inner_join(payment_file::table.on(payment_file::id.eq(allowance_file::file)))
        .filter(payment_file::state.ne(FileState::Withdrawn))
        .order(payment_file::sequence)
        .select((
            allowance_file::file,
            payment_file::state,
            allowance_file::month,
            allowance_file::lines,
            payment_file::lines,
            payment_file::amount,
        ))
        .load(conn)?;
    let file = |(file, state, month, allowances, lines, amount)| AllowanceFile {
        file,
        state,
        month,
        allowances,
        lines,
        amount,
    };
    Ok(rows.into_iter().map(file).collect())
}

pub fn add_file(
    conn: &mut PgConnection,
    id: PaymentFileId,
    told: AllowancesTold,
) -> Result<(), DbError> {
    diesel::insert_into(allowance_file::table)
        .values((
            allowance_file::file.eq(id),
            allowance_file::month.eq(told.month),
            allowance_file::lines.eq(number(told.lines)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Adds lines of file `id` by one `COPY`.
pub fn add_lines(
    conn: &mut PgConnection,
    id: PaymentFileId,
    lines: &[AllowanceLine],
) -> Result<(), DbError> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = lines.iter().map(|line| {
        (
            allowance_line::file.eq(id),
            allowance_line::number.eq(number(line.number)),
            allowance_line::event.eq(line.event),
            allowance_line::account.eq(&line.account),
            allowance_line::coverage.eq(line.granted.map(|granted| granted.coverage)),
            allowance_line::amount.eq(line.granted.map(|granted| granted.amount)),
            allowance_line::month.eq(line.month),
        )
    });
    diesel::copy_from(allowance_line::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

type LineRow = (
    i32,
    AllowanceEvent,
    String,
    Option<Coverage>,
    Option<Money>,
    Month,
);

/// Up to `rows` lines about allowances of file `id`, after line `after`.
pub fn allowance_lines(
    conn: &mut PgConnection,
    id: PaymentFileId,
    after: u32,
    rows: i64,
) -> Result<Vec<AllowanceLine>, DbError> {
    let rows = lines()
        .filter(allowance_line::file.eq(id))
        .filter(allowance_line::number.gt(number(after)))
        .order(allowance_line::number)
        .limit(rows)
        .load(conn)?;
    Ok(rows.into_iter().map(line).collect())
}

/// Those lines about allowances of file `id` that have these numbers, in their order.
pub fn allowance_lines_at(
    conn: &mut PgConnection,
    id: PaymentFileId,
    numbers: &[i32],
) -> Result<Vec<AllowanceLine>, DbError> {
    let rows = lines()
        .filter(allowance_line::file.eq(id))
        .filter(allowance_line::number.eq_any(numbers))
        .order(allowance_line::number)
        .load(conn)?;
    Ok(rows.into_iter().map(line).collect())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn lines() -> _ {
    allowance_line::table.select((
        allowance_line::number,
        allowance_line::event,
        allowance_line::account,
        allowance_line::coverage,
        allowance_line::amount,
        allowance_line::month,
    ))
}

fn line((number, event, account, coverage, amount, month): LineRow) -> AllowanceLine {
    AllowanceLine {
        number: u32::try_from(number).unwrap_or_default(),
        event,
        account,
        granted: Option::zip(coverage, amount)
            .map(|(coverage, amount)| Granted { coverage, amount }),
        month,
    }
}

/// The payments that lines of the files `$1` made, or settled.
const PAID: &str = "SELECT file, line, id, household, amount FROM payment WHERE file = ANY($1) \
    UNION ALL SELECT s.file, s.line, p.id, p.household, p.amount FROM payment_settlement s \
    JOIN payment p ON p.id = s.payment WHERE s.file = ANY($1)";
/// The parts that those of `paid` went to which left suspense.
const CLEARED: &str = "JOIN suspense_decision d ON d.payment = paid.id AND d.approved \
    JOIN suspense_part part ON part.proposal = d.proposal";

#[derive(QueryableByName)]
struct Reached {
    #[diesel(sql_type = BigInt)]
    household: TenantCode,
    #[diesel(sql_type = Numeric)]
    amount: Money,
}

/// What `files` paid to each household, also what was in suspense first; to those of `codes` only
/// when there are any. In order of household.
pub fn reached(
    conn: &mut PgConnection,
    files: &[PaymentFileId],
    codes: Option<&[TenantCode]>,
) -> Result<Vec<(TenantCode, Money)>, DbError> {
    let rows: Vec<Reached> = diesel::sql_query(format!(
        "WITH paid AS ({PAID}) \
         SELECT household, sum(amount) AS amount FROM ( \
             SELECT household, amount FROM paid \
             UNION ALL \
             SELECT part.household, part.amount FROM paid {CLEARED} \
             WHERE paid.household IS NULL) AS reached \
         WHERE household IS NOT NULL AND ($2 IS NULL OR household = ANY($2)) \
         GROUP BY household ORDER BY household",
    ))
    .bind::<Array<SqlUuid>, _>(files)
    .bind::<Nullable<Array<BigInt>>, _>(codes)
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.household, row.amount))
        .collect())
}

/// A line that reached no household.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Unplaced {
    #[diesel(sql_type = SqlUuid)]
    pub file: PaymentFileId,
    /// Among the payments of its file.
    #[diesel(sql_type = Integer)]
    pub number: i32,
    #[diesel(sql_type = Text)]
    pub account: String,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// A duplicate, or in suspense.
    #[diesel(sql_type = Text)]
    pub fate: Fate,
}

/// The lines of `files` that reached no household: those that were paid before, and those that
/// still are in suspense.
pub fn unplaced(
    conn: &mut PgConnection,
    files: &[PaymentFileId],
) -> Result<Vec<Unplaced>, DbError> {
    Ok(diesel::sql_query(format!(
        "WITH paid AS ({PAID}) SELECT l.file, l.number, l.account, l.amount, \
             CASE WHEN paid.id IS NULL THEN 'duplicate' ELSE 'suspense' END AS fate \
         FROM payment_line l LEFT JOIN paid ON paid.file = l.file AND paid.line = l.number \
         WHERE l.file = ANY($1) AND paid.household IS NULL AND NOT EXISTS ( \
             SELECT FROM suspense_decision d WHERE d.payment = paid.id AND d.approved) \
         ORDER BY l.file, l.number",
    ))
    .bind::<Array<SqlUuid>, _>(files)
    .load(conn)?)
}

/// What of `files` was in suspense and went back to whoever paid it.
pub fn returned(conn: &mut PgConnection, files: &[PaymentFileId]) -> Result<Money, DbError> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = Numeric)]
        amount: Money,
    }
    let sum: Sum = diesel::sql_query(format!(
        "WITH paid AS ({PAID}) SELECT coalesce(sum(part.amount), 0) AS amount \
         FROM paid {CLEARED} WHERE paid.household IS NULL AND part.household IS NULL",
    ))
    .bind::<Array<SqlUuid>, _>(files)
    .get_result(conn)?;
    Ok(sum.amount)
}
