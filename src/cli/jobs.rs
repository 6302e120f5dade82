//! `kaifong jobs`: what the queue holds, and a second chance for the dead.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::Database;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::id::JobId;
use crate::platform::config::Config;
use crate::platform::db::{self, DbError};
use crate::platform::jobs::{self, State};

/// The queue of background work
#[derive(Debug, Subcommand)]
pub(super) enum Jobs {
    List(List),
    Retry(Retry),
}

/// List the jobs in a state, oldest first
#[derive(Debug, Args)]
pub(super) struct List {
    /// waiting, running, done or dead
    #[arg(long, default_value = "dead")]
    state: State,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Give a dead job another round of attempts
#[derive(Debug, Args)]
pub(super) struct Retry {
    id: JobId,
}

impl Jobs {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        Database::with(config, |url| {
            let mut conn = db::connect(url)?;
            match self {
                Self::List(List { state, json }) => {
                    let found = jobs::list(&mut conn, state)?;
                    if json {
                        return answer(&(serde_json::json!(found).to_string() + "\n"));
                    }
                    let mut text = format!("{} {state}\n", found.len());
                    for job in found {
                        let error = job.last_error.unwrap_or_default();
                        // Writing to a string cannot fail.
                        let _ = writeln!(
                            text,
                            "{}  {:<26} {}/{}  {}  {error}",
                            job.id, job.kind, job.attempts, job.max_attempts, job.run_at
                        );
                    }
                    answer(&text)
                }
                Self::Retry(Retry { id }) => {
                    if jobs::retry(&mut conn, id, SystemClock.now())? {
                        return answer("waiting\n");
                    }
                    Err(DbError::from(diesel::result::Error::NotFound).into())
                }
            }
        })
    }
}
