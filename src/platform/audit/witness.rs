//! Checkpoints outside the database: a file each, never overwritten.
//!
//! * Whoever can write the database can take its newest entries and checkpoints away and leave
//!   a tree that is sound. The files remember. Keep them, or copy them to, where the database's
//!   owner cannot write.
//! * A file is written after its checkpoint is committed. A crash in between leaves it for the
//!   next time: the files may be behind the database, never ahead of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use diesel::PgConnection;

use super::model::AuditError;
use super::store;

/// Checkpoints of how many sizes share a folder.
const IN_A_FOLDER: u64 = 1_000_000;
/// Checkpoints that are read at once.
const AT_ONCE: i64 = 1_000;

/// Where the checkpoint of `size` is kept below `folder`: names sort as sizes do.
fn path_of(folder: &Path, size: u64) -> PathBuf {
    folder
        .join(format!("{:014}", size / IN_A_FOLDER))
        .join(format!("{size:020}"))
}

/// Writes every checkpoint that is not outside the database yet; says how many.
///
/// It refuses when the newest one there is not in the database, or is another: somebody must
/// look.
pub(super) fn publish(conn: &mut PgConnection, folder: &Path) -> Result<usize, AuditError> {
    fs::create_dir_all(folder)?;
    let mut newest = newest(folder)?;
    if let Some(size) = newest {
        let seen = fs::read_to_string(path_of(folder, size))?;
        if store::checkpoint(conn, size)?.as_ref() != Some(&seen) {
            let what = format!("the database has lost or changed the one of {size} entries");
            return Err(AuditError::Witness(what));
        }
    }
    let mut written = 0;
    loop {
        let unseen = store::checkpoints_after(conn, newest, AT_ONCE)?;
        let Some((last, _)) = unseen.last() else {
            return Ok(written);
        };
        newest = Some(*last);
        for (size, note) in unseen {
            keep(&path_of(folder, size), &note)?;
            written += 1;
        }
    }
}

/// Writes a file whole or not at all. One that is there must be the same.
fn keep(path: &Path, note: &str) -> Result<(), AuditError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file = File::create(&draft)?;
    file.write_all(note.as_bytes())?;
    file.sync_all()?;
    // Unlike a rename, a link does not take the place of a file that is there.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::read_to_string(path)? != note {
                let what = format!("{} is another checkpoint", path.display());
                return Err(AuditError::Witness(what));
            }
        }
        linked => linked?,
    }
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// The size of the largest checkpoint below `folder`.
fn newest(folder: &Path) -> io::Result<Option<u64>> {
    let mut folders = numbered(folder)?;
    while let Some((_, path)) = folders.pop() {
        if let Some((size, _)) = numbered(&path)?.pop() {
            return Ok(Some(size));
        }
    }
    Ok(None)
}

/// Every checkpoint's file below `folder`, the smallest first.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for (_, path) in numbered(folder)? {
        files.extend(numbered(&path)?.into_iter().map(|(_, path)| path));
    }
    Ok(files)
}

/// What is in `folder` under a number, by number; drafts are not.
fn numbered(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let number = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        found.extend(number.map(|number| (number, entry.path())));
    }
    found.sort_unstable();
    Ok(found)
}
