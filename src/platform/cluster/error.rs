//! What can keep the private cluster from running, said so that the reader can mend it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// How many lines of the cluster's log tell why it died.
const TOLD_LINES: usize = 5;

/// Why there is no private cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No programs to run.
    #[error(
        "PostgreSQL 15 or later was not found: install it (Debian: apt-get install postgresql), \
         or set KAIFONG_PG_BIN to the folder of `postgres` and `initdb`"
    )]
    NoPrograms,
    /// The given folder is not one of programs to run.
    #[error("KAIFONG_PG_BIN={} holds no `postgres` and `initdb` of version 15 or later", .0.display())]
    NotPrograms(PathBuf),
    /// Another process holds the data folder.
    #[error(
        "the data folder {} is in use by process {pid}; to work beside it, set \
         KAIFONG_DATABASE_URL='{url}'", data_dir.display()
    )]
    InUse {
        data_dir: PathBuf,
        pid: String,
        url: String,
    },
    /// The cluster was made by another major version.
    #[error(
        "the cluster {} was made by PostgreSQL {made_by}, and the programs in {} are {found}: set \
         KAIFONG_PG_BIN to the folder of {made_by}, or move the cluster away to start empty",
        cluster.display(), folder.display()
    )]
    OtherVersion {
        cluster: PathBuf,
        made_by: u32,
        folder: PathBuf,
        found: u32,
    },
    /// Only its owner can run it.
    #[error("the cluster {} belongs to user {owner}: run as that user, or set another KAIFONG_DATA_DIR", cluster.display())]
    Foreign { cluster: PathBuf, owner: u32 },
    /// Root has nobody to run it as.
    #[error(
        "root may not run PostgreSQL, and there is no user `postgres` or `nobody` to run it as"
    )]
    NoAccount,
    /// The data folder was copied or moved, and would share its cluster with the original.
    #[error(
        "{} leads to {}, the cluster of another data folder; if this folder was moved here, move \
         that one to {}, otherwise remove the link", link.display(), found.display(), own.display()
    )]
    Strayed {
        link: PathBuf,
        found: PathBuf,
        own: PathBuf,
    },
    /// A socket folder in a place open to all, made by somebody else.
    #[error("{} exists and is not a private folder of user {owner}: remove it", folder.display())]
    NotPrivate { folder: PathBuf, owner: u32 },
    /// `initdb` failed.
    #[error("initdb failed: {0}")]
    InitDb(String),
    /// PostgreSQL ended while it was to start.
    #[error("PostgreSQL did not start ({status}); {} ends with:\n{tail}", log.display())]
    Died {
        status: ExitStatus,
        log: PathBuf,
        tail: String,
    },
    /// Processes that no signal ends.
    #[error("these processes of the cluster do not end: {0:?}")]
    Undying(Vec<i32>),
    /// The machine.
    #[error("cannot {verb} {}", path.display())]
    Io {
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// It runs but cannot be reached.
    #[error("the private cluster does not answer")]
    Connection(#[from] diesel::ConnectionError),
    /// It refuses what the first start needs.
    #[error("the private cluster refuses to be set up")]
    Query(#[from] diesel::result::Error),
}

impl ClusterError {
    pub(super) fn died(status: ExitStatus, log: &Path) -> Self {
        let text = std::fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let skipped = lines.len().saturating_sub(TOLD_LINES);
        Self::Died {
            status,
            log: log.to_owned(),
            tail: lines
                .into_iter()
                .skip(skipped)
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}

/// Says what was being done, and to what, when the machine refused.
pub(super) fn at(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ClusterError {
    let path = path.to_owned();
    move |source| ClusterError::Io { verb, path, source }
}
