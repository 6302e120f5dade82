//! What rewrapping and rotation read and write of the tables of keys.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Integer, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use uuid::Uuid;

use super::{CLASS_LOCK, DataKeyRow};
use crate::kernel::choice::choice;
use crate::platform::db::DbError;
use crate::platform::db::schema::{data_key, key_encryption_key, key_rotation};
use crate::platform::vault::model::{KeyClass, KeyState};

choice! {
    /// How far a rotation is.
    pub enum Stage {
        /// The new data keys are being made; they open, and do not seal yet.
        Preparing = "preparing",
        /// They seal, and what the old ones sealed is sealed anew.
        Sealing = "sealing",
        Done = "done",
    }
}

/// Keeps others from changing the keys of `class` while this session lasts; false when somebody
/// else is.
pub fn hold_class(conn: &mut PgConnection, class: KeyClass) -> Result<bool, DbError> {
    let held = sql::<Bool>("pg_try_advisory_lock(")
        .bind::<Integer, _>(CLASS_LOCK + 1)
        .sql(", hashtext(")
        .bind::<Text, _>(class.as_str())
        .sql("))");
    Ok(diesel::select(held).get_result(conn)?)
}

/// The rotation of `class` that is not done, with how far it is.
pub fn open_rotation(
    conn: &mut PgConnection,
    class: KeyClass,
) -> Result<Option<(i32, Stage)>, DbError> {
    Ok(key_rotation::table
        .filter(key_rotation::class.eq(class))
        .filter(key_rotation::state.ne(Stage::Done))
        .select((key_rotation::number, key_rotation::state))
        .first(conn)
        .optional()?)
}

/// Begins a rotation of `class`; its number.
pub fn begin_rotation(
    conn: &mut PgConnection,
    class: KeyClass,
    now: DateTime<Utc>,
) -> Result<i32, DbError> {
    let last: Option<i32> = key_rotation::table
        .filter(key_rotation::class.eq(class))
        .select(diesel::dsl::max(key_rotation::number))
        .first(conn)?;
    let number = last.unwrap_or_default() + 1;
    diesel::insert_into(key_rotation::table)
        .values((
            key_rotation::class.eq(class),
            key_rotation::number.eq(number),
            key_rotation::state.eq(Stage::Preparing),
            key_rotation::started_at.eq(now),
        ))
        .execute(conn)?;
    Ok(number)
}

