//! Where settlement files are kept (檔案架): what came, under the SHA-256 of its bytes, sealed.
//!
//! * What is being written has a name of its own; it gets the digest's when it is whole and on the
//!   disk. A refused file stays too: somebody may have to ask its channel about it.
//! * Payers' references and places are in it: it is sealed as it comes, piece by piece, with a key of
//!   its own that is in the database before the file has its name. However large it is, a piece of
//!   it is in memory.
//! * Files from before there were keys are as they came, and are read so.

mod keys;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::files::FileError;
use super::model::PaymentError;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::{Digest, Hasher, hex};
use crate::platform::db::transact;
use crate::platform::vault::Vault;
use crate::platform::vault::pieces::{FileKey, MAGIC, Opening, Sealing};

pub use keys::SEALED;

/// The folder of the files, and what their keys are sealed with.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    vault: Vault,
    /// The most bytes that a file may have.
    pub at_most: u64,
}

/// A file on the shelf.
#[derive(Debug, Clone)]
pub struct Kept {
    pub path: PathBuf,
    pub sha256: Vec<u8>,
    whole: Digest,
    key: FileKey,
    /// The file itself: whoever keeps the same bytes meanwhile seals them with another key, under
    /// the same name.
    file: Arc<File>,
}

impl Kept {
    /// What it says.
    #[must_use]
    pub fn open(&self) -> Content {
        Content::sealed(self.file.clone(), self.key.clone(), self.whole)
    }
}

impl Shelf {
    /// The shelf in the folder of all local state.
    #[must_use]
    pub fn of(data_dir: &Path, at_most: u64, vault: &Vault) -> Self {
        Self {
            folder: data_dir.join("payment-files"),
            vault: vault.clone(),
            at_most,
        }
    }

    /// The key of a file that is to be written: it must be in the database before the file is kept.
    pub fn key(
        &self,
        conn: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<FileKey, PaymentError> {
        keys::make(conn, &self.vault, now)
    }

    /// A file to be written, sealed with `key`; forgotten unless it is kept.
    pub fn begin(&self, key: FileKey) -> io::Result<Incoming> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let path = self.folder.join(format!("incoming-{}", Uuid::new_v4()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let unkept = Unkept(path);
        Ok(Incoming {
            file: Sealing::begin(file, key.clone())?,
            key,
            path: unkept,
            hasher: Hasher::default(),
            left: self.at_most,
        })
    }

    /// Keeps what `source` has to its end.
    pub fn keep(
        &self,
        conn: &mut PgConnection,
        mut source: impl Read,
        now: DateTime<Utc>,
    ) -> Result<Kept, PaymentError> {
        let key = transact(conn, |conn| self.key(conn, now))?;
        let mut incoming = self.begin(key).map_err(FileError::from)?;
        io::copy(&mut source, &mut incoming).map_err(FileError::from)?;
        Ok(incoming.keep().map_err(FileError::from)?)
    }

    /// What the file says whose bytes have the digest `sha256`; `None` when it is not here.
    pub fn find(
        &self,
        conn: &mut PgConnection,
        sha256: Digest,
    ) -> Result<Option<Content>, PaymentError> {
        let file = match File::open(self.folder.join(hex(&sha256))) {
            Ok(file) => Arc::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::from(error).into()),
        };
        Ok(Some(match key_of(&file).map_err(FileError::from)? {
            Some(id) => Content::sealed(file, keys::find(conn, &self.vault, id)?, sha256),
            None => Content::plain(file),
        }))
    }

    /// Writes to `out` the file whose bytes have the digest `sha256`, as it came, and records that
    /// `actor` read it; false when it is not here.
    pub fn give_back(
        &self,
        conn: &mut PgConnection,
        sha256: Digest,
        out: &mut impl Write,
        (actor, now): (&Actor, DateTime<Utc>),
    ) -> Result<bool, PaymentError> {
        let Some(content) = self.find(conn, sha256)? else {
            return Ok(false);
        };
        let action = "payments.file.read";
        transact(conn, |conn| {
            audit::record(conn, actor, action, &hex(&sha256), now)
        })?;
        copied(content, sha256, out).map_err(FileError::from)?;
        Ok(true)
    }
}

/// Copies `content`, whose digest is `sha256`; fails at its end when it is another's.
fn copied(mut content: impl BufRead, sha256: Digest, out: &mut impl Write) -> io::Result<()> {
    let mut hasher = Hasher::default();
    loop {
        let some = content.fill_buf()?;
        if some.is_empty() {
            break;
        }
        hasher.update(some);
        out.write_all(some)?;
        let read = some.len();
        content.consume(read);
    }
    out.flush()?;
    if hasher.finish() == sha256 {
        Ok(())
    } else {
        let what = "what is on the shelf is not what came";
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    }
}

/// Bytes of what says which key a file is sealed with.
const HEAD: u64 = 32;

/// The key that `file` says it is sealed with; `None` of one that is not sealed.
fn key_of(file: &Arc<File>) -> io::Result<Option<Uuid>> {
    let mut head = Vec::new();
    Place::of(file.clone(), 0)
        .take(HEAD)
        .read_to_end(&mut head)?;
    let id = head.strip_prefix(MAGIC);
    Ok(id.and_then(|id| Uuid::from_slice(id).ok()))
}

/// What a file on the shelf says, opened as it is read.
pub struct Content(Form);

enum Form {
    /// From before there were keys.
    Plain(BufReader<Place>),
    Sealed(Opening<BufReader<Place>>),
}

/// A place in a file that others read too.
struct Place {
    file: Arc<File>,
    at: u64,
}

impl Place {
    fn of(file: Arc<File>, at: u64) -> Self {
        Self { file, at }
    }
}

impl Read for Place {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(out, self.at)?;
        self.at += u64::try_from(read).unwrap_or_default();
        Ok(read)
    }
}

