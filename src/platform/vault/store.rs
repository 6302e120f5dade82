//! The tables of keys. The only file that names them.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::model::{KeyClass, KeyState};
use super::tombstones::Tombstone;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    data_key, index_key, key_encryption_key, key_rotation, key_tombstone,
};

/// Any number that only erasures and rotations lock, together with the class.
const CLASS_LOCK: i32 = 7_210_815;
/// Rows of one INSERT: a statement takes 65,535 parameters.
const AT_ONCE: usize = 1_000;

/// A key-encryption key as it is stored.
#[derive(Queryable, Insertable)]
#[diesel(table_name = key_encryption_key)]
pub(super) struct KekRow {
    pub class: KeyClass,
    pub version: i16,
    pub wrapped: Vec<u8>,
    pub commitment: Vec<u8>,
    pub created_at: DateTime<Utc>,
}

/// The root of a class's blind indexes as it is stored.
#[derive(Queryable, Insertable)]
#[diesel(table_name = index_key)]
pub(super) struct IndexKeyRow {
    pub class: KeyClass,
    pub wrapped: Vec<u8>,
    pub commitment: Vec<u8>,
    pub created_at: DateTime<Utc>,
}

/// A data key as it is stored: wrapped.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = data_key, treat_none_as_default_value = false, check_for_backend(diesel::pg::Pg))]
pub struct DataKeyRow {
    pub class: KeyClass,
    pub subject: Uuid,
    pub version: i16,
    /// The version of the key-encryption key that wraps it.
    pub kek: i16,
    /// The rotation that made it.
    pub rotation: i32,
    pub wrapped: Vec<u8>,
    pub commitment: Vec<u8>,
    pub state: KeyState,
    pub created_at: DateTime<Utc>,
}

pub(super) fn keks(conn: &mut PgConnection) -> Result<Vec<KekRow>, DbError> {
    Ok(key_encryption_key::table.load(conn)?)
}

pub(super) fn kek(
    conn: &mut PgConnection,
    class: KeyClass,
    version: i16,
) -> Result<Option<KekRow>, DbError> {
    Ok(key_encryption_key::table
        .find((class.as_str(), version))
        .first(conn)
        .optional()?)
}

