//! `kaifong autopay-results`: what a bank answered to a collection, taken in.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::bar::Bar;
use super::database::Database;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::autopay::{self, AutopayError};
use crate::kernel::clock::{Clock, SystemClock};
use crate::payments::files::FileError;
use crate::platform::auth::Actor;
use crate::platform::config::Config;
use crate::platform::db;

/// Take in what a bank answered to direct debits
///
/// The same file again changes nothing; one that was broken off goes on. Exits with 0 when every
/// answer fits its debit.
#[derive(Debug, Args)]
pub(super) struct AutopayResults {
    /// The file, in the house layout
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl AutopayResults {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        Database::with(config, |url| {
            let taken = until_stopped(|stopped| {
                let watch = Bar::until(stopped);
                let file = File::open(&self.file).map_err(FileError::from)?;
                let (actor, now) = (Actor::program("autopay-results"), SystemClock.now());
                let conn = &mut db::connect(url)?;
                let taken = autopay::take_file(conn, BufReader::new(file), &actor, now, &watch);
                watch.clear();
                taken
            })?;
            let (id, report) = taken.map_err(|error: AutopayError| error)?;
            let mut text = format!(
                "collection {id}\n  {:>9}  accepted\n  {:>9}  refused\n  {:>9}  returned\n  \
                 {:>9}  taken before\n  {:>9}  mandates suspended\n",
                report.accepted,
                report.refused,
                report.returned,
                report.duplicates,
                report.suspended
            );
            for stray in &report.strays {
                let _ = writeln!(
                    text,
                    "line {}: {} {} fits no debit: {}",
                    stray.place, stray.reference, stray.code, stray.problem
                );
            }
            answer(&text)?;
            Ok(if report.strays.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        })
    }
}
