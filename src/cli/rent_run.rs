//! `kaifong rent-run`: charge a month.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::bar::Bar;
use super::database::Database;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::month::Month;
use crate::kernel::watch::Watch;
use crate::platform::config::Config;
use crate::rent::{self, Billed, RunOrder};

/// Charge every tenancy for a month; what is charged already is left as it is
#[derive(Debug, Args)]
pub(super) struct RentRun {
    /// The month, such as 2026-11
    month: Month,
    /// Revise the charges that the rules no longer give, too
    #[arg(long)]
    revise: bool,
    /// Say what would be booked, and book nothing
    #[arg(long)]
    dry_run: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// How many refusals a readable answer shows.
const SHOWN: usize = 5;

impl RentRun {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let order = RunOrder {
            month: self.month,
            revise: self.revise,
            rehearse: self.dry_run,
        };
        Database::with(config, |url| {
            let (billed, stopped) = until_stopped(|stopped| {
                let watch = Bar::until(stopped);
                let billed = rent::run(url, &clock, order, &watch);
                watch.clear();
                (billed, watch.stopped())
            })?;
            self.report(&billed?, stopped)
        })
    }

    fn report(&self, billed: &Billed, stopped: bool) -> Result<ExitCode, Failure> {
        let text = if self.json {
            let refused: Vec<_> = billed.refused.iter().collect();
            serde_json::json!({
                "month": self.month, "tenancies": billed.tenancies, "amount": billed.amount,
                "refused": refused, "dry_run": self.dry_run, "stopped": stopped,
            })
            .to_string()
                + "\n"
        } else {
            self.readable(billed, stopped)
        };
        answer(&text)?;
        let complete = billed.refused.is_empty() && !stopped;
        Ok(if complete {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn readable(&self, billed: &Billed, stopped: bool) -> String {
        let done = match (self.dry_run, self.revise) {
            (true, _) => "would be booked",
            (false, true) => "charged or revised",
            (false, false) => "charged",
        };
        let mut text = format!(
            "{}: {} tenancies {done}, HK${}\n",
            self.month, billed.tenancies, billed.amount
        );
        // Writing to a string cannot fail.
        if !billed.refused.is_empty() {
            let _ = writeln!(text, "{} not charged:", billed.refused.len());
        }
        for (tenancy, why) in billed.refused.iter().take(SHOWN) {
            let _ = writeln!(text, "  tenancy {tenancy}: {why}");
        }
        if stopped {
            text.push_str("stopped before the end; run it again to go on\n");
        }
        text
    }
}
