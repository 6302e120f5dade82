//! Collections and the pieces of their files.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use uuid::Uuid;

use crate::autopay::model::{AutopayError, Collection, Rail};
use crate::kernel::id::CollectionId;
use crate::kernel::month::Month;
use crate::platform::db::DbError;
use crate::platform::db::schema::{autopay_collection as table, autopay_file_part};

pub fn add_collection(
    conn: &mut PgConnection,
    collection: &Collection,
) -> Result<(), AutopayError> {
    let added = diesel::insert_into(table::table)
        .values(collection)
        .execute(conn)
        .map_err(DbError::from);
    match added {
        Ok(_) => Ok(()),
        Err(error) => match error.constraint() {
            // Two who ask at once are given the same number.
            Some("autopay_collection_one_open" | "autopay_collection_run") => {
                Err(AutopayError::CollectionOpen)
            }
            _ => Err(error.into()),
        },
    }
}

/// The number of the newest collection of `month` and `rail`; 0 when there is none.
pub fn last_run(conn: &mut PgConnection, month: Month, rail: Rail) -> Result<i16, DbError> {
    let last: Option<i16> = table::table
        .filter(table::month.eq(month))
        .filter(table::channel.eq(rail))
        .select(max(table::run))
        .first(conn)?;
    Ok(last.unwrap_or_default())
}

/// Collection `run` of `month` and `rail`.
pub fn called(
    conn: &mut PgConnection,
    (rail, month, run): (Rail, Month, i16),
) -> Result<Option<Collection>, DbError> {
    Ok(table::table
        .filter(table::month.eq(month))
        .filter(table::channel.eq(rail))
        .filter(table::run.eq(run))
        .select(Collection::as_select())
        .first(conn)
        .optional()?)
}

pub fn collection(conn: &mut PgConnection, id: CollectionId) -> Result<Collection, AutopayError> {
    let found = table::table
        .find(id)
        .select(Collection::as_select())
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.ok_or(AutopayError::NoSuchCollection)
}

/// Collection `id`, locked until the transaction ends.
pub fn lock_collection(
    conn: &mut PgConnection,
    id: CollectionId,
) -> Result<Collection, AutopayError> {
    let found = table::table
        .find(id)
        .select(Collection::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.ok_or(AutopayError::NoSuchCollection)
}

/// Saves what may change of `collection`.
pub fn save_collection(conn: &mut PgConnection, collection: &Collection) -> Result<(), DbError> {
    diesel::update(table::table.find(collection.id))
        .set((
            table::state.eq(collection.state),
            table::looked_at.eq(collection.looked_at),
            table::through.eq(collection.through),
            table::lines.eq(collection.lines),
            table::amount.eq(collection.amount),
            table::bytes.eq(collection.bytes),
            table::sha256.eq(&collection.sha256),
            table::prepared_at.eq(collection.prepared_at),
            table::decided_by.eq(&collection.decided_by),
            table::decided_at.eq(collection.decided_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The collections, newest first, from before `before`.
pub fn collections(
    conn: &mut PgConnection,
    before: Option<(DateTime<Utc>, CollectionId)>,
    rows: i64,
) -> Result<Vec<Collection>, DbError> {
    let mut query = table::table
        .order((table::requested_at.desc(), table::id.desc()))
        .limit(rows)
        .select(Collection::as_select())
        .into_boxed();
    if let Some((at, id)) = before {
        let same = table::requested_at.eq(at).and(table::id.lt(id));
        query = query.filter(table::requested_at.lt(at).or(same));
    }
    Ok(query.load(conn)?)
}

/// Keeps piece `number` of the file, sealed.
pub fn add_part(
    conn: &mut PgConnection,
    (id, collection, number): (Uuid, CollectionId, i32),
    sealed: &[u8],
) -> Result<(), DbError> {
    diesel::insert_into(autopay_file_part::table)
        .values((
            autopay_file_part::id.eq(id),
            autopay_file_part::collection.eq(collection),
            autopay_file_part::number.eq(number),
            autopay_file_part::content.eq(sealed),
        ))
        .execute(conn)?;
    Ok(())
}

/// Piece `number` of the file, sealed; `None` after the last.
pub fn part(
    conn: &mut PgConnection,
    collection: CollectionId,
    number: i32,
) -> Result<Option<(Uuid, Vec<u8>)>, DbError> {
    Ok(autopay_file_part::table
        .filter(autopay_file_part::collection.eq(collection))
        .filter(autopay_file_part::number.eq(number))
        .select((autopay_file_part::id, autopay_file_part::content))
        .first(conn)
        .optional()?)
}

/// The collections that were released or withdrawn before `before`.
pub fn decided_before(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<Vec<CollectionId>, DbError> {
    Ok(table::table
        .filter(table::decided_at.lt(before))
        .order(table::id)
        .select(table::id)
        .load(conn)?)
}
