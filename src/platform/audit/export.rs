//! Exporting: writes a bundle of one snapshot of the database.

use std::fs;
use std::path::Path;

use diesel::PgConnection;

use super::bundle::{
    Bundle, CatalogueLine, CheckpointLine, EntryLine, FORMAT, Manifest, NodeLine, Part,
};
use super::catalogue::CATALOGUE;
use super::model::{AuditError, HexDigest};
use super::store::{self, snapshot};
use crate::platform::tlog::NoteKey;

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Entries in the bundle.
    pub entries: u64,
    /// How many the tree has.
    pub size: u64,
}

/// Checkpoints that are read at once.
const AT_ONCE: i64 = 10_000;

/// Writes the log from entry `since` on into `folder`, which must be empty or not there.
///
/// Whatever the database holds is written as it is: judging it is for [`super::verify`].
pub fn export(
    conn: &mut PgConnection,
    folder: &Path,
    since: u64,
    keys: &[NoteKey],
) -> Result<Exported, AuditError> {
    let bundle = Bundle::at(folder);
    fs::create_dir_all(folder)?;
    let exported = snapshot(conn, |conn| write(conn, &bundle, since))?;
    let keys = keys.iter().map(|key| format!("{key}\n"));
    fs::write(bundle.path(Part::Keys), keys.collect::<String>())?;
    fs::File::open(bundle.folder())?.sync_all()?;
    Ok(exported)
}

fn write(conn: &mut PgConnection, bundle: &Bundle, since: u64) -> Result<Exported, AuditError> {
    let size = store::size(conn)?;
    if since > size {
        let what = format!("there are {size} entries, none after {since}");
        return Err(AuditError::Broken(what));
    }
    let edge = store::edge(conn, since)?;
    let mut manifest = bundle.create(Part::Manifest)?;
    manifest.add(&Manifest {
        format: FORMAT.to_owned(),
        since,
        edge: edge.hashes().iter().copied().map(HexDigest).collect(),
    })?;
    manifest.finish()?;
    let entries = entries(conn, bundle, since)?;
    checkpoints(conn, bundle, since)?;
    nodes(conn, bundle, since)?;
    catalogues(conn, bundle)?;
    left_out(conn, bundle)?;
    Ok(Exported { entries, size })
}

fn entries(conn: &mut PgConnection, bundle: &Bundle, since: u64) -> Result<u64, AuditError> {
    let (mut lines, mut written) = (bundle.create(Part::Entries)?, 0);
    store::each_leaf(conn, since, |(leaf, entry)| {
        written += 1;
        Ok(lines.add(&EntryLine {
            seq: u64::try_from(leaf.seq).unwrap_or(u64::MAX),
            hash: digest(leaf.hash),
            entry,
        })?)
    })?;
    lines.finish()?;
    Ok(written)
}

fn checkpoints(conn: &mut PgConnection, bundle: &Bundle, since: u64) -> Result<(), AuditError> {
    let mut lines = bundle.create(Part::Checkpoints)?;
    let mut after = since.checked_sub(1);
    loop {
        let some = store::checkpoints_after(conn, after, AT_ONCE)?;
        let Some((last, _)) = some.last() else { break };
        after = Some(*last);
        for (size, note) in some {
            lines.add(&CheckpointLine { size, note })?;
        }
    }
    Ok(lines.finish()?)
}

fn nodes(conn: &mut PgConnection, bundle: &Bundle, since: u64) -> Result<(), AuditError> {
    let mut lines = bundle.create(Part::Nodes)?;
    for (level, place, hash) in store::nodes(conn, since)? {
        let hash = digest(hash);
        lines.add(&NodeLine { level, place, hash })?;
    }
    Ok(lines.finish()?)
}

fn catalogues(conn: &mut PgConnection, bundle: &Bundle) -> Result<(), AuditError> {
    let mut lines = bundle.create(Part::Catalogues)?;
    for (hash, items) in store::catalogues(conn, CATALOGUE)? {
        let digest = digest(hash);
        lines.add(&CatalogueLine { digest, items })?;
    }
    Ok(lines.finish()?)
}

fn left_out(conn: &mut PgConnection, bundle: &Bundle) -> Result<(), AuditError> {
    let mut lines = bundle.create(Part::LeftOut)?;
    store::each_left_out(conn, |entry| Ok::<_, AuditError>(lines.add(&entry)?))?;
    Ok(lines.finish()?)
}

/// What is no digest is written as one that nothing has.
fn digest(bytes: Vec<u8>) -> HexDigest {
    HexDigest(bytes.try_into().unwrap_or([0; 32]))
}
