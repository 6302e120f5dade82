//! How the keys stand, in figures.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text, Timestamptz};
use serde::Serialize;

use crate::platform::db::DbError;

/// How the keys of a class stand.
#[derive(Debug, Serialize, QueryableByName)]
pub struct ClassStatus {
    #[diesel(sql_type = Text)]
    pub class: String,
    /// The newest key-encryption key.
    #[diesel(sql_type = SmallInt)]
    pub kek_version: i16,
    #[diesel(sql_type = Timestamptz)]
    pub kek_made_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub subjects: i64,
    /// Live data keys.
    #[diesel(sql_type = BigInt)]
    pub data_keys: i64,
    /// Those of them that an older key-encryption key wraps.
    #[diesel(sql_type = BigInt)]
    pub wrapped_before: i64,
    #[diesel(sql_type = BigInt)]
    pub destroyed: i64,
    #[diesel(sql_type = BigInt)]
    pub erased: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub oldest_data_key: Option<DateTime<Utc>>,
    /// `preparing` or `sealing` while a rotation is not done.
    #[diesel(sql_type = Nullable<Text>)]
    pub rotation: Option<String>,
}

/// How all keys stand.
#[derive(Debug, Serialize)]
pub struct Status {
    pub classes: Vec<ClassStatus>,
    /// When shares were last made.
    pub escrowed_at: Option<DateTime<Utc>>,
    /// Key-encryption keys made since, which those shares do not bring back.
    pub not_escrowed: i64,
}

#[derive(QueryableByName)]
struct Escrow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    escrowed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    not_escrowed: i64,
}

/// How all keys stand.
pub fn status(conn: &mut PgConnection) -> Result<Status, DbError> {
    let classes = diesel::sql_query(
        "SELECT e.class, e.version AS kek_version, e.created_at AS kek_made_at, \
                count(DISTINCT k.subject) FILTER (WHERE k.state = 'active') AS subjects, \
                count(*) FILTER (WHERE k.state = 'active') AS data_keys, \
                count(*) FILTER (WHERE k.state = 'active' AND k.kek < e.version) AS wrapped_before, \
                count(*) FILTER (WHERE k.state = 'destroyed') AS destroyed, \
                (SELECT count(*) FROM key_tombstone t WHERE t.class = e.class) AS erased, \
                min(k.created_at) FILTER (WHERE k.state = 'active') AS oldest_data_key, \
                (SELECT r.state FROM key_rotation r WHERE r.class = e.class AND r.state <> 'done') \
                    AS rotation \
         FROM (SELECT DISTINCT ON (class) class, version, created_at FROM key_encryption_key \
               ORDER BY class, version DESC) e \
         LEFT JOIN data_key k USING (class) \
         GROUP BY e.class, e.version, e.created_at ORDER BY e.class",
    )
    .load(conn)?;
    let escrow: Escrow = diesel::sql_query(
        "SELECT max(s.created_at) AS escrowed_at, (SELECT count(*) FROM key_encryption_key e \
             WHERE e.created_at > coalesce((SELECT max(created_at) FROM key_escrow), '-infinity')) \
             AS not_escrowed FROM key_escrow s",
    )
    .get_result(conn)?;
    Ok(Status {
        classes,
        escrowed_at: escrow.escrowed_at,
        not_escrowed: escrow.not_escrowed,
    })
}
