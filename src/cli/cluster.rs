//! `kaifong cluster`
//!
//! `run` is for what works beside the program: tests, `psql`, another release. The command
//! ends before the cluster does. SIGTERM is passed on to it; SIGINT comes from a terminal,
//! which gives it to the command as well, so the command gets a moment before it is asked.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitCode, ExitStatus};
use std::time::Duration;

use clap::{Args, Subcommand};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Failure;
use crate::platform::cluster::{Cluster, Options};
use crate::platform::config::Config;

/// How long the command may take to end by itself after Ctrl-C.
const INTERRUPT_GRACE: Duration = Duration::from_secs(5);
/// How long it may take to end after SIGTERM.
const TERMINATE_GRACE: Duration = Duration::from_secs(15);

/// The private PostgreSQL cluster of the data folder
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(Run),
}

/// Start the cluster, run a command with `KAIFONG_DATABASE_URL` set, stop the cluster
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Do not protect the data from loss of power: for tests
    #[arg(long)]
    throwaway: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// The signals that end us. From when it is made, they wait for us instead.
struct Stops {
    interrupt: Arrivals,
    terminate: Arrivals,
}

impl Command {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let Self::Run(command) = self;
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::io("start"))?
            .block_on(command.run(config))
    }
}

impl Run {
    async fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let mut stops = Stops::new().map_err(Failure::io("wait for signals"))?;
        let options = Options {
            throwaway: self.throwaway,
            pg_bin: config.pg_bin.clone(),
        };
        let cluster = Cluster::start(&config.data_dir, &options)?;
        let status = self.command_with(&cluster, &mut stops).await;
        cluster.stop()?;
        Ok(code(status?))
    }

    async fn command_with(
        &self,
        cluster: &Cluster,
        stops: &mut Stops,
    ) -> Result<ExitStatus, Failure> {
        let mut words = self.command.iter();
        let program = words.next().map(OsString::as_os_str).unwrap_or_default();
        let failed = || Failure::io(format!("run {}", program.display()));
        let child = std::process::Command::new(program)
            .args(words)
            .env("KAIFONG_DATABASE_URL", cluster.url())
            .env("KAIFONG_PG_BIN", cluster.bin_dir())
            .spawn()
            .map_err(failed())?;
        wait(child, stops).await.map_err(failed())
    }
}

impl Stops {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
        }
    }
}

/// Waits for the command, and ends it when we are to end.
async fn wait(mut child: Child, stops: &mut Stops) -> std::io::Result<ExitStatus> {
    let pid = Pid::from_child(&child);
    let mut ended: JoinHandle<_> = tokio::task::spawn_blocking(move || child.wait());
    let stop = tokio::select! {
        status = &mut ended => return status?,
        stop = stops.next() => stop,
    };
    if stop == Signal::INT
        && let Ok(status) = timeout(INTERRUPT_GRACE, &mut ended).await
    {
        return status?;
    }
    // Should it have ended by itself just now, it is not there to be asked.
    let _ = kill_process(pid, Signal::TERM);
    if let Ok(status) = timeout(TERMINATE_GRACE, &mut ended).await {
        return status?;
    }
    let _ = kill_process(pid, Signal::KILL);
    ended.await?
}

/// The command's own code; as in a shell, 128 and the signal's number if one ended it.
fn code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
