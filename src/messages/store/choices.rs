//! What households chose.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::kernel::language::Language;
use crate::kernel::tenant_code::TenantCode;
use crate::messages::model::{Choice, MessageError, MessageKind};
use crate::platform::db::DbError;
use crate::platform::db::schema::message_choice as table;

type Row = (Option<String>, Vec<String>, i32);

fn read((language, refused, version): Row) -> Choice {
    let language = language.and_then(|tag| {
        let mut all = Language::ALL.into_iter();
        all.find(|language| language.tag() == tag)
    });
    Choice {
        language,
        refused: refused
            .iter()
            .filter_map(|kind| kind.parse().ok())
            .collect(),
        version,
    }
}

/// What household `code` chose; by default nothing.
pub fn of(conn: &mut PgConnection, code: TenantCode) -> Result<Choice, DbError> {
    let row: Option<Row> = table::table
        .find(code)
        .select((table::language, table::refused, table::version))
        .first(conn)
        .optional()?;
    Ok(row.map(read).unwrap_or_default())
}

/// When household `code` chose, what it reads and what it would rather not be told.
pub fn held(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Option<(DateTime<Utc>, Choice)>, DbError> {
    let row: Option<(DateTime<Utc>, Row)> = table::table
        .find(code)
        .select((
            table::chosen_at,
            (table::language, table::refused, table::version),
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(at, row)| (at, read(row))))
}

/// Keeps what household `code` chose, as version `choice.version`; refused when somebody else
/// chose meanwhile.
pub fn keep(
    conn: &mut PgConnection,
    code: TenantCode,
    choice: &Choice,
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), MessageError> {
    let refused: Vec<&str> = choice
        .refused
        .iter()
        .map(|kind| MessageKind::as_str(*kind))
        .collect();
    let values = (
        table::language.eq(choice.language.map(Language::tag)),
        table::refused.eq(refused),
        table::version.eq(choice.version),
        table::chosen_by.eq(by),
        table::chosen_at.eq(now),
    );
    let before = choice.version.saturating_sub(1);
    let kept = if before == 0 {
        diesel::insert_into(table::table)
            .values((table::household.eq(code), values))
            .on_conflict_do_nothing()
            .execute(conn)
    } else {
        diesel::update(table::table.find(code).filter(table::version.eq(before)))
            .set(values)
            .execute(conn)
    };
    match kept.map_err(DbError::from)? {
        1 => Ok(()),
        _ => Err(MessageError::Stale),
    }
}
