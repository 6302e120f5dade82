//! Lists of what is due in PostgreSQL. The only file that names their tables.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::model::{DueList, DueListError};
use crate::kernel::id::DueListId;
use crate::payments::Channel;
use crate::platform::db::DbError;
use crate::platform::db::schema::{due_list, due_list_part};

pub fn list(conn: &mut PgConnection, id: DueListId) -> Result<Option<DueList>, DbError> {
    Ok(due_list::table
        .find(id)
        .select(DueList::as_select())
        .first(conn)
        .optional()?)
}

/// The newest list of `channel`.
pub fn newest(conn: &mut PgConnection, channel: Channel) -> Result<Option<DueList>, DbError> {
    Ok(due_list::table
        .filter(due_list::channel.eq(channel))
        .order(due_list::number.desc())
        .select(DueList::as_select())
        .first(conn)
        .optional()?)
}

/// Up to `rows` lists, of `channel` if one is asked for, the newest first, from after the one at
/// `after`.
pub fn lists(
    conn: &mut PgConnection,
    channel: Option<Channel>,
    after: Option<(DateTime<Utc>, DueListId)>,
    rows: i64,
) -> Result<Vec<DueList>, DbError> {
    let place = (due_list::made_at, due_list::id);
    let mut query = due_list::table
        .order((place.0.desc(), place.1.desc()))
        .limit(rows)
        .select(DueList::as_select())
        .into_boxed();
    if let Some(channel) = channel {
        query = query.filter(due_list::channel.eq(channel));
    }
    if let Some((at, id)) = after {
        query = query.filter(place.0.lt(at).or(place.0.eq(at).and(place.1.lt(id))));
    }
    Ok(query.load(conn)?)
}

/// Adds `list`, unless another has its number.
pub fn add(conn: &mut PgConnection, list: &DueList) -> Result<(), DueListError> {
    let added = diesel::insert_into(due_list::table)
        .values(list)
        .execute(conn);
    match added.map_err(DbError::from) {
        Err(DbError::Constraint(name)) if name == "due_list_number" => Err(DueListError::Another),
        added => Ok(added.map(drop)?),
    }
}

pub fn add_part(
    conn: &mut PgConnection,
    (list, number): (DueListId, i32),
    content: &[u8],
) -> Result<(), DbError> {
    diesel::insert_into(due_list_part::table)
        .values((
            due_list_part::list.eq(list),
            due_list_part::number.eq(number),
            due_list_part::content.eq(content),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn part(conn: &mut PgConnection, place: (DueListId, i32)) -> Result<Option<Vec<u8>>, DbError> {
    Ok(due_list_part::table
        .find(place)
        .select(due_list_part::content)
        .first(conn)
        .optional()?)
}

/// Forgets the bytes of the lists of `channel` up to number `last`.
pub fn forget(conn: &mut PgConnection, channel: Channel, last: i32) -> Result<(), DbError> {
    let old = due_list::table
        .filter(due_list::channel.eq(channel))
        .filter(due_list::number.le(last))
        .select(due_list::id);
    diesel::delete(due_list_part::table.filter(due_list_part::list.eq_any(old))).execute(conn)?;
    Ok(())
}
