//! The file of erasures, outside the database.
//!
//! * A line for each, added before the database is told: a crash in between leaves an erasure
//!   that the next start completes. What a crash leaves of a line was never approved by this
//!   program, and is cut off.
//! * Each line names the one before by its digest and is signed, so a line cannot be altered,
//!   left out or put in. Lines cut off at the end are found where the database has them.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::VaultError;
use super::model::KeyClass;
use crate::platform::crypto::{Digest, SigningKey, hex, is_signed, packed, sha256, unhex};

/// An erasure: whose data keys, why, and who approved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tombstone {
    pub class: KeyClass,
    pub subject: Uuid,
    pub reason: String,
    pub approved_by: [String; 2],
    pub at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    number: u64,
    erased: Tombstone,
    /// The digest of the line before; of nothing for the first.
    previous: String,
    signature: String,
}

impl Line {
    fn message(number: u64, erased: &Tombstone, previous: &str) -> Vec<u8> {
        let [one, other] = &erased.approved_by;
        packed(&[
            b"kaifong erasure v1",
            &number.to_be_bytes(),
            erased.class.as_str().as_bytes(),
            erased.subject.as_bytes(),
            erased.reason.as_bytes(),
            one.as_bytes(),
            other.as_bytes(),
            erased
                .at
                .to_rfc3339_opts(SecondsFormat::Micros, true)
                .as_bytes(),
            previous.as_bytes(),
        ])
    }
}

/// What the file says, read and verified.
#[derive(Default)]
struct Chain {
    erased: Vec<Tombstone>,
    /// The digest of the last line.
    last: Digest,
    /// The bytes of its whole lines.
    length: usize,
}

/// The file, and the key that signs it.
pub(super) struct Tombstones {
    path: PathBuf,
    key: SigningKey,
}

