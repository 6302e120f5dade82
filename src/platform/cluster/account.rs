//! Whom PostgreSQL runs as.
//!
//! Ourselves; but root, whom it refuses, runs it as the owner of the cluster it finds, else
//! as `postgres`, else as `nobody`.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::{getegid, geteuid};

use super::ClusterError;
use super::error::at;

/// A user and group of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub uid: u32,
    gid: u32,
}

impl Account {
    /// Who may run the cluster in `cluster`, or would if there were one.
    pub fn for_cluster(cluster: &Path) -> Result<Self, ClusterError> {
        let me = Self {
            uid: geteuid().as_raw(),
            gid: getegid().as_raw(),
        };
        let owner = cluster.metadata().ok().map(|folder| Self {
            uid: folder.uid(),
            gid: folder.gid(),
        });
        match owner {
            Some(owner) if me.uid == 0 && owner.uid != 0 => Ok(owner),
            _ if me.uid == 0 => {
                let users = Path::new("/etc/passwd");
                let users = std::fs::read_to_string(users).map_err(at("read", users))?;
                Self::named("postgres", &users)
                    .or_else(|| Self::named("nobody", &users))
                    .ok_or(ClusterError::NoAccount)
            }
            Some(owner) if owner.uid != me.uid => Err(ClusterError::Foreign {
                cluster: cluster.to_owned(),
                owner: owner.uid,
            }),
            _ => Ok(me),
        }
    }

    /// The user `name` of a file in the form of `/etc/passwd`.
    fn named(name: &str, users: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next()? == name;
            let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
            let gid = fields.next()?.parse().ok()?;
            found.then_some(Self { uid, gid })
        })
    }

    /// A command that runs as this account, with nothing of our settings or of libpq's.
    pub fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Our own folder may be closed to the account.
        command.current_dir("/").env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PG") || text.starts_with("KAIFONG_") {
                command.env_remove(&name);
            }
        }
        if self.uid != geteuid().as_raw() {
            // This also drops root's other groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives the file or folder to the account.
    pub fn own(self, path: &Path) -> Result<(), ClusterError> {
        if self.uid == geteuid().as_raw() {
            return Ok(());
        }
        lchown(path, Some(self.uid), Some(self.gid)).map_err(at("give away", path))
    }

    /// Whether the account can get to what lies in `folder`.
    pub fn may_enter(self, folder: &Path) -> bool {
        self.uid == geteuid().as_raw()
            || folder
                .ancestors()
                .all(|one| one.metadata().is_ok_and(|one| self.may_search(&one)))
    }

    fn may_search(self, folder: &Metadata) -> bool {
        let bit = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name_and_root_is_none_of_them() {
        let users =
            "root:x:0:0::/:/bin/sh\nbroken\npostgres:x:101:104:,,,:/:/bin/sh\nwheel:x:0:0:::\n";
        let postgres = Account { uid: 101, gid: 104 };
        assert_eq!(Account::named("postgres", users), Some(postgres));
        assert_eq!(Account::named("root", users), None);
        assert_eq!(Account::named("wheel", users), None);
        assert_eq!(Account::named("nobody", users), None);
    }
}