/// Moves a rotation on.
pub fn set_stage(
    conn: &mut PgConnection,
    (class, number): (KeyClass, i32),
    stage: Stage,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(key_rotation::table.find((class.as_str(), number)))
        .set((
            key_rotation::state.eq(stage),
            key_rotation::finished_at.eq((stage == Stage::Done).then_some(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Up to which row of which table everything is sealed anew.
pub type Swept = (String, Uuid);

/// How far a rotation has swept; `None` when it must begin at the first table's start.
pub fn swept(
    conn: &mut PgConnection,
    (class, number): (KeyClass, i32),
) -> Result<Option<Swept>, DbError> {
    let (table, row): (Option<String>, Option<Uuid>) = key_rotation::table
        .find((class.as_str(), number))
        .select((key_rotation::swept_table, key_rotation::swept_to))
        .first(conn)?;
    Ok(table.zip(row))
}

/// Keeps how far a rotation has swept.
pub fn set_swept(
    conn: &mut PgConnection,
    (class, number): (KeyClass, i32),
    swept: Option<(&str, Uuid)>,
) -> Result<(), DbError> {
    let (table, row) = swept.unzip();
    diesel::update(key_rotation::table.find((class.as_str(), number)))
        .set((
            key_rotation::swept_table.eq(table),
            key_rotation::swept_to.eq(row),
        ))
        .execute(conn)?;
    Ok(())
}

/// A subject with live data keys.
#[derive(QueryableByName)]
pub struct Subject {
    #[diesel(sql_type = SqlUuid, column_name = subject)]
    pub id: Uuid,
    /// Of the newest of them.
    #[diesel(sql_type = SmallInt)]
    pub version: i16,
}

/// The next subjects after `after` that the rotation has not given a data key, in order.
pub fn without_new_key(
    conn: &mut PgConnection,
    (class, rotation): (KeyClass, i32),
    after: Uuid,
    rows: i64,
) -> Result<Vec<Subject>, DbError> {
    Ok(diesel::sql_query(
        "SELECT subject, max(version) AS version \
         FROM data_key WHERE class = $1 AND state = 'active' AND subject > $3 \
         GROUP BY subject HAVING NOT bool_or(rotation = $2) ORDER BY subject LIMIT $4",
    )
    .bind::<Text, _>(class.as_str())
    .bind::<Integer, _>(rotation)
    .bind::<SqlUuid, _>(after)
    .bind::<BigInt, _>(rows)
    .load(conn)?)
}

/// How many live data keys `class` has.
pub fn count(conn: &mut PgConnection, class: KeyClass) -> Result<i64, DbError> {
    Ok(data_key::table
        .filter(data_key::class.eq(class))
        .filter(data_key::state.eq(KeyState::Active))
        .count()
        .get_result(conn)?)
}

/// The version of the newest key-encryption key of `class`.
pub fn newest_kek(conn: &mut PgConnection, class: KeyClass) -> Result<i16, DbError> {
    let newest: Option<i16> = key_encryption_key::table
        .filter(key_encryption_key::class.eq(class))
        .select(diesel::dsl::max(key_encryption_key::version))
        .first(conn)?;
    Ok(newest.unwrap_or_default())
}

/// The next live data keys after `after` that are wrapped under an older key-encryption key than
/// `kek`.
pub fn wrapped_before(
    conn: &mut PgConnection,
    (class, kek): (KeyClass, i16),
    (subject, version): (Uuid, i16),
    rows: i64,
) -> Result<Vec<DataKeyRow>, DbError> {
    let later_version = data_key::subject
        .eq(subject)
        .and(data_key::version.gt(version));
    Ok(data_key::table
        .filter(data_key::class.eq(class))
        .filter(data_key::state.eq(KeyState::Active))
        .filter(data_key::kek.lt(kek))
        .filter(data_key::subject.ge(subject))
        .filter(data_key::subject.gt(subject).or(later_version))
        .order((data_key::subject, data_key::version))
        .select(DataKeyRow::as_select())
        .limit(rows)
        .load(conn)?)
}

/// A data key and how it is wrapped anew: under this key-encryption key, to these bytes.
pub type Rewrapped<'a> = (&'a DataKeyRow, i16, Vec<u8>);

/// Replaces what wraps data keys, where it is still what it was.
pub fn rewrap(
    conn: &mut PgConnection,
    class: KeyClass,
    rewrapped: Vec<Rewrapped<'_>>,
) -> Result<usize, DbError> {
    let (mut subjects, mut versions, mut olds) = (vec![], vec![], vec![]);
    let (mut keks, mut news) = (vec![], vec![]);
    for (row, kek, wrapped) in rewrapped {
        subjects.push(row.subject);
        versions.push(row.version);
        olds.push(row.wrapped.as_slice());
        keks.push(kek);
        news.push(wrapped);
    }
    Ok(diesel::sql_query(
        "UPDATE data_key k SET kek = n.kek, wrapped = n.new \
         FROM unnest($2, $3, $4, $5, $6) AS n (subject, version, old, kek, new) \
         WHERE k.class = $1 AND k.subject = n.subject AND k.version = n.version \
           AND k.wrapped = n.old",
    )
    .bind::<Text, _>(class.as_str())
    .bind::<Array<SqlUuid>, _>(subjects)
    .bind::<Array<SmallInt>, _>(versions)
    .bind::<Array<Binary>, _>(olds)
    .bind::<Array<SmallInt>, _>(keks)
    .bind::<Array<Binary>, _>(news)
    .execute(conn)?)
}

/// Destroys the data keys of the next subjects after `after` that are older than those which the
/// rotation gave them; the last subject, and how many keys. `None` when there is no other.
pub fn retire(
    conn: &mut PgConnection,
    (class, rotation): (KeyClass, i32),
    (after, rows): (Uuid, i64),
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, usize)>, DbError> {
    let next: Vec<Uuid> = data_key::table
        .filter(data_key::class.eq(class))
        .filter(data_key::rotation.eq(rotation))
        .filter(data_key::subject.gt(after))
        .order(data_key::subject)
        .select(data_key::subject)
        .limit(rows)
        .load(conn)?;
    let Some(last) = next.last().copied() else {
        return Ok(None);
    };
    let retired = diesel::sql_query(
        "UPDATE data_key o SET wrapped = '', state = 'destroyed', destroyed_at = $3 \
         FROM data_key n, unnest($4) AS s (subject) \
         WHERE n.class = $1 AND n.subject = s.subject AND n.rotation = $2 \
           AND n.state = 'active' AND o.class = n.class AND o.subject = n.subject \
           AND o.version < n.version AND o.state = 'active'",
    )
    .bind::<Text, _>(class.as_str())
    .bind::<Integer, _>(rotation)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(next)
    .execute(conn)?;
    Ok(Some((last, retired)))
}

/// What the clock of the database says, which also tells when its transactions began.
pub fn clock(conn: &mut PgConnection) -> Result<DateTime<Utc>, DbError> {
    Ok(diesel::select(sql::<Timestamptz>("clock_timestamp()")).get_result(conn)?)
}

/// Whether a transaction that began before `instant` is still under way, or may be.
pub fn any_older(conn: &mut PgConnection, instant: DateTime<Utc>) -> Result<bool, DbError> {
    // Of another login's session we may not see when its transaction began: it counts.
    let older = sql::<Bool>(
        "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND backend_type = 'client backend' \
         AND (xact_start <= ",
    )
    .bind::<Timestamptz, _>(instant)
    .sql(" OR (state IS NULL AND query LIKE '<insufficient%')))");
    Ok(diesel::select(older).get_result(conn)?)
}
