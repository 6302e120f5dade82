//! What can go wrong with sealed data, and what is done about it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::{Cell, KeyClass, KeyName};
use super::root::RootError;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::{KeyError, Refused};
use crate::platform::db::{Db, DbError};
use crate::platform::http::problem::{Kind, Problem};

const INTEGRITY: Kind = Kind::new(
    "integrity-error",
    500,
    "Stored data is not what was stored; it was withheld, and the operators were told",
);

/// What did not open, by identifiers only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unopenable {
    /// A cell: moved, rolled back, damaged, or sealed with a key that is gone.
    Cell {
        table: &'static str,
        column: &'static str,
        row: Uuid,
    },
    /// A data key: of another subject, of another class, or damaged.
    DataKey(KeyName),
}

impl Unopenable {
    pub(super) fn cell(cell: &Cell) -> Self {
        Self::Cell {
            table: cell.table,
            column: cell.column,
            row: cell.row,
        }
    }
}

impl std::fmt::Display for Unopenable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cell { table, column, row } => write!(f, "cell {table}.{column} {row}"),
            Self::DataKey(KeyName {
                class,
                subject,
                version,
            }) => write!(f, "data key {class} {subject} version {version}"),
        }
    }
}

/// What can go wrong with sealed data. Nothing of a value is ever in it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    Db(#[from] DbError),
    /// It must be looked into: the database or a program is not what it should be.
    #[error("{0} does not open")]
    Unopenable(Unopenable),
    #[error("there is no {class} key-encryption key version {version}")]
    NoKeyEncryptionKey { class: KeyClass, version: i16 },
    #[error("{class} {subject} has a data key already")]
    Exists { class: KeyClass, subject: Uuid },
    #[error("{class} {subject} was erased")]
    Erased { class: KeyClass, subject: Uuid },
    #[error("{class} {subject} has no data key")]
    NoDataKey { class: KeyClass, subject: Uuid },
    #[error("an erasure is approved by two people")]
    OneApprover,
    #[error("the root key")]
    Root(#[from] RootError),
    #[error("the file of erasures: {0}")]
    Tombstones(String),
    #[error("the key of the file of erasures")]
    TombstoneKey(#[from] KeyError),
    #[error(transparent)]
    Crypto(#[from] Refused),
    /// Another process changes the keys of this class.
    #[error("the {0} keys are being changed by another process")]
    Changing(KeyClass),
}

impl VaultError {
    /// What did not open, if that is what went wrong.
    #[must_use]
    pub fn unopenable(&self) -> Option<Unopenable> {
        match self {
            Self::Unopenable(what) => Some(*what),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for VaultError {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Db(error) => error.into(),
            VaultError::Unopenable(_) => Self::caused(INTEGRITY, error),
            other => Self::internal(other),
        }
    }
}

/// Records in a transaction of its own that `actor` met what does not open: the transaction
/// that met it is rolled back, and the record must not be.
pub async fn record_unopenable(
    db: &Db,
    actor: &Actor,
    what: Unopenable,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    let actor = actor.clone();
    db.write(move |conn| audit::record(conn, &actor, "vault.unopenable", &what, at))
        .await
}
