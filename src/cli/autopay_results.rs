//! `kaifong autopay-results`: what a bank says of direct debits, taken in, whatever file it comes in.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::bar::Bar;
use super::database::Database;
use super::keys::open_vault;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::autopay::{self, AutopayError, Report};
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::watch::Watch;
use crate::payments::files::{FileError, is_status_report};
use crate::payments::{FileState, Shelf, intake, posting};
use crate::platform::auth::Actor;
use crate::platform::config::Config;
use crate::platform::db;

/// Take in what a bank says of direct debits
///
/// Answers in the house layout, a status report (pain.002), or a settlement file that
/// `payment-file check` reads, such as HSBC's autopay collection file. The same file again changes
/// nothing; one that was broken off goes on. Exits with 0 when every answer fits its debit.
#[derive(Debug, Args)]
pub(super) struct AutopayResults {
    /// The file, of any layout that says what became of direct debits
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl AutopayResults {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        Database::with(config, |url| {
            let taken = until_stopped(|stopped| {
                let watch = Bar::until(stopped);
                let kept_in = shelf(url, config);
                let taken = kept_in.and_then(|kept_in| Ok(self.take(url, &kept_in, &watch)?));
                watch.clear();
                taken
            })?;
            let (what, is_whole, report) = taken?;
            answer(&readable(&what, &report))?;
            Ok(if is_whole && report.strays.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        })
    }

    /// Takes the file in; what it was about, whether all of it was taken, and what became of its
    /// answers.
    fn take(
        &self,
        url: &str,
        kept_in: &Shelf,
        watch: &dyn Watch,
    ) -> Result<(String, bool, Report), AutopayError> {
        let conn = &mut db::connect(url)?;
        let (actor, now) = (Actor::program("autopay-results"), SystemClock.now());
        let open = || {
            let file = File::open(&self.file).map_err(FileError::from);
            file.map(BufReader::new)
        };
        let mut source = open()?;
        if autopay::is_answers(source.fill_buf().map_err(FileError::from)?) {
            let (id, report) = autopay::take_file(conn, source, &actor, now, watch)?;
            return Ok((format!("collection {id}"), !watch.stopped(), report));
        }
        if is_status_report(source) {
            let kept = kept_in.keep(conn, open()?, now)?;
            let (told, _) = db::transact(conn, |conn| {
                autopay::keep_report(conn, open()?, &kept.sha256, &actor, now)
            })?;
            let report = autopay::take_report(conn, told.id, &actor, now, watch)?;
            let what = format!("collection {}", told.collection);
            return Ok((what, !watch.stopped(), report));
        }
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let (file, _) = intake::receive(conn, kept_in, (&self.file, &name), &actor, now)?;
        let posted = posting::post_waiting((&mut *conn, url), file.channel, &actor, &now, watch)?;
        let now_is = posted.into_iter().find(|posted| posted.id == file.id);
        let file = now_is.unwrap_or(file);
        let what = format!("{} file {}: {}", file.channel, file.id, file.state);
        if file.state != FileState::Posted {
            return Ok((what, false, Report::default()));
        }
        let report = if file.channel.is_direct_debit() {
            autopay::take_posted(conn, file.id, &actor, now, watch)?
        } else {
            Report::default()
        };
        Ok((what, !watch.stopped(), report))
    }
}

/// Where the file is kept.
fn shelf(url: &str, config: &Config) -> Result<Shelf, Failure> {
    let vault = open_vault(config, &mut db::connect(url)?, SystemClock.now())?;
    Ok(Shelf::of(
        &config.data_dir,
        config.payment_file_limit,
        &vault,
    ))
}

fn readable(what: &str, report: &Report) -> String {
    let mut text = format!(
        "{what}\n  {:>9}  accepted\n  {:>9}  refused\n  {:>9}  returned\n  {:>9}  taken before\n  \
         {:>9}  mandates suspended\n",
        report.accepted, report.refused, report.returned, report.duplicates, report.suspended
    );
    for stray in &report.strays {
        let _ = writeln!(
            text,
            "line {}: {} {} fits no debit: {}",
            stray.place, stray.reference, stray.code, stray.problem
        );
    }
    text
}
