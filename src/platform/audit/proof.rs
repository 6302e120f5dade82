//! The proof that one entry is in the log, which shows nothing of the others.

use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{AuditError, HexDigest, Recorded};
use super::store::{self, snapshot};
use crate::platform::tlog::{Checkpoint, CheckpointError, NoteKey, inclusion, inclusion_holds};

/// An entry, its way to the tree's root, and the signed root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub entry: Recorded,
    /// Its place in the tree, from 0.
    pub seq: u64,
    /// The hashes that lead from its leaf to the root, the lowest first.
    pub path: Vec<HexDigest>,
    /// The checkpoint, as its note.
    pub checkpoint: String,
}

/// Proves that the entry `id` is in the log.
pub fn prove(conn: &mut PgConnection, id: Uuid) -> Result<Proof, AuditError> {
    snapshot(conn, |conn| proof(conn, id))
}

fn proof(conn: &mut PgConnection, id: Uuid) -> Result<Proof, AuditError> {
    let (leaf, entry) = store::leaf_of(conn, id)?.ok_or(AuditError::NoSuchEntry)?;
    let entry = entry.ok_or(AuditError::NoSuchEntry)?;
    let seq = u64::try_from(leaf.seq).map_err(|_| AuditError::NoSuchEntry)?;
    let size = store::size(conn)?;
    let note = store::checkpoint(conn, size)?;
    let checkpoint = note.ok_or_else(|| {
        AuditError::Broken(format!("there is no checkpoint of its {size} entries"))
    })?;
    let path = inclusion(seq, size, |level, place| store::subtree(conn, level, place))?;
    let path = path.ok_or(AuditError::NoSuchEntry)?;
    Ok(Proof {
        entry,
        seq,
        path: path.into_iter().map(HexDigest).collect(),
        checkpoint,
    })
}

impl Proof {
    /// Whether the entry is in the log of one of `keys`; how many entries that log had.
    pub fn check(&self, keys: &[NoteKey]) -> Result<Option<u64>, CheckpointError> {
        let Checkpoint { size, root, .. } = Checkpoint::open(&self.checkpoint, keys)?;
        let path: Vec<_> = self.path.iter().map(|hash| hash.0).collect();
        let leaf = self.entry.leaf();
        let holds = inclusion_holds((self.seq, size), leaf, &path, &root);
        Ok(holds.then_some(size))
    }
}
