//! The root key: it wraps the keys that wrap the data keys, and nothing else.
//!
//! It is never in the database. In a file it is 32 bytes that only their owner may read; in a
//! PKCS#11 token it never leaves the token.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::platform::crypto::{Refused, Secret, derive, unwrap_key, wrap_key};

/// Why the root key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path} must be a file of 32 bytes", path = .0.display())]
    Malformed(PathBuf),
    #[error("{path} must belong to this program's user, who alone may read it: chmod 600", path = .0.display())]
    NotPrivate(PathBuf),
    #[error("it does not open the keys of this database")]
    WrongKey,
    #[error("the PKCS#11 token: {0}")]
    Token(String),
    #[error(transparent)]
    Crypto(#[from] Refused),
}

/// The key at the top. `place` says what is wrapped: it opens for no other.
pub trait RootKey: Send + Sync {
    /// `key`, wrapped.
    fn wrap(&self, place: &[u8], key: &Secret<32>) -> Result<Vec<u8>, RootError>;
    /// The key that was wrapped for `place`.
    fn unwrap(&self, place: &[u8], wrapped: &[u8]) -> Result<Secret<32>, RootError>;
}

/// A root key in a file of its owner's.
#[derive(Debug)]
pub struct FileRoot(Secret<32>);

impl FileRoot {
    /// A root key that is in memory only.
    #[must_use]
    pub fn holding(key: Secret<32>) -> Self {
        Self(key)
    }

    /// The root key in `path`.
    pub fn load(path: &Path) -> Result<Self, RootError> {
        let mut file = File::open(path).map_err(at(path))?;
        // Of the file that was opened, not of whatever the path leads to by now.
        let found = file.metadata().map_err(at(path))?;
        let is_ours = found.uid() == rustix::process::geteuid().as_raw();
        if !is_ours || found.mode() & 0o077 != 0 {
            return Err(RootError::NotPrivate(path.to_owned()));
        }
        if !found.is_file() || found.len() != 32 {
            return Err(RootError::Malformed(path.to_owned()));
        }
        Secret::filled(|key| file.read_exact(key))
            .map(Self)
            .map_err(at(path))
    }

    /// The root key in `path`, made there when there is none: for a landlord on one machine.
    pub fn load_or_make(path: &Path) -> Result<Self, RootError> {
        if !path.exists() {
            match Self(Secret::random()?).save(path) {
                // Another process was first: its key is the key.
                Err(RootError::File { source, .. })
                    if source.kind() == ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        Self::load(path)
    }

    /// Writes the key to `path`, where there must be none: all of it at once, for its owner.
    pub fn save(&self, path: &Path) -> Result<(), RootError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(at(folder))?;
        let draft = folder.join(format!(".root-{}", Uuid::new_v4().simple()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| {
                file.write_all(self.0.expose())?;
                file.sync_all()
            })
            // Unlike a rename, a link never takes another's place.
            .and_then(|()| fs::hard_link(&draft, path))
            .and_then(|()| File::open(folder)?.sync_all());
        let _ = fs::remove_file(&draft);
        written.map_err(at(path))
    }

    fn wrapping_key(&self, place: &[u8]) -> Result<Secret<32>, Refused> {
        derive(&self.0, place)
    }
}

impl RootKey for FileRoot {
    fn wrap(&self, place: &[u8], key: &Secret<32>) -> Result<Vec<u8>, RootError> {
        Ok(wrap_key(&self.wrapping_key(place)?, key.expose())?)
    }

    fn unwrap(&self, place: &[u8], wrapped: &[u8]) -> Result<Secret<32>, RootError> {
        let key = unwrap_key(&self.wrapping_key(place)?, wrapped);
        let key = key.map_err(|_| RootError::WrongKey)?;
        Secret::copied(&key).ok_or(RootError::WrongKey)
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RootError {
    let path = path.to_owned();
    move |source| RootError::File { path, source }
}