/// Adds those that are not there.
pub(super) fn add_keks(conn: &mut PgConnection, rows: &[KekRow]) -> Result<(), DbError> {
    diesel::insert_into(key_encryption_key::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

pub(super) fn index_keys(conn: &mut PgConnection) -> Result<Vec<IndexKeyRow>, DbError> {
    Ok(index_key::table.load(conn)?)
}

/// Adds those that are not there.
pub(super) fn add_index_keys(conn: &mut PgConnection, rows: &[IndexKeyRow]) -> Result<(), DbError> {
    diesel::insert_into(index_key::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// The live data keys of `subjects`, by subject and version, and whether each does not seal
/// yet.
pub(super) fn data_keys(
    conn: &mut PgConnection,
    class: KeyClass,
    subjects: &[Uuid],
) -> Result<Vec<(DataKeyRow, bool)>, DbError> {
    let preparing = key_rotation::table
        .filter(key_rotation::class.eq(data_key::class))
        .filter(key_rotation::number.eq(data_key::rotation))
        .filter(key_rotation::state.eq("preparing"));
    Ok(data_key::table
        .filter(data_key::class.eq(class))
        .filter(data_key::subject.eq_any(subjects))
        .filter(data_key::state.eq(KeyState::Active))
        .order((data_key::subject, data_key::version))
        .select((DataKeyRow::as_select(), exists(preparing)))
        .load(conn)?)
}

/// Adds a data key; false when the subject has that version already.
pub(super) fn add_data_key(conn: &mut PgConnection, row: &DataKeyRow) -> Result<bool, DbError> {
    let added = diesel::insert_into(data_key::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(added == 1)
}

/// Adds data keys by one `COPY`.
pub(super) fn load_data_keys(conn: &mut PgConnection, rows: &[DataKeyRow]) -> Result<(), DbError> {
    diesel::copy_from(data_key::table)
        .from_insertable(rows)
        .execute(conn)?;
    Ok(())
}

/// Waits until no chunk of a rotation of `class` is under way, and holds the next one off until
/// this transaction ends.
pub(super) fn hold_off_rotation(conn: &mut PgConnection, class: KeyClass) -> Result<(), DbError> {
    lock_class(conn, class, "pg_advisory_xact_lock")
}

fn lock_class(conn: &mut PgConnection, class: KeyClass, lock: &str) -> Result<(), DbError> {
    diesel::sql_query(format!("SELECT {lock}($1, hashtext($2))"))
        .bind::<Integer, _>(CLASS_LOCK)
        .bind::<Text, _>(class.as_str())
        .execute(conn)?;
    Ok(())
}

pub(super) fn is_erased(
    conn: &mut PgConnection,
    class: KeyClass,
    subject: Uuid,
) -> Result<bool, DbError> {
    let tombstone = key_tombstone::table.find((class.as_str(), subject));
    Ok(diesel::select(exists(tombstone)).get_result(conn)?)
}

/// The erasures that the database knows of, oldest first.
pub(super) fn tombstones(conn: &mut PgConnection) -> Result<Vec<Tombstone>, DbError> {
    type Row = (KeyClass, Uuid, String, Vec<String>, DateTime<Utc>);
    let rows: Vec<Row> = key_tombstone::table
        .order((key_tombstone::at, key_tombstone::subject))
        .load(conn)?;
    let of = |(class, subject, reason, approved_by, at): Row| {
        let mut names = approved_by.into_iter();
        let mut name = || names.next().unwrap_or_default();
        Tombstone {
            class,
            subject,
            reason,
            approved_by: [name(), name()],
            at,
        }
    };
    Ok(rows.into_iter().map(of).collect())
}

/// Records `tombstones`, those that are not there, and destroys every version of the data keys
/// that they name; says how many versions.
pub(super) fn bury(
    conn: &mut PgConnection,
    tombstones: &[Tombstone],
    now: DateTime<Utc>,
) -> Result<usize, DbError> {
    let rows: Vec<_> = tombstones
        .iter()
        .map(|one| {
            (
                key_tombstone::class.eq(one.class),
                key_tombstone::subject.eq(one.subject),
                key_tombstone::reason.eq(&one.reason),
                key_tombstone::approved_by.eq(one.approved_by.to_vec()),
                key_tombstone::at.eq(one.at),
            )
        })
        .collect();
    for some in rows.chunks(AT_ONCE) {
        diesel::insert_into(key_tombstone::table)
            .values(some)
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    let (classes, subjects): (Vec<_>, Vec<_>) = tombstones
        .iter()
        .map(|one| (one.class.as_str(), one.subject))
        .unzip();
    let destroyed = diesel::sql_query(
        "UPDATE data_key k SET wrapped = '', state = 'destroyed', destroyed_at = $3 \
         FROM unnest($1, $2) AS t (class, subject) \
         WHERE k.class = t.class AND k.subject = t.subject AND k.state = 'active'",
    )
    .bind::<Array<Text>, _>(classes)
    .bind::<Array<SqlUuid>, _>(subjects)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Ok(destroyed)
}

/// How many of `tombstones` the database does not know of.
pub(super) fn unknown(
    conn: &mut PgConnection,
    tombstones: &[(KeyClass, Uuid)],
) -> Result<i64, DbError> {
    let (classes, subjects): (Vec<_>, Vec<_>) = tombstones
        .iter()
        .map(|(class, subject)| (class.as_str(), *subject))
        .unzip();
    let unknown = sql::<BigInt>("(SELECT count(*) FROM unnest(")
        .bind::<Array<Text>, _>(classes)
        .sql(", ")
        .bind::<Array<SqlUuid>, _>(subjects)
        .sql(
            ") AS t (class, subject) WHERE NOT EXISTS (SELECT FROM key_tombstone k \
             WHERE k.class = t.class AND k.subject = t.subject))",
        );
    Ok(diesel::select(unknown).get_result(conn)?)
}
