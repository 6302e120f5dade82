//! `kaifong ingest`: a settlement file taken in and posted.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::bar::Bar;
use super::database::Database;
use super::keys::open_vault;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::cssa::{self, Taken};
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::watch::Watch;
use crate::payments::{
    self, Fate, FileState, PaymentError, PaymentFile, Shelf, Tally, intake, posting,
};
use crate::platform::auth::Actor;
use crate::platform::config::Config;
use crate::platform::db;

/// Take in a channel's settlement file and post its payments
///
/// The same file again posts nothing twice, whatever its name; one that was broken off goes on.
/// Files that waited for this one are posted after it. A channel's signature of it is read from a
/// file beside it that is called as it is and `.sig` (see `payment-file sign`). Exits with 0 when all of them are posted.
#[derive(Debug, Args)]
pub(super) struct Ingest {
    /// The file, of any layout that `payment-file check` reads
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// A file as it is now, and what became of its lines.
type Told = (PaymentFile, Vec<Tally>);

impl Ingest {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        Database::with(config, |url| {
            let told = until_stopped(|stopped| {
                let watch = Bar::until(stopped);
                let told = self.ingest(url, config, &watch);
                watch.clear();
                told
            })?;
            let (is_new, told, taken) = told?;
            self.report(is_new, &told, &taken)
        })
    }

    fn ingest(
        &self,
        url: &str,
        config: &Config,
        watch: &dyn Watch,
    ) -> Result<(bool, Vec<Told>, Vec<Taken>), Failure> {
        let conn = &mut db::connect(url)?;
        let (actor, now) = (Actor::program("ingest"), SystemClock.now());
        let vault = open_vault(config, conn, now)?;
        let kept_in = Shelf::of(&config.data_dir, config.payment_file_limit, &vault);
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let (file, is_new) = intake::receive(conn, &kept_in, (&self.file, &name), &actor, now)?;
        let door = (&mut *conn, url);
        let mut files = posting::post_waiting(door, file.channel, &actor, &SystemClock, watch)?;
        if !files.iter().any(|posted| posted.id == file.id) {
            files.insert(0, file);
        }
        let told = files.into_iter().map(|file| {
            let tally = payments::tally(conn, file.id)?;
            Ok((file, tally))
        });
        let told = told.collect::<Result<_, PaymentError>>()?;
        // What the department's files tell of allowances.
        Ok((is_new, told, cssa::take_waiting(conn, &actor, now)?))
    }

    fn report(&self, is_new: bool, told: &[Told], taken: &[Taken]) -> Result<ExitCode, Failure> {
        let mut text = String::new();
        if self.json {
            let files: Vec<_> = told
                .iter()
                .map(|(file, tally)| as_json(file, tally))
                .collect();
            let allowances: Vec<_> = taken.iter().map(allowances).collect();
            let mut whole = json!({ "new": is_new, "files": files });
            if let Some(whole) = whole.as_object_mut().filter(|_| !allowances.is_empty()) {
                whole.insert("allowances".to_owned(), allowances.into());
            }
            let _ = writeln!(text, "{whole:#}");
        } else {
            if !is_new {
                text.push_str("these bytes came before\n");
            }
            for (file, tally) in told {
                text.push_str(&readable(file, tally));
            }
            for Taken {
                file,
                taken,
                strays,
            } in taken
            {
                let month = file.month;
                let _ = writeln!(
                    text,
                    "allowances of {month}: {taken} taken in, {strays} that fit nothing"
                );
            }
        }
        answer(&text)?;
        let all_posted = told.iter().all(|(file, _)| file.state == FileState::Posted);
        Ok(if all_posted {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn allowances(of: &Taken) -> serde_json::Value {
    let Taken {
        file,
        taken,
        strays,
    } = of;
    json!({ "file": file.file, "month": file.month, "taken": taken, "strays": strays })
}

fn as_json(file: &PaymentFile, tally: &[Tally]) -> serde_json::Value {
    let fates: serde_json::Map<_, _> = tally
        .iter()
        .map(|tally| {
            let sums = json!({ "lines": tally.lines, "amount": tally.amount });
            (tally.fate.to_string(), sums)
        })
        .collect();
    json!({
        "id": file.id, "channel": file.channel, "sequence": file.sequence,
        "business_date": file.business_date, "name": file.name, "lines": file.lines,
        "amount": file.amount, "state": file.state, "settled": file.settled,
        "reason": file.reason, "fates": fates,
    })
}

fn readable(file: &PaymentFile, tally: &[Tally]) -> String {
    let mut text = format!(
        "{} file {} of {} ({}): {}, {} payments, HK${}\n",
        file.channel,
        file.sequence,
        file.business_date,
        file.name,
        file.state,
        file.lines,
        file.amount
    );
    if let Some(reason) = &file.reason {
        let _ = writeln!(text, "  {reason}");
    }
    if file.state == FileState::Held {
        text.push_str("  a file before it has not come yet\n");
    }
    for Tally {
        fate,
        lines,
        amount,
    } in tally
    {
        let what = match fate {
            Fate::Posted => "on accounts",
            Fate::Suspense => "in suspense: the account is nobody's",
            Fate::Duplicate => "paid before",
            Fate::Settled => "told before, and settled by this file",
            Fate::Contradicts => "paid before otherwise: not entered",
        };
        let _ = writeln!(text, "  {lines:>9}  HK${amount}  {what}");
    }
    text
}
