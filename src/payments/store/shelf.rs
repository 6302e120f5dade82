//! The keys of files on the shelf, and by whom a file was signed.

use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::id::PaymentFileId;
use crate::payments::model::FileSignature;
use crate::platform::db::DbError;
use crate::platform::db::schema::{payment_file_key, payment_file_signature};

/// Adds the key called `id`, sealed.
pub fn add_key(conn: &mut PgConnection, id: Uuid, secret: &[u8]) -> Result<(), DbError> {
    diesel::insert_into(payment_file_key::table)
        .values((
            payment_file_key::id.eq(id),
            payment_file_key::secret.eq(secret),
        ))
        .execute(conn)?;
    Ok(())
}

/// The key called `id`, sealed.
pub fn key(conn: &mut PgConnection, id: Uuid) -> Result<Option<Vec<u8>>, DbError> {
    Ok(payment_file_key::table
        .find(id)
        .select(payment_file_key::secret)
        .first(conn)
        .optional()?)
}

/// Keeps by whom a file was signed.
pub fn add_signature(conn: &mut PgConnection, signature: &FileSignature) -> Result<(), DbError> {
    diesel::insert_into(payment_file_signature::table)
        .values(signature)
        .execute(conn)?;
    Ok(())
}

/// By whom file `id` was signed, if it was.
pub fn signature(
    conn: &mut PgConnection,
    id: PaymentFileId,
) -> Result<Option<FileSignature>, DbError> {
    Ok(payment_file_signature::table
        .find(id)
        .select(FileSignature::as_select())
        .first(conn)
        .optional()?)
}
