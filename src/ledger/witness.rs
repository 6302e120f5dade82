//! The witness: a file outside the database with a line for every checkpoint.
//!
//! * Whoever can write the database can remove its newest checkpoints without breaking the
//!   chain; the witness remembers them. Keep it where the database's owner cannot write.
//! * A line is written after its checkpoint is committed. A crash in between leaves the line
//!   for the next time: the witness may be behind the database, never ahead of it.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use diesel::PgConnection;

use super::model::LedgerError;
use super::store;

/// What the witness saw.
#[derive(Debug, Default)]
pub(super) struct Witness {
    lines: Vec<String>,
    /// What a crash left of a line.
    torn: String,
}

impl Witness {
    fn of(text: &str) -> Self {
        let (whole, torn) = text.rsplit_once('\n').unwrap_or(("", text));
        Self {
            lines: whole.lines().map(str::to_owned).collect(),
            torn: torn.to_owned(),
        }
    }

    /// The witness in `path`.
    pub(super) fn read(path: &Path) -> Result<Self, LedgerError> {
        let text = fs::read_to_string(path);
        Ok(Self::of(&text.map_err(|error| {
            LedgerError::Witness(format!("cannot read {}: {error}", path.display()))
        })?))
    }

    /// The line of the checkpoint numbered `number`: every checkpoint has one, from the first.
    pub(super) fn line(&self, number: i32) -> Option<&str> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.lines.get(place).map(String::as_str)
    }

    /// The numbers in its lines; `None` for a line without one.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Option<i32>> {
        self.lines.iter().map(|line| number_of(line))
    }
}

fn number_of(line: &str) -> Option<i32> {
    line.split(' ').next()?.parse().ok()
}

/// Adds to the witness in `path` a line for every checkpoint it has not seen; says how many.
///
/// It refuses when the newest one it saw is not in the database: somebody must look.
pub fn bear_witness(conn: &mut PgConnection, path: &Path) -> Result<usize, LedgerError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    // Released when the file is closed, also when this process is killed.
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let witness = Witness::of(&text);
    let seen = newest_seen(conn, &witness)?;
    let (lines, new) = unseen(conn, seen)?;
    if !lines.starts_with(&witness.torn) {
        let torn = &witness.torn;
        return Err(LedgerError::Witness(format!("it ends in {torn:?}")));
    }
    let whole = text.len().saturating_sub(witness.torn.len());
    file.seek(SeekFrom::Start(u64::try_from(whole).unwrap_or(u64::MAX)))?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    Ok(new)
}

/// The number of the newest checkpoint that the witness saw, which must still be the same.
fn newest_seen(conn: &mut PgConnection, witness: &Witness) -> Result<i32, LedgerError> {
    let Some(line) = witness.lines.last() else {
        return Ok(0);
    };
    let number = number_of(line)
        .ok_or_else(|| LedgerError::Witness(format!("its last line is {line:?}")))?;
    let there = store::checkpoint(conn, number)?.map(|checkpoint| checkpoint.line());
    if there.as_ref() == Some(line) {
        Ok(number)
    } else {
        let what = format!("checkpoint {number} is gone or is not the one it saw");
        Err(LedgerError::Witness(what))
    }
}

/// The lines of the checkpoints after `seen`, and how many they are.
fn unseen(conn: &mut PgConnection, seen: i32) -> Result<(String, usize), LedgerError> {
    let (mut lines, mut count) = (String::new(), 0);
    let mut number = seen;
    while let Some(checkpoint) = store::next_checkpoint(conn, number)? {
        number = checkpoint.number;
        lines.push_str(&checkpoint.line());
        lines.push('\n');
        count += 1;
    }
    Ok((lines, count))
}
