//! Sealing: entries get their places in the tree, and the tree is signed.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::AuditError;
use super::store::{self, LeafRow};
use super::{catalogue, witness};
use crate::platform::db::transact;
use crate::platform::tlog::{Checkpoint, Edge, NoteSigner};

/// Entries that one transaction seals.
const AT_ONCE: i64 = 10_000;

/// Who signs checkpoints, and where outside the database they are kept.
#[derive(Debug)]
pub struct Sealer {
    pub signer: NoteSigner,
    pub folder: PathBuf,
}

/// What sealing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// How many entries it sealed.
    pub entries: u64,
    /// How many the tree has.
    pub size: u64,
}

/// Seals every entry whose transaction, and every one before it, has ended; takes the hour's
/// catalogue first. It works in transactions of its own.
///
/// Two may seal at once: one waits for the other. A crash leaves nothing half done; the next
/// time writes the files that are missing.
pub fn seal(
    conn: &mut PgConnection,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> Result<Sealed, AuditError> {
    catalogue::take(conn, now)?;
    let mut sealed = 0;
    let size = loop {
        let (entries, size) = transact(conn, |conn| grow(conn, &sealer.signer, AT_ONCE))?;
        sealed += entries;
        if entries < AT_ONCE.unsigned_abs() {
            break size;
        }
    };
    witness::publish(conn, &sealer.folder)?;
    let entries = sealed;
    Ok(Sealed { entries, size })
}

/// Seals up to `most` entries; says how many, and how many the tree has.
fn grow(conn: &mut PgConnection, signer: &NoteSigner, most: i64) -> Result<(u64, u64), AuditError> {
    store::hold_seal(conn)?;
    let mut edge = signed_edge(conn)?;
    let entries = store::unsealed(conn, most)?;
    if entries.is_empty() {
        return Ok((0, edge.size()));
    }
    let (mut leaves, mut nodes) = (Vec::with_capacity(entries.len()), Vec::new());
    for entry in &entries {
        let hash = entry.leaf();
        leaves.push(LeafRow {
            seq: i64::try_from(edge.size()).unwrap_or(i64::MAX),
            entry: entry.id,
            hash: hash.to_vec(),
        });
        edge.push(hash, |node| nodes.push(node));
    }
    store::add_leaves(conn, &leaves)?;
    store::add_nodes(conn, &nodes)?;
    let note = Checkpoint::sign(edge.size(), &edge.root(), signer);
    store::add_checkpoint(conn, edge.size(), &note.to_string())?;
    Ok((u64::try_from(entries.len()).unwrap_or(0), edge.size()))
}

/// The edge of the tree, which must be what the newest checkpoint says: nothing is built upon
/// a tree that was tampered with.
fn signed_edge(conn: &mut PgConnection) -> Result<Edge, AuditError> {
    let size = store::size(conn)?;
    let edge = store::edge(conn, size)?;
    let signed = store::newest_note(conn)?.map(|note| {
        let text = note.split_once("\n\n").map(|(text, _)| format!("{text}\n"));
        text.and_then(|text| Checkpoint::read(&text))
            .map(|checkpoint| (checkpoint.size, checkpoint.root))
    });
    let found = (edge.size(), edge.root());
    match signed {
        None if size == 0 => Ok(edge),
        Some(Some(signed)) if signed == found => Ok(edge),
        _ => {
            let what = format!("its {size} leaves do not make the newest checkpoint's root");
            Err(AuditError::Broken(what))
        }
    }
}
