//! What an entry of the audit trail is made of.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::Binary;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::auth::Actor;
use crate::platform::crypto::{Digest, hex, sha256, unhex};
use crate::platform::db::schema::audit_entry;
use crate::platform::db::{DbError, TransactionId};
use crate::platform::tlog::CheckpointError;

/// An entry to record.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub id: Uuid,
    pub actor: &'a Actor,
    /// What was done: `area.thing.done`.
    pub action: &'static str,
    /// What it was done to: an identifier.
    pub subject: String,
    pub at: DateTime<Utc>,
    /// The person whom it is about.
    pub person: Option<Uuid>,
    pub household: Option<&'a str>,
    /// The sealed fields that were read.
    pub fields: Option<&'a [&'a str]>,
    /// What they were read for.
    pub purpose: Option<&'a str>,
    /// For whom the actor acted, when not for itself.
    pub on_behalf_of: Option<&'a str>,
    /// The request that it was part of.
    pub request: Option<Uuid>,
    /// More, sealed under the person's key.
    pub detail: Option<&'a [u8]>,
}

impl<'a> Entry<'a> {
    /// `actor` did `action` to `subject`.
    pub fn of(
        actor: &'a Actor,
        action: &'static str,
        subject: &impl ToString,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            actor,
            action,
            subject: subject.to_string(),
            at,
            person: None,
            household: None,
            fields: None,
            purpose: None,
            on_behalf_of: None,
            request: None,
            detail: None,
        }
    }
}

/// A reading of a person's sealed fields.
#[derive(Debug, Clone, Copy)]
pub struct Viewed<'a> {
    pub person: Uuid,
    /// The household through which the person was reached, by its tenant code.
    pub household: Option<&'a str>,
    /// Which fields, by name; never what they hold.
    pub fields: &'a [&'a str],
    pub purpose: &'a str,
    /// The access in an emergency through which they were read.
    pub request: Option<Uuid>,
}

/// One reading, for the person whom it is about.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_entry, check_for_backend(diesel::pg::Pg))]
pub struct View {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub household: Option<String>,
    pub fields: Option<Vec<String>>,
    pub purpose: Option<String>,
    pub on_behalf_of: Option<String>,
}

/// An entry as it stands in the trail: every column, the detail by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = audit_entry, check_for_backend(diesel::pg::Pg))]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    pub id: Uuid,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub at: DateTime<Utc>,
    pub person: Option<Uuid>,
    pub household: Option<String>,
    pub fields: Option<Vec<String>>,
    pub purpose: Option<String>,
    pub on_behalf_of: Option<String>,
    pub request: Option<Uuid>,
    #[diesel(column_name = detail)]
    pub detail_hash: Option<HexDigest>,
    pub written_by: TransactionId,
}

/// A digest, in hexadecimal where it is written. Read from a column, it is the digest of what
/// the column holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, FromSqlRow,
)]
#[serde(try_from = "String", into = "String")]
pub struct HexDigest(pub Digest);

impl FromSql<Binary, Pg> for HexDigest {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(sha256(&[bytes.as_bytes()])))
    }
}

impl TryFrom<String> for HexDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digest = unhex(&text).and_then(|bytes| bytes.try_into().ok());
        // One spelling only: what is written must not change unseen.
        digest
            .map(Self)
            .filter(|digest| hex(&digest.0) == text)
            .ok_or("a digest is 64 lower-case hexadecimal digits")
    }
}

impl From<HexDigest> for String {
    fn from(digest: HexDigest) -> Self {
        hex(&digest.0)
    }
}

/// An entry's place in a list: its time and id.
pub type Place = (DateTime<Utc>, Uuid);

/// Which entries to list, the newest first.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub actor: Option<String>,
    pub subject: Option<String>,
    pub action: Option<String>,
    pub person: Option<Uuid>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
    /// The entry that the page starts after.
    pub after: Option<Place>,
}

/// Why the audit trail was not sealed, exported or proved.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Nothing may be built upon it: somebody must look.
    #[error("the audit log is not what was signed: {0}")]
    Broken(String),
    #[error("the checkpoints outside the database: {0}")]
    Witness(String),
    #[error("no such entry, or it is not sealed yet")]
    NoSuchEntry,
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    #[error("file: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}
