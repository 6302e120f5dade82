//! Where the PostgreSQL programs are.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;

const OLDEST: u32 = 15;
/// Debian's own place, outside PATH: one folder a version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A folder with `postgres` and `initdb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub folder: PathBuf,
    pub major: u32,
}

impl Programs {
    /// The programs in `given`, else the best to be found: those that made the cluster, if
    /// they are there.
    pub fn find(given: Option<&Path>, made_by: Option<u32>) -> Result<Self, ClusterError> {
        let Some(folder) = given else {
            let all: Vec<_> = folders()
                .iter()
                .filter_map(|folder| Self::in_folder(folder))
                .collect();
            let maker = all.iter().find(|one| Some(one.major) == made_by);
            return maker
                .or(all.first())
                .cloned()
                .ok_or(ClusterError::NoPrograms);
        };
        Self::in_folder(folder).ok_or_else(|| ClusterError::NotPrograms(folder.to_owned()))
    }

    pub fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        // PATH may hold a link to one program only; its neighbours are where it leads.
        let postgres = folder.join("postgres").canonicalize().ok()?;
        let folder = postgres.parent()?.to_owned();
        if !folder.join("initdb").exists() {
            return None;
        }
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        let major =
            major(&String::from_utf8_lossy(&output.stdout)).filter(|major| *major >= OLDEST)?;
        Some(Self { folder, major })
    }
}

/// Every folder to look in, best first.
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<(u32, PathBuf)> = Path::new(DEBIAN)
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    debian.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .chain(debian.into_iter().map(|(_, folder)| folder))
        .collect()
}

/// The major version in what `postgres --version` says.
fn major(text: &str) -> Option<u32> {
    let version = text.split(") ").nth(1)?;
    let digits = version
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_any_build() {
        for (text, version) in [
            (
                "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n",
                Some(15),
            ),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) 17devel\n", Some(17)),
            ("postgres (EnterpriseDB) 16.2\n", Some(16)),
            ("bash: no\n", None),
        ] {
            assert_eq!(major(text), version, "{text}");
        }
    }

    #[test]
    fn a_folder_without_programs_is_named() {
        let error = Programs::find(Some(Path::new("/nowhere")), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "KAIFONG_PG_BIN=/nowhere holds no `postgres` and `initdb` of version 15 or later"
        );
    }
}
