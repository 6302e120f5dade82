//! The escrow, and the keys that a restore wraps anew.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{IndexKeyRow, KekRow};
use crate::platform::db::DbError;
use crate::platform::db::schema::{index_key, key_encryption_key, key_escrow};

/// Keys sealed for their custodians.
#[derive(Queryable, Insertable)]
#[diesel(table_name = key_escrow)]
pub struct EscrowRow {
    pub id: Uuid,
    pub sealed: Vec<u8>,
    pub commitment: Vec<u8>,
    pub created_at: DateTime<Utc>,
}

pub fn add(conn: &mut PgConnection, row: &EscrowRow) -> Result<(), DbError> {
    diesel::insert_into(key_escrow::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<EscrowRow>, DbError> {
    Ok(key_escrow::table.find(id).first(conn).optional()?)
}

/// Replaces what wraps a key-encryption key: only the schema's owner may.
pub fn replace_kek(conn: &mut PgConnection, row: &KekRow) -> Result<(), DbError> {
    diesel::update(key_encryption_key::table.find((row.class.as_str(), row.version)))
        .set(key_encryption_key::wrapped.eq(&row.wrapped))
        .execute(conn)?;
    Ok(())
}

/// Replaces what wraps an index key: only the schema's owner may.
pub fn replace_index_key(conn: &mut PgConnection, row: &IndexKeyRow) -> Result<(), DbError> {
    diesel::update(index_key::table.find(row.class.as_str()))
        .set(index_key::wrapped.eq(&row.wrapped))
        .execute(conn)?;
    Ok(())
}
