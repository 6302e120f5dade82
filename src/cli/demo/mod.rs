//! `kaifong demo`: the estates, a population, this month's rent and a month of payments by every
//! channel, told on the terminal; then the API to try.
//!
//! A second demo in the same data folder keeps what is there and charges nothing twice.

mod callers;
mod month;
mod table;
mod tour;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::database::Database;
use super::generate::populate;
use super::serve::serve;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock, hong_kong_date, hong_kong_month};
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::watch::Unwatched;
use crate::platform::config::Config;
use crate::platform::db;
use crate::population::{self, Order};
use crate::rent::{self, Asked, Billed, RuleShelf, RunOrder};
use crate::{estates, ledger, tenancy};
use callers::Callers;
use table::{Bill, Told};

/// How many tenancies a demo has.
const TENANCIES: u32 = 3_000;

/// Show what Kaifong does: real estates, synthetic households, rent and payments; then serve
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Stop after the tables
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        if config.token_keys.is_some() {
            let why = "a demo signs its own tokens: run it without KAIFONG_TOKEN_KEYS";
            return Err(Failure::Usage(why.to_owned()));
        }
        Database::with(config, |url| {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            let told = until_stopped(|stopped| play(config, url, &clock, stopped))??;
            answer(&table::render(&told))?;
            let mut config = config.clone();
            // One of the tokens it hands out is an operator's.
            config.operator_tokens = true;
            if self.once {
                // Beside whatever listens on the usual port.
                config.listen.set_port(0);
                "off".clone_into(&mut config.log);
            }
            serve(&config, url, !self.once, |served| {
                let shown = show(&config, url, &*clock, &told, served.address);
                match &shown {
                    Ok(invitation) if !self.once => {
                        // Serving goes on though nobody reads.
                        let _ = answer(invitation);
                    }
                    _ => served.stop(),
                }
                shown.map(|_| ())
            })
        })
    }
}

/// Signs every kind of caller in at `address`; says how others may.
fn show(
    config: &Config,
    url: &str,
    clock: &dyn Clock,
    told: &Told,
    address: SocketAddr,
) -> Result<String, Failure> {
    let mut conn = db::connect(url)?;
    let sights = match &told.bill {
        Some(bill) => tour::sights(&mut conn, bill.code)?,
        None => None,
    };
    let signed_in = match sights {
        Some(sights) => {
            let credentials = tour::credentials(config, &mut conn, &sights, clock)?;
            let (signed_in, table) = tour::walk(&callers::base_url(address), &sights, credentials)?;
            answer(&table)?;
            let scene = month::Scene {
                config,
                url,
                base_url: &callers::base_url(address),
                signed_in: &signed_in,
                estate: sights.estate,
                clock,
            };
            month::play(&scene, &mut conn)?;
            signed_in
        }
        None => Vec::new(),
    };
    let callers = Callers::gather(config, address, told, signed_in)?;
    let file = config.data_dir.join("demo.json");
    callers.write(&file)?;
    Ok(callers.invitation(&file))
}

/// Populates an empty database, charges this month, and looks at what came of it.
fn play(
    config: &Config,
    url: &str,
    clock: &Arc<dyn Clock>,
    stopped: &AtomicBool,
) -> Result<Told, Failure> {
    let now = clock.now();
    let mut conn = db::connect(url)?;
    let generated = population::is_empty(&mut conn)?;
    if generated {
        populate(config, url, &Order::new(TENANCIES, 1, now), (now, stopped))?;
    }
    let order = RunOrder {
        month: hong_kong_month(now),
        revise: false,
        rehearse: false,
    };
    let billed = rent::run(url, clock, order, &Unwatched)?;
    look(url, clock, generated, billed)
}

fn look(
    url: &str,
    clock: &Arc<dyn Clock>,
    generated: bool,
    billed: Billed,
) -> Result<Told, Failure> {
    let mut conn = db::connect(url)?;
    let now = clock.now();
    let (today, month) = (hong_kong_date(now), hong_kong_month(now));
    let homes = estates::homes(&mut conn)?;
    // One that pays less, or just anyone.
    let code = match rent::assisted(&mut conn, month)? {
        Some(code) => Some(code),
        None => TenantCode::of(TenantCode::FIRST),
    };
    let asked = Asked {
        month,
        valid_at: today,
        known_at: now,
    };
    let shelf = RuleShelf::default();
    let quoted = code.map(|code| {
        let quote = rent::quote(&mut conn, &shelf, code, asked);
        quote.map(|quote| Bill { code, quote })
    });
    Ok(Told {
        now,
        month,
        generated,
        billed,
        estate: homes.first().map(|(estate, _)| estate.id),
        estates: homes.len(),
        running: tenancy::running(&mut conn, today)?,
        run: rent::run_of(&mut conn, month)?,
        trial: ledger::trial_balance(&mut conn)?,
        standing: ledger::standing(&mut conn, month)?,
        // A register without that household has no bill to show.
        bill: quoted.and_then(Result::ok),
    })
}
