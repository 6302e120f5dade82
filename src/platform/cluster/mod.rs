//! The private PostgreSQL cluster: the database of whoever was given none.
//!
//! * It lives in the data folder, starts with the program and stops with it.
//! * One process a data folder: the lock is held for as long as the cluster runs, and the
//!   kernel drops it when its holder dies, however it dies.
//! * No TCP: only who may enter the socket's folder (mode 0700) reaches it.
//! * Whatever the last run left (half an `initdb`, a postmaster, orphaned backends, stale pid
//!   and socket files) is cleared before the start; no committed row is lost by it.
//! * PostgreSQL refuses to run as root, so root runs it as another account.

mod account;
mod error;
mod home;
mod initdb;
mod lock;
mod processes;
mod programs;
mod settings;

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use diesel::prelude::*;

pub use error::ClusterError;

use error::at;
use home::Home;
use lock::Lock;
use processes::Processes;
use programs::Programs;

/// A start after a crash replays up to `max_wal_size` of log first.
const START_PATIENCE: Duration = Duration::from_mins(5);

/// How to start a cluster.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The data may be lost when the machine loses power: for tests only.
    pub throwaway: bool,
    /// The folder of `postgres` and `initdb`; absent, they are searched for.
    pub pg_bin: Option<PathBuf>,
}

/// A running private cluster; dropping it stops it.
#[derive(Debug)]
pub struct Cluster {
    /// None once stopped.
    postmaster: Option<Child>,
    home: Home,
    programs: Programs,
    /// Last, so that the data folder is free only when the cluster has stopped.
    _lock: Lock,
}

impl Cluster {
    /// Starts the cluster of `data_dir`, making it if there is none, and waits until it answers.
    pub fn start(data_dir: &Path, options: &Options) -> Result<Self, ClusterError> {
        std::fs::create_dir_all(data_dir).map_err(at("create", data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(at("find", data_dir))?;
        let mut lock = Lock::take(&data_dir)?;
        let home = Home::settle(&data_dir)?;
        lock.publish(&home.url())?;
        Processes::of(&home).end()?;
        home.clear_leftovers()?;
        let made_by = home.major()?;
        let programs = Programs::find(options.pg_bin.as_deref(), made_by)?;
        match made_by {
            None => initdb::run(&home, &programs, options.throwaway)?,
            Some(made_by) if made_by != programs.major => {
                return Err(ClusterError::OtherVersion {
                    cluster: home.cluster,
                    made_by,
                    folder: programs.folder,
                    found: programs.major,
                });
            }
            Some(_) => {}
        }
        let mut cluster = Self {
            postmaster: Some(spawn(&home, &programs, options.throwaway)?),
            home,
            programs,
            _lock: lock,
        };
        cluster.wait_until_ready()?;
        tracing::info!(url = cluster.url(), "the private cluster is up");
        Ok(cluster)
    }

    /// Where programs on this machine connect, as the owner of everything in it.
    #[must_use]
    pub fn url(&self) -> String {
        self.home.url()
    }

    /// The folder of the PostgreSQL programs in use.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.programs.folder
    }

    /// Stops it and waits until it has.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ClusterError> {
        let Some(mut postmaster) = self.postmaster.take() else {
            return Ok(());
        };
        Processes::of(&self.home).end()?;
        // It is a zombie now: no process of the cluster any more, but still our child.
        postmaster
            .wait()
            .map_err(at("wait for", &self.programs.postgres()))?;
        // It may lie in /tmp; the next start makes it anew.
        let _ = std::fs::remove_dir(&self.home.socket);
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<(), ClusterError> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            match PgConnection::establish(&self.home.url_of("postgres")) {
                Ok(mut connection) => return create_database(&mut connection),
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => {}
            }
            if let Some(postmaster) = &mut self.postmaster
                && let Ok(Some(status)) = postmaster.try_wait()
            {
                self.postmaster = None;
                return Err(ClusterError::died(status, &self.home.log));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "the private cluster did not stop");
        }
    }
}

fn spawn(home: &Home, programs: &Programs, throwaway: bool) -> Result<Child, ClusterError> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&home.log)
        .map_err(at("open", &home.log))?;
    let mut command = home.account.command(&programs.postgres());
    command
        .arg("-D")
        .arg(&home.cluster)
        .args(settings::flags(home, throwaway))
        .stdin(Stdio::null())
        .stdout(clone(&log, home)?)
        .stderr(log)
        // Ctrl-C in the terminal is for us; we stop the cluster once its users are done.
        .process_group(0);
    command.spawn().map_err(at("run", &programs.postgres()))
}

fn clone(log: &File, home: &Home) -> Result<File, ClusterError> {
    log.try_clone().map_err(at("open", &home.log))
}

/// Once more at every start: the last one may have died between `initdb` and here.
fn create_database(connection: &mut PgConnection) -> Result<(), ClusterError> {
    let exists: bool = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(
        "exists (select from pg_database where datname = 'kaifong')",
    ))
    .get_result(connection)?;
    if !exists {
        diesel::sql_query("create database kaifong").execute(connection)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