impl Content {
    fn plain(file: Arc<File>) -> Self {
        Self(Form::Plain(BufReader::new(Place::of(file, 0))))
    }

    fn sealed(file: Arc<File>, key: FileKey, whole: Digest) -> Self {
        let source = BufReader::new(Place::of(file, HEAD));
        Self(Form::Sealed(Opening::of(source, key, whole)))
    }
}

impl Read for Content {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Form::Plain(file) => file.read(out),
            Form::Sealed(file) => file.read(out),
        }
    }
}

impl BufRead for Content {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match &mut self.0 {
            Form::Plain(file) => file.fill_buf(),
            Form::Sealed(file) => file.fill_buf(),
        }
    }

    fn consume(&mut self, bytes: usize) {
        match &mut self.0 {
            Form::Plain(file) => file.consume(bytes),
            Form::Sealed(file) => file.consume(bytes),
        }
    }
}

/// A file that is being written.
pub struct Incoming {
    file: Sealing<File>,
    key: FileKey,
    path: Unkept,
    hasher: Hasher,
    left: u64,
}

/// What is not kept goes.
struct Unkept(PathBuf);

impl Drop for Unkept {
    fn drop(&mut self) {
        // Once it is kept there is nothing of this name.
        let _ = fs::remove_file(&self.0);
    }
}

impl Incoming {
    /// It is whole: gives it its name, for good.
    pub fn keep(self) -> io::Result<Kept> {
        let whole = self.hasher.finish();
        let file = self.file.finish(&whole)?;
        file.sync_all()?;
        let path = self.path.0.with_file_name(hex(&whole));
        // The same bytes under the same name are the same file.
        fs::rename(&self.path.0, &path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Kept {
            path,
            sha256: whole.to_vec(),
            whole,
            key: self.key,
            file: Arc::new(file),
        })
    }
}

impl Write for Incoming {
    /// Refuses what is too much with [`io::ErrorKind::FileTooLarge`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > self.left {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.left -= u64::try_from(written).unwrap_or(self.left);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
