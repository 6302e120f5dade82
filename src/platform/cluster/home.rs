//! Where the cluster lives.
//!
//! In the data folder: `cluster/`, `socket/`, `cluster.log`. Two cases differ:
//!
//! * The account cannot enter the data folder (root's, below `/root`): the cluster and its
//!   socket live in `/var/lib/kaifong/<digest of the data folder's path>`, and `cluster` is a
//!   link to there. The link is what makes that cluster ours: a cluster without one belonged
//!   to a data folder that was deleted, and is put aside.
//! * The socket's path would be longer than the kernel takes: it lives in
//!   `/tmp/kaifong-<digest>`.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::ClusterError;
use super::account::Account;
use super::error::at;
use super::processes::Processes;

/// `sockaddr_un` takes 107 bytes.
const LONGEST_SOCKET: usize = 100;
/// What PostgreSQL calls the socket of port 5432.
const SOCKET: &str = ".s.PGSQL.5432";
const ELSEWHERE: &str = "/var/lib/kaifong";
/// What a cluster is called until it is complete.
const UNFINISHED: &str = "cluster.new-";

/// The places of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub account: Account,
    pub cluster: PathBuf,
    pub socket: PathBuf,
    pub log: PathBuf,
}

impl Home {
    /// The home of the cluster of `data_dir`, an absolute path without links. Its lock is held.
    pub fn settle(data_dir: &Path) -> Result<Self, ClusterError> {
        let link = data_dir.join("cluster");
        let account = Account::for_cluster(&link)?;
        let elsewhere = Path::new(ELSEWHERE).join(digest(data_dir));
        // Another link is the operator's, to a larger disk say: where it leads is home.
        let led = link
            .read_link()
            .ok()
            .filter(|target| target.starts_with(ELSEWHERE));
        let moved = led.is_some() || !(link.exists() || account.may_enter(data_dir));
        let mut home = Self {
            account,
            cluster: if moved {
                elsewhere.join("cluster")
            } else {
                link.canonicalize().unwrap_or_else(|_| link.clone())
            },
            socket: if moved { &elsewhere } else { data_dir }.join("socket"),
            log: data_dir.join("cluster.log"),
        };
        if moved {
            home.settle_elsewhere(link, led)?;
        }
        home.settle_socket(data_dir)?;
        Ok(home)
    }

    /// A name in every process title of the cluster, by which they can be found.
    pub fn name(&self) -> String {
        format!("kaifong-{}", digest(&self.cluster))
    }

    /// Where to connect.
    pub fn url(&self) -> String {
        self.url_of("kaifong")
    }

    pub fn url_of(&self, database: &str) -> String {
        // The port too: libpq would take another from PGPORT.
        let socket = percent_encoded(self.socket.as_os_str().as_bytes());
        format!("postgresql://kaifong@/{database}?host={socket}&port=5432")
    }

    /// The PostgreSQL version that made the cluster, if there is one.
    pub fn major(&self) -> Result<Option<u32>, ClusterError> {
        let file = self.cluster.join("PG_VERSION");
        match std::fs::read_to_string(&file) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at("read", &file)(error)),
        }
    }

    /// A folder of the account's own in which to make a cluster.
    pub fn unfinished_cluster(&self) -> Result<PathBuf, ClusterError> {
        let name = format!("{UNFINISHED}{}", Uuid::new_v4().simple());
        let folder = self.cluster.with_file_name(name);
        create_dir(&folder, 0o700)?;
        self.account.own(&folder)?;
        Ok(folder)
    }

    /// Removes what a killed run left behind; none of its processes lives any more.
    pub fn clear_leftovers(&self) -> Result<(), ClusterError> {
        let parent = self.cluster.parent().unwrap_or(&self.cluster);
        for entry in parent.read_dir().map_err(at("read", parent))? {
            let path = entry.map_err(at("read", parent))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(UNFINISHED) {
                std::fs::remove_dir_all(&path).map_err(at("remove", &path))?;
            }
        }
        for stale in [
            self.cluster.join("postmaster.pid"),
            self.socket.join(SOCKET),
            self.socket.join(format!("{SOCKET}.lock")),
        ] {
            // PostgreSQL would believe a stale one whose process number has been given anew.
            match std::fs::remove_file(&stale) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(at("remove", &stale)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn settle_elsewhere(&self, link: PathBuf, led: Option<PathBuf>) -> Result<(), ClusterError> {
        if let Some(found) = led.filter(|found| *found != self.cluster) {
            return Err(ClusterError::Strayed {
                link,
                found,
                own: self.cluster.clone(),
            });
        }
        let own = self.cluster.parent().unwrap_or(&self.cluster);
        create_dir(Path::new(ELSEWHERE), 0o755)?;
        create_dir(own, 0o755)?;
        if !link.is_symlink() {
            self.put_stranger_aside()?;
            // Before the cluster is made: a link to nothing is a start that was cut short.
            symlink(&self.cluster, &link).map_err(at("create", &link))?;
        }
        Ok(())
    }

    /// Keeps the one that was abandoned last, for who deleted the wrong folder.
    fn put_stranger_aside(&self) -> Result<(), ClusterError> {
        if !self.cluster.exists() {
            return Ok(());
        }
        Processes::of(self).end()?;
        let aside = self.cluster.with_file_name("abandoned");
        if aside.exists() {
            std::fs::remove_dir_all(&aside).map_err(at("remove", &aside))?;
        }
        tracing::warn!(cluster = %aside.display(), "the cluster of a deleted data folder was put aside");
        std::fs::rename(&self.cluster, &aside).map_err(at("move", &self.cluster))
    }

    fn settle_socket(&mut self, data_dir: &Path) -> Result<(), ClusterError> {
        if self.socket.as_os_str().len() + 1 + SOCKET.len() > LONGEST_SOCKET {
            self.socket = PathBuf::from(format!("/tmp/kaifong-{}", digest(data_dir)));
        }
        create_dir(&self.socket, 0o700)?;
        // Not `metadata`: in /tmp somebody else may have put a link here.
        let found = self
            .socket
            .symlink_metadata()
            .map_err(at("find", &self.socket))?;
        let ours = [self.account.uid, rustix::process::geteuid().as_raw()];
        if !found.is_dir() || !ours.contains(&found.uid()) || found.mode() & 0o077 != 0 {
            return Err(ClusterError::NotPrivate {
                folder: self.socket.clone(),
                owner: self.account.uid,
            });
        }
        if found.uid() == self.account.uid {
            return Ok(());
        }
        self.account.own(&self.socket)
    }
}

/// Creates the folder, with exactly this mode, unless it is there.
fn create_dir(path: &Path, mode: u32) -> Result<(), ClusterError> {
    match std::fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(at("create", path)(error)),
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at("open", path))
}

/// A short name that only this path has.
fn digest(path: &Path) -> String {
    let mut name = Uuid::new_v5(&Uuid::NAMESPACE_URL, path.as_os_str().as_bytes())
        .simple()
        .to_string();
    name.truncate(16);
    name
}

fn percent_encoded(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                text.push(char::from(*byte));
            }
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_a_url() {
        assert_eq!(
            percent_encoded("/a b/街?&".as_bytes()),
            "/a%20b/%E8%A1%97%3F%26"
        );
    }
}
