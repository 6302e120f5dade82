//! `kaifong verify-audit`: whether an exported audit trail is what was signed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::TimeDelta;
use clap::Args;

use super::Failure;
use crate::platform::audit::verify::{Findings, Terms, Verdict, verify};
use crate::platform::audit::{Bundle, Proof};
use crate::platform::tlog::NoteKey;

/// The exit code when something lies.
const TAMPERED: u8 = 1;
/// The exit code when it could not be found out.
const INCOMPLETE: u8 = 2;

/// Verify an exported audit trail, or the proof of one entry; needs no database and no network
///
/// Names the first record that is bad. Exits with 0 when all is sound, 1 when something was
/// tampered with, 2 when that could not be found out.
#[derive(Debug, Args)]
pub(super) struct VerifyAudit {
    /// The folder that `kaifong audit export` wrote
    #[arg(value_name = "DIR", required_unless_present = "event")]
    bundle: Option<PathBuf>,
    /// A key that may have signed, as `kaifong audit key` shows it; may be given again
    #[arg(long = "key", value_name = "VKEY", required = true)]
    keys: Vec<NoteKey>,
    /// Entries before this one were verified before: a signed checkpoint stands for them
    #[arg(long, value_name = "N", default_value_t = 0)]
    since: u64,
    /// The folder of checkpoints outside the database, as it was when DIR was exported or
    /// before: without it, entries removed from the end go unnoticed
    #[arg(long, value_name = "DIR")]
    witness: Option<PathBuf>,
    /// How many minutes an entry may be dated before those that came before it
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    tolerance: u16,
    /// Verify the proof of one entry, which `kaifong audit prove` showed, instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bundle", "since", "witness"])]
    event: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl VerifyAudit {
    /// Verifies; any failure to is an answer of its own.
    pub(super) fn execute(&self) -> ExitCode {
        let verdict = match (&self.event, &self.bundle) {
            (Some(proof), _) => self.event(proof),
            (None, Some(bundle)) => self.bundle(bundle),
            (None, None) => Ok(Verdict::Incomplete),
        };
        let verdict = verdict.unwrap_or_else(|failure| {
            // There is nowhere else to say so.
            let _ = io::stderr().write_all(failure.report().as_bytes());
            Verdict::Incomplete
        });
        match verdict {
            Verdict::Sound => ExitCode::SUCCESS,
            Verdict::Tampered => ExitCode::from(TAMPERED),
            Verdict::Incomplete => ExitCode::from(INCOMPLETE),
        }
    }

    fn bundle(&self, folder: &Path) -> Result<Verdict, Failure> {
        let terms = Terms {
            keys: &self.keys,
            since: self.since,
            witness: self.witness.as_deref(),
            tolerance: TimeDelta::minutes(self.tolerance.into()),
        };
        let reading = format!("verify {}", folder.display());
        let findings = verify(&Bundle::at(folder), &terms).map_err(Failure::io(reading))?;
        tell(&findings, self.json).map_err(Failure::io("write the answer"))?;
        Ok(findings.verdict())
    }

    fn event(&self, file: &Path) -> Result<Verdict, Failure> {
        let reading = || Failure::io(format!("read {}", file.display()));
        let text = fs::read(file).map_err(reading())?;
        let proof: Proof =
            serde_json::from_slice(&text).map_err(|error| reading()(error.into()))?;
        let (verdict, said) = match proof.check(&self.keys) {
            Ok(Some(size)) => (
                Verdict::Sound,
                format!("Entry {} is one of {size} that were signed.", proof.seq),
            ),
            Ok(None) => (
                Verdict::Tampered,
                format!("LIE: entry {} is not what was signed", proof.seq),
            ),
            Err(error) => (Verdict::Tampered, format!("LIE: the checkpoint: {error}")),
        };
        writeln!(io::stdout(), "{said}").map_err(Failure::io("write the answer"))?;
        Ok(verdict)
    }
}

fn tell(findings: &Findings, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, findings)?;
        return writeln!(out);
    }
    for lie in &findings.lies {
        writeln!(out, "LIE: {lie}")?;
    }
    for what in &findings.missing {
        writeln!(out, "MISSING: {what}")?;
    }
    for change in &findings.catalogue_changes {
        writeln!(
            out,
            "What guards the tables changed before entry {}:",
            change.seq
        )?;
        for difference in &change.differences {
            writeln!(out, "  {difference}")?;
        }
    }
    writeln!(
        out,
        "{} entries read of {}; {} checkpoints.",
        findings.entries, findings.size, findings.checkpoints
    )?;
    if !findings.witnessed {
        writeln!(
            out,
            "There was no witness: entries removed from the end go unnoticed."
        )?;
    }
    if findings.verdict() == Verdict::Sound {
        writeln!(out, "Nothing lies.")?;
    }
    Ok(())
}
