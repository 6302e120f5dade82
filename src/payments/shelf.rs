//! Where settlement files are kept (檔案架): the bytes as they came, under their SHA-256.
//!
//! What is being written has a name of its own; it gets the digest's when it is whole and on the
//! disk. A refused file stays too: somebody may have to ask its channel about it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::platform::crypto::{Hasher, hex};

/// The folder of the files.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    /// The most bytes that a file may have.
    pub at_most: u64,
}

/// A file on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    pub sha256: Vec<u8>,
}

impl Shelf {
    /// The shelf in the folder of all local state.
    #[must_use]
    pub fn of(data_dir: &Path, at_most: u64) -> Self {
        Self {
            folder: data_dir.join("payment-files"),
            at_most,
        }
    }

    /// A file to be written; forgotten unless it is kept.
    pub fn begin(&self) -> io::Result<Incoming> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let path = self.folder.join(format!("incoming-{}", Uuid::new_v4()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Incoming {
            file,
            path,
            hasher: Hasher::default(),
            left: self.at_most,
        })
    }

    /// Keeps what `source` has to its end.
    pub fn keep(&self, mut source: impl Read) -> io::Result<Kept> {
        let mut incoming = self.begin()?;
        io::copy(&mut source, &mut incoming)?;
        incoming.keep()
    }
}

/// A file that is being written.
pub struct Incoming {
    file: File,
    path: PathBuf,
    hasher: Hasher,
    left: u64,
}

impl Incoming {
    /// It is whole: gives it its name, for good.
    pub fn keep(mut self) -> io::Result<Kept> {
        self.file.sync_all()?;
        let sha256 = std::mem::take(&mut self.hasher).finish().to_vec();
        let path = self.path.with_file_name(hex(&sha256));
        // The same bytes under the same name are the same file.
        fs::rename(&self.path, &path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Kept { path, sha256 })
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

impl Drop for Incoming {
    fn drop(&mut self) {
        // After `keep` there is nothing of this name.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::crypto::sha256;

    #[test]
    fn a_file_is_kept_under_its_digest_and_what_is_broken_off_is_not() {
        let data = std::env::temp_dir().join(format!("shelf-{}", Uuid::new_v4()));
        let shelf = Shelf::of(&data, 10);
        let names = || {
            let entries = fs::read_dir(data.join("payment-files")).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        for _ in 0..2 {
            let kept = shelf.keep(&b"0123456789"[..]).unwrap();
            assert_eq!(kept.sha256, sha256(&[b"0123456789"]));
            assert_eq!(fs::read(&kept.path).unwrap(), b"0123456789");
            assert_eq!(names(), [hex(&kept.sha256).as_str()]);
        }
        let mut broken_off = shelf.begin().unwrap();
        broken_off.write_all(b"012").unwrap();
        assert_eq!(names().len(), 2);
        drop(broken_off);
        let too_much = shelf.keep(&b"0123456789a"[..]).unwrap_err();
        assert_eq!(too_much.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(names().len(), 1);
        fs::remove_dir_all(data).unwrap();
    }
}