impl Tombstones {
    /// The file in `folder`; its key is made there when there is none.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        Ok(Self {
            path: folder.join("tombstones"),
            key: SigningKey::load_or_create(&folder.join("tombstones.pk8"))?,
        })
    }

    /// The bytes of the file, which only ever grow.
    pub fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |found| found.len())
    }

    /// Every erasure in the file, oldest first; nothing when any line of it lies.
    pub fn read(&self) -> Result<Vec<Tombstone>, VaultError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(self.chain(&text)?.erased),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Adds those of `erasures` that are not in the file; they are on the disk when this returns.
    pub fn add(&self, erasures: &[Tombstone]) -> Result<(), VaultError> {
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)
            .map_err(|error| self.failed(&error))?;
        let mut text = String::new();
        // Released when the file is closed, also when this process is killed.
        file.lock()
            .and_then(|()| file.read_to_string(&mut text))
            .map_err(|error| self.failed(&error))?;
        let chain = self.chain(&text)?;
        let lines = self.lines(&chain, erasures)?;
        if lines.is_empty() {
            return Ok(());
        }
        let end = u64::try_from(chain.length).unwrap_or(u64::MAX);
        file.set_len(end)
            .and_then(|()| file.seek(SeekFrom::Start(end)))
            .and_then(|_| file.write_all(lines.as_bytes()))
            .and_then(|()| file.sync_all())
            .map_err(|error| self.failed(&error))
    }

    fn lines(&self, chain: &Chain, erasures: &[Tombstone]) -> Result<String, VaultError> {
        let is_there = |new: &Tombstone| {
            let mut there = chain.erased.iter();
            there.any(|one| (one.class, one.subject) == (new.class, new.subject))
        };
        let (mut number, mut previous) = (chain.erased.len(), chain.last);
        let mut lines = String::new();
        for erased in erasures.iter().filter(|new| !is_there(new)) {
            number += 1;
            let (number, before) = (u64::try_from(number).unwrap_or(u64::MAX), hex(&previous));
            let signature = self.key.sign(&Line::message(number, erased, &before));
            let line = Line {
                number,
                erased: erased.clone(),
                previous: before,
                signature: hex(&signature),
            };
            let line = serde_json::to_string(&line).map_err(|error| self.lies(number, &error))?;
            previous = sha256(&[line.as_bytes()]);
            lines.push_str(&line);
            lines.push('\n');
        }
        Ok(lines)
    }

    fn chain(&self, text: &str) -> Result<Chain, VaultError> {
        let whole = text
            .rfind('\n')
            .map_or("", |end| text.get(..=end).unwrap_or(""));
        let mut chain = Chain {
            length: whole.len(),
            ..Chain::default()
        };
        for (place, text) in whole.lines().enumerate() {
            let number = u64::try_from(place + 1).unwrap_or(u64::MAX);
            let line: Line =
                serde_json::from_str(text).map_err(|error| self.lies(number, &error))?;
            let message = Line::message(number, &line.erased, &line.previous);
            let signature = unhex(&line.signature).unwrap_or_default();
            let follows = line.number == number && line.previous == hex(&chain.last);
            if !follows || !is_signed(self.key.public(), &message, &signature) {
                return Err(self.lies(number, &"it is not the line that was written"));
            }
            chain.erased.push(line.erased);
            chain.last = sha256(&[text.as_bytes()]);
        }
        Ok(chain)
    }

    fn failed(&self, error: &std::io::Error) -> VaultError {
        VaultError::Tombstones(format!("{}: {error}", self.path.display()))
    }

    fn lies(&self, number: u64, why: &impl ToString) -> VaultError {
        let why = why.to_string();
        VaultError::Tombstones(format!("{} line {number}: {why}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("kaifong-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn erasure(subject: u128) -> Tombstone {
        Tombstone {
            class: KeyClass::Identity,
            subject: Uuid::from_u128(subject),
            reason: "retention".into(),
            approved_by: ["officer-1".into(), "officer-2".into()],
            at: "2026-11-21T01:00:00.000001Z".parse().unwrap(),
        }
    }

    #[test]
    fn an_erasure_is_written_once_and_read_back() {
        let file = Tombstones::open(&folder()).unwrap();
        assert_eq!(file.read().unwrap(), []);
        file.add(&[erasure(1)]).unwrap();
        file.add(&[erasure(1), erasure(2)]).unwrap();
        assert_eq!(file.read().unwrap(), [erasure(1), erasure(2)]);
    }

    #[test]
    fn a_torn_line_is_cut_off_and_written_again() {
        let file = Tombstones::open(&folder()).unwrap();
        file.add(&[erasure(1), erasure(2)]).unwrap();
        let text = fs::read_to_string(&file.path).unwrap();
        fs::write(&file.path, &text[..text.len() - 9]).unwrap();
        assert_eq!(file.read().unwrap(), [erasure(1)]);
        file.add(&[erasure(2)]).unwrap();
        assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
    }

    #[test]
    fn a_line_altered_left_out_or_put_in_is_found() {
        let file = Tombstones::open(&folder()).unwrap();
        let erasures = [erasure(1), erasure(2), erasure(3)];
        file.add(&erasures).unwrap();
        let text = fs::read_to_string(&file.path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        // The last line, which no other names, and one of the same number from another copy.
        let last = lines[2].replace("officer-2", "officer-3");
        fs::write(&file.path, format!("{}\n", lines[0])).unwrap();
        file.add(&[erasure(4)]).unwrap();
        let other = fs::read_to_string(&file.path).unwrap();
        let other = other.lines().nth(1).unwrap();
        for forged in [
            text.replace("officer-2", "officer-3"),
            text.replacen("identity", "finance", 1),
            format!("{}\n{}\n{last}\n", lines[0], lines[1]),
            format!("{}\n{other}\n{}\n", lines[0], lines[2]),
            format!("{}\n{}\n", lines[0], lines[2]),
            format!("{}\n{}\n", lines[1], lines[2]),
            format!("{}\n{}\n", lines[0], lines[0]),
            format!("{text}{{}}\n"),
        ] {
            fs::write(&file.path, &forged).unwrap();
            assert!(
                matches!(file.read(), Err(VaultError::Tombstones(_))),
                "{forged}"
            );
            assert!(file.add(&erasures).is_err());
        }
    }
}
