//! `kaifong import`: files from the outside onto the register.
//!
//! * A record that is refused never holds up the others; any refused makes the exit code 1.
//! * A dry run does everything and keeps nothing.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use diesel::Connection;
use diesel::result::Error as Diesel;
use serde_json::json;

use super::database::Database;
use super::{Failure, answer};
use crate::estates::{
    self, Dataset, EstateError, Finding, FindingKind, ImportReport, REFERENCE, read_dataset,
};
use crate::kernel::clock::{Clock, SystemClock};
use crate::platform::config::Config;
use crate::platform::db::{self, DbError};
use crate::rent;

/// How many of a kind a readable report shows; `--json` shows all.
const SHOWN: usize = 8;

/// What to import.
#[derive(Debug, Clone, Subcommand)]
pub enum Import {
    /// The Housing Authority's dataset of its estates (prh-estates.json)
    Estates {
        /// The file, as published
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// The twenty-four real estates that come with the program
    Reference {
        #[command(flatten)]
        how: How,
    },
}

/// How to import, and to tell of it.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct How {
    /// Report as JSON, everything found included
    #[arg(long)]
    pub json: bool,
    /// Find out what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What to tell.
#[derive(Debug)]
pub struct Outcome {
    /// The report, for standard output.
    pub report: String,
    /// Whether any record, or the file, was refused: exit code 1.
    pub refused: bool,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot read {file}")]
    File {
        file: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot write to the register")]
    Register(#[from] EstateError),
    #[error("cannot write the report")]
    Report(#[from] serde_json::Error),
}

impl Import {
    /// Imports, tells of it, and gives estates without a rent rate the one assumed for their
    /// district, so that their rent can be told.
    pub(super) fn execute(self, config: &Config) -> Result<ExitCode, Failure> {
        let now = SystemClock.now();
        Database::with(config, |url| {
            let Outcome {
                mut report,
                refused,
            } = self.run(url, now)?;
            if !self.how().dry_run {
                let assumed = rent::assume_rates(&mut db::connect(url)?, now)?;
                if assumed > 0 && !self.how().json {
                    // Writing to a string cannot fail.
                    let _ = writeln!(report, "\nrent rates assumed for {assumed} estates");
                }
            }
            answer(&report)?;
            Ok(if refused {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            })
        })
    }

    fn how(&self) -> How {
        match self {
            Self::Estates { how, .. } | Self::Reference { how } => *how,
        }
    }

    /// Imports into the database at `url`.
    pub fn run(&self, url: &str, at: DateTime<Utc>) -> Result<Outcome, ImportError> {
        let (dataset, how) = match self {
            Self::Estates { file, how } => (read_dataset(&contents(file)?), *how),
            Self::Reference { how } => (read_dataset(REFERENCE), *how),
        };
        let report = save(url, &dataset, how.dry_run, at)?;
        Ok(Outcome {
            report: if how.json {
                as_json(&dataset, &report, how.dry_run)?
            } else {
                as_text(&dataset, &report, how.dry_run)
            },
            refused: dataset.errors() > 0,
        })
    }
}

/// The bytes of `file`; of one that is too long, enough for the reader to say so.
fn contents(file: &Path) -> Result<Vec<u8>, ImportError> {
    let most = u64::try_from(estates::MOST_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(most.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|source| ImportError::File {
            file: file.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// Ends a transaction without keeping it.
enum Undone {
    DryRun(ImportReport),
    Failed(EstateError),
}

impl From<Diesel> for Undone {
    fn from(error: Diesel) -> Self {
        Self::Failed(DbError::from(error).into())
    }
}

fn save(
    url: &str,
    dataset: &Dataset,
    dry_run: bool,
    at: DateTime<Utc>,
) -> Result<ImportReport, EstateError> {
    let mut conn = db::connect(url)?;
    let done = conn.transaction(|conn| {
        let report = estates::import(conn, &dataset.records, at).map_err(Undone::Failed)?;
        if dry_run {
            Err(Undone::DryRun(report))
        } else {
            Ok(report)
        }
    });
    match done {
        Ok(report) | Err(Undone::DryRun(report)) => Ok(report),
        Err(Undone::Failed(error)) => Err(error),
    }
}

fn as_json(
    dataset: &Dataset,
    report: &ImportReport,
    dry_run: bool,
) -> Result<String, serde_json::Error> {
    let value = json!({
        "dry_run": dry_run,
        "records": dataset.records.len(),
        "refused": dataset.errors(),
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "findings": dataset.findings,
    });
    serde_json::to_string_pretty(&value).map(|text| text + "\n")
}

fn as_text(dataset: &Dataset, report: &ImportReport, dry_run: bool) -> String {
    let mut text = format!(
        "{} estates read, {} refused: {} added, {} changed, {} unchanged{}\n",
        dataset.records.len(),
        dataset.errors(),
        report.added.len(),
        report.changed.len(),
        report.unchanged,
        if dry_run {
            " (a dry run: nothing is kept)"
        } else {
            ""
        },
    );
    section(&mut text, "added", &report.added, SHOWN);
    let changed = report.changed.iter();
    let changed: Vec<String> = changed
        .map(|changed| format!("{}: {}", changed.estate, changed.fields.join(", ")))
        .collect();
    section(&mut text, "changed", &changed, usize::MAX);
    let (errors, warnings): (Vec<&Finding>, Vec<&Finding>) = dataset
        .findings
        .iter()
        .partition(|finding| finding.is_error());
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    section(&mut text, "refused", &errors, usize::MAX);
    for kind in FindingKind::ALL {
        let of_kind = warnings.iter().filter(|finding| finding.kind == *kind);
        let lines: Vec<String> = of_kind.map(ToString::to_string).collect();
        section(&mut text, &format!("warning {kind}"), &lines, SHOWN);
    }
    text
}

/// Adds `lines` under `title`, no more than `most` of them; nothing when there are none.
fn section(text: &mut String, title: &str, lines: &[String], most: usize) {
    if lines.is_empty() {
        return;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{title} ({})", lines.len());
    for line in lines.iter().take(most) {
        let _ = writeln!(text, "  {line}");
    }
    if let Some(more) = lines.len().checked_sub(most).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more: --json lists them");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let lines: Vec<String> = (1..=7).map(|line| line.to_string()).collect();
        let mut text = String::new();
        section(&mut text, "added", &lines, 5);
        section(&mut text, "changed", &[], 5);
        let expected = "\nadded (7)\n  1\n  2\n  3\n  4\n  5\n  and 2 more: --json lists them\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_refused_file_is_told_with_its_reason() {
        let text = as_text(&read_dataset(b"{}"), &ImportReport::default(), false);
        assert_eq!(
            text,
            "0 estates read, 1 refused: 0 added, 0 changed, 0 unchanged\n\n\
             refused (1)\n  the file is not a JSON array of estates\n"
        );
    }

    #[test]
    fn an_endless_file_is_not_read_to_its_end() {
        let bytes = contents(Path::new("/dev/zero")).unwrap();
        assert_eq!(bytes.len(), estates::MOST_BYTES + 1);
    }
}
