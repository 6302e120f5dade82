//! One process a data folder.
//!
//! The lock file says who holds it and where its cluster is reached. It is a lock of the
//! kernel on an open file: it ends with its holder, and no start needs to clear it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ClusterError;
use super::error::at;

/// The holder writes its name right after it took the lock.
const NAME_TRIES: u32 = 20;

/// The lock of a data folder; dropping it frees the folder.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub fn take(data_dir: &Path) -> Result<Self, ClusterError> {
        let path = data_dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(at("open", &path))?;
        match file.try_lock() {
            Ok(()) => {
                // Whoever is refused from now on must not read the name of the last holder.
                file.set_len(0).map_err(at("write", &path))?;
                Ok(Self { file, path })
            }
            Err(TryLockError::WouldBlock) => Err(in_use(data_dir, &mut file)),
            Err(TryLockError::Error(error)) => Err(at("lock", &path)(error)),
        }
    }

    /// Tells others that this process has the cluster, and where.
    pub fn publish(&mut self, url: &str) -> Result<(), ClusterError> {
        let name = format!("{}\n{url}\n", std::process::id());
        self.file
            .write_all(name.as_bytes())
            .map_err(at("write", &self.path))
    }
}

fn in_use(data_dir: &Path, file: &mut File) -> ClusterError {
    let mut name = String::new();
    for _ in 0..NAME_TRIES {
        name.clear();
        if file
            .rewind()
            .and_then(|()| file.read_to_string(&mut name))
            .is_ok()
            && name.ends_with('\n')
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut lines = name.lines().map(str::to_owned);
    ClusterError::InUse {
        data_dir: data_dir.to_owned(),
        pid: lines.next().unwrap_or_else(|| "(unknown)".to_owned()),
        url: lines.next().unwrap_or_default(),
    }
}
