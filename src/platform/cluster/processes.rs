//! The processes of a cluster, and how they end.
//!
//! A backend leads a session of its own, so neither the postmaster's process group nor its
//! death is the end of all of them; and while one lives, it holds the shared memory and no
//! postmaster starts. So they are looked for: a process is the cluster's if it is a
//! `postgres` of the cluster's account and works in the cluster's folder, or has the
//! cluster's name in its title (which root may read where it may not read the folder).

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::ClusterError;
use super::home::Home;

/// How the postmaster is asked: to disconnect everybody and write a checkpoint; to drop all.
const REQUESTS: [(Signal, Duration); 2] = [
    (Signal::INT, Duration::from_mins(1)),
    (Signal::QUIT, Duration::from_secs(10)),
];
/// How long the kernel may take to end a process.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// Where to find the processes of one cluster.
pub(super) struct Processes {
    cluster: PathBuf,
    name: String,
    uid: u32,
}

impl Processes {
    pub fn of(home: &Home) -> Self {
        Self {
            cluster: home.cluster.clone(),
            name: home.name(),
            uid: home.account.uid,
        }
    }

    /// Ends all of them: in order if the postmaster is there to do it, by force if not.
    pub fn end(&self) -> Result<(), ClusterError> {
        for (signal, patience) in REQUESTS {
            let alive = self.alive();
            let Some(postmaster) = self.postmaster().filter(|pid| alive.contains(pid)) else {
                break;
            };
            // It may just have ended by itself.
            let _ = kill_process(postmaster, signal);
            if self.wait_for_none(patience) {
                return Ok(());
            }
        }
        for pid in self.alive() {
            let _ = kill_process(pid, Signal::KILL);
        }
        if self.wait_for_none(KILL_PATIENCE) {
            return Ok(());
        }
        let undying = self.alive().into_iter().map(Pid::as_raw_pid).collect();
        Err(ClusterError::Undying(undying))
    }

    /// The process that the cluster's pid file names.
    pub fn postmaster(&self) -> Option<Pid> {
        let file = std::fs::read_to_string(self.cluster.join("postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.trim().parse().ok()?)
    }

    /// Every process of the cluster.
    pub fn alive(&self) -> Vec<Pid> {
        Path::new("/proc")
            .read_dir()
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                self.owns(&entry.path()).then(|| Pid::from_raw(pid))?
            })
            .collect()
    }

    fn wait_for_none(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.alive().is_empty() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Whether the process with this folder in `/proc` is the cluster's. One that has ended
    /// but was not waited for has neither a working folder nor a title.
    fn owns(&self, process: &Path) -> bool {
        let is = |file: &str, wanted: &str| {
            std::fs::read_to_string(process.join(file)).is_ok_and(|text| text.trim_end() == wanted)
        };
        process
            .metadata()
            .is_ok_and(|folder| folder.uid() == self.uid)
            && is("comm", "postgres")
            && (self.works_here(process) || self.is_named(process))
    }

    fn works_here(&self, process: &Path) -> bool {
        process
            .join("cwd")
            .read_link()
            .is_ok_and(|folder| folder == self.cluster)
    }

    fn is_named(&self, process: &Path) -> bool {
        let mut title = Vec::new();
        std::fs::File::open(process.join("cmdline"))
            .and_then(|mut file| file.read_to_end(&mut title))
            .is_ok_and(|_| String::from_utf8_lossy(&title).contains(&self.name))
    }
}
