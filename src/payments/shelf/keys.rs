//! The keys of files on the shelf: one a file, sealed under a data key of its own. A rotation of
//! keys seals it anew, and leaves the file as it is.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use crate::payments::model::PaymentError;
use crate::payments::store::shelf as store;
use crate::platform::vault::pieces::FileKey;
use crate::platform::vault::{
    Cell, KeyClass, Padding, SealedColumn, Unopenable, Vault, VaultError,
};

const KEY: &str = "payment_file_key";
const SECRET: &str = "secret";

/// The sealed columns of this slice.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: KEY,
    column: SECRET,
    id: "id",
    // Written once.
    revision: None,
    subject: "id",
    class: KeyClass::Finance,
    grows_only: false,
}];

/// Makes the key of a file that is about to be kept.
pub fn make(
    conn: &mut PgConnection,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<FileKey, PaymentError> {
    let key = FileKey::fresh().map_err(VaultError::from)?;
    let keys = vault.create(conn, KeyClass::Finance, key.id, now)?;
    let sealed = keys.seal(&cell(key.id), key.expose(), Padding::To32)?;
    store::add_key(conn, key.id, &sealed)?;
    Ok(key)
}

/// The key called `id`.
pub fn find(conn: &mut PgConnection, vault: &Vault, id: Uuid) -> Result<FileKey, PaymentError> {
    let (class, subject) = (KeyClass::Finance, id);
    let no_key = || VaultError::NoDataKey { class, subject };
    let sealed = store::key(conn, id)?.ok_or_else(no_key)?;
    let keys = vault.keys(conn, class, subject)?.ok_or_else(no_key)?;
    let cell = cell(id);
    let key = FileKey::of(id, &keys.open(&cell, &sealed)?);
    let what = Unopenable::Cell {
        table: cell.table,
        column: cell.column,
        row: id,
    };
    Ok(key.ok_or(VaultError::Unopenable(what))?)
}

fn cell(row: Uuid) -> Cell {
    Cell {
        table: KEY,
        column: SECRET,
        row,
        revision: 0,
    }
}
