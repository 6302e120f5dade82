//! Files of rents, and their lines.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;

use super::AT_ONCE;
use crate::cssa::model::{CssaError, RentFile, RentLine};
use crate::kernel::id::RentFileId;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{cssa_rent_file as table, cssa_rent_line};

pub fn add(conn: &mut PgConnection, file: &RentFile) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values(file)
        .execute(conn)?;
    Ok(())
}

/// The number of the newest file; 0 when there is none.
pub fn last_sequence(conn: &mut PgConnection) -> Result<i32, DbError> {
    let last: Option<i32> = table::table.select(max(table::sequence)).first(conn)?;
    Ok(last.unwrap_or_default())
}

pub fn one(conn: &mut PgConnection, id: RentFileId) -> Result<RentFile, CssaError> {
    let found = table::table
        .find(id)
        .select(RentFile::as_select())
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.ok_or(CssaError::NoSuchFile)
}

/// File `id`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, id: RentFileId) -> Result<RentFile, CssaError> {
    let found = table::table
        .find(id)
        .select(RentFile::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.ok_or(CssaError::NoSuchFile)
}

/// Keeps what was made.
pub fn save(conn: &mut PgConnection, file: &RentFile) -> Result<(), DbError> {
    diesel::update(table::table.find(file.id))
        .set((
            table::made_at.eq(file.made_at),
            table::lines.eq(file.lines),
            table::amount.eq(file.amount),
            table::left_out.eq(file.left_out),
            table::sha256.eq(&file.sha256),
        ))
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` files, the newest first, from before `before`.
pub fn list(
    conn: &mut PgConnection,
    before: Option<(DateTime<Utc>, RentFileId)>,
    rows: i64,
) -> Result<Vec<RentFile>, DbError> {
    let mut query = table::table
        .order((table::requested_at.desc(), table::id.desc()))
        .limit(rows)
        .select(RentFile::as_select())
        .into_boxed();
    if let Some((at, id)) = before {
        let same = table::requested_at.eq(at).and(table::id.lt(id));
        query = query.filter(table::requested_at.lt(at).or(same));
    }
    Ok(query.load(conn)?)
}

/// Adds `lines`.
pub fn add_lines(conn: &mut PgConnection, lines: &[RentLine]) -> Result<(), DbError> {
    for some in lines.chunks(AT_ONCE) {
        diesel::insert_into(cssa_rent_line::table)
            .values(some)
            .execute(conn)?;
    }
    Ok(())
}

/// The lines of file `id`, by household.
pub fn lines(conn: &mut PgConnection, id: RentFileId) -> Result<Vec<RentLine>, DbError> {
    Ok(cssa_rent_line::table
        .filter(cssa_rent_line::file.eq(id))
        .order(cssa_rent_line::household)
        .select(RentLine::as_select())
        .load(conn)?)
}

/// What the department was told of `code`, the newest first.
pub fn of_household(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Vec<(RentFile, RentLine)>, DbError> {
    Ok(table::table
        .inner_join(cssa_rent_line::table.on(cssa_rent_line::file.eq(table::id)))
        .filter(cssa_rent_line::household.eq(code))
        .order(table::sequence.desc())
        .select((RentFile::as_select(), RentLine::as_select()))
        .load(conn)?)
}
