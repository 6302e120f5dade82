//! `kaifong verify`: whether the ledger tells the truth, and the payments on it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Failure;
use super::database::Database;
use crate::ledger;
use crate::payments;
use crate::platform::config::Config;
use crate::platform::crypto::{SigningKey, key_id, unhex};
use crate::platform::db::connect_as_owner;

/// The exit code when something lies.
const LIES: u8 = 1;
/// The exit code when it could not be found out.
const CANNOT_TELL: u8 = 2;

/// In the data folder: the key that signs checkpoints.
pub(super) const KEY: &str = "keys/ledger.pk8";
/// In the data folder: the file of checkpoints outside the database.
pub(super) const WITNESS: &str = "checkpoints.log";

/// Verify the ledger: checkpoints, every sealed transfer, balances, double entry and payments
///
/// Names the first thing that lies. Exits with 0 when nothing does, 1 when something does,
/// 2 when that could not be found out. A restored copy of the database will do.
#[derive(Debug, Default, Args)]
pub(super) struct Verify {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// A public key that may have signed checkpoints, in hexadecimal, beside the data folder's
    /// own; may be given again
    #[arg(long = "key", value_name = "HEX", value_parser = public_key)]
    keys: Vec<PublicKey>,
    /// The file of checkpoints outside the database [default: checkpoints.log in the data
    /// folder, when it is there]
    #[arg(long, value_name = "FILE")]
    witness: Option<PathBuf>,
}

/// What verifying found.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    #[serde(flatten)]
    pub ledger: ledger::Findings,
    pub payments: payments::verify::Findings,
}

impl Findings {
    /// Whether nothing lies.
    pub(super) fn are_clean(&self) -> bool {
        self.ledger.are_clean() && self.payments.lies_found == 0
    }

    /// What lies, as far as it is named.
    pub(super) fn lies(&self) -> impl Iterator<Item = String> {
        let payments = self.payments.lies.iter().map(ToString::to_string);
        let ledger = self.ledger.lies.iter().map(ToString::to_string);
        ledger.chain(payments)
    }
}

/// The public half of a signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicKey(Vec<u8>);

fn public_key(text: &str) -> Result<PublicKey, &'static str> {
    unhex(text)
        .filter(|key| key.len() == 32)
        .map(PublicKey)
        .ok_or("a public key is 64 hexadecimal digits")
}

impl Verify {
    /// Verifies; any failure to is an answer of its own.
    pub(super) fn execute(&self, config: &Config) -> ExitCode {
        self.run(config).unwrap_or_else(|failure| {
            // There is nowhere else to say so.
            let _ = io::stderr().write_all(failure.report().as_bytes());
            ExitCode::from(CANNOT_TELL)
        })
    }

    fn run(&self, config: &Config) -> Result<ExitCode, Failure> {
        let findings = Database::with(config, |url| self.findings(url, &config.data_dir))?;
        tell(&findings, self.json).map_err(Failure::io("write the answer"))?;
        Ok(if findings.are_clean() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(LIES)
        })
    }

    /// What the database at `url` says, and the witness in the data folder.
    pub(super) fn findings(&self, url: &str, data_dir: &Path) -> Result<Findings, Failure> {
        let (key, witness) = (data_dir.join(KEY), data_dir.join(WITNESS));
        let mut keys: Vec<_> = self.keys.iter().map(|key| key.0.clone()).collect();
        if key.exists() {
            keys.push(SigningKey::load_or_create(&key)?.public().to_owned());
        }
        let keys: Vec<_> = keys.into_iter().map(|key| (key_id(&key), key)).collect();
        let witness = self
            .witness
            .clone()
            .or(Some(witness).filter(|path| path.exists()));
        // Whoever restored a copy may not have the application's role on that server.
        let mut conn = connect_as_owner(url)?;
        let style =
            ProgressStyle::with_template("{spinner} {human_pos} sealed transfers, {per_sec}");
        let bar = ProgressBar::new_spinner()
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let found = ledger::verify(&mut conn, &keys, witness.as_deref(), |read| {
            bar.set_position(read);
        });
        bar.finish_and_clear();
        let ledger = found?;
        let payments = payments::verify::verify(&mut conn)?;
        Ok(Findings { ledger, payments })
    }
}

fn tell(findings: &Findings, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, findings)?;
        return writeln!(out);
    }
    let Findings { ledger, payments } = findings;
    for lie in findings.lies() {
        writeln!(out, "LIE: {lie}")?;
    }
    if !findings.are_clean() {
        let (in_ledger, of_payments) = (ledger.lies_found, payments.lies_found);
        writeln!(
            out,
            "{in_ledger} lies found in the ledger, {of_payments} of payments."
        )?;
    }
    writeln!(
        out,
        "{} transfers; {} checkpoints seal all but {} of them. {} payments.",
        ledger.transfers, ledger.checkpoints, ledger.unsealed, payments.payments
    )?;
    for total in &ledger.totals {
        let net = total.debits - total.credits;
        writeln!(out, "{:<24}{net:>20.2}", total.account)?;
    }
    if !ledger.witnessed {
        writeln!(
            out,
            "There was no witness: checkpoints removed from the end go unnoticed."
        )?;
    }
    if findings.are_clean() {
        writeln!(out, "Nothing lies.")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixty_four_hexadecimal_digits() {
        assert_eq!(public_key(&"0f".repeat(32)), Ok(PublicKey(vec![15; 32])));
        for text in ["", "0f", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(public_key(text).is_err(), "{text:?}");
        }
    }
}
