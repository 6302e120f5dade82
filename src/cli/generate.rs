//! `kaifong generate`: a synthetic population.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use clap::Args;
use rust_decimal::Decimal;

use super::bar::Bar;
use super::database::Database;
use super::import::{How, Import};
use super::keys::open_vault;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::month::Month;
use crate::platform::config::Config;
use crate::platform::db;
use crate::population::{self, Order, Summary};
use crate::rent;
use crate::{estates, population::PopulationError};

/// Fill an empty database with synthetic households in the real estates
#[derive(Debug, Args)]
pub(super) struct Generate {
    /// Tenancies that run at the end of the history
    #[arg(long)]
    tenancies: u32,
    /// Another seed makes another population
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Months of history
    #[arg(long, default_value_t = 24)]
    months: u32,
    /// The last of them, such as 2026-10; last month when absent
    #[arg(long)]
    until: Option<Month>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Generate {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let now = SystemClock.now();
        let usual = Order::new(self.tenancies, self.seed, now);
        let order = Order {
            months: self.months,
            until: self.until.unwrap_or(usual.until),
            ..usual
        };
        Database::with(config, |url| {
            let summary = until_stopped(|stopped| populate(config, url, &order, (now, stopped)))??;
            let text = if self.json {
                serde_json::json!(summary).to_string() + "\n"
            } else {
                readable(&summary, &order)
            };
            answer(&text)
        })
    }
}

/// Generates `order`; the reference estates come first when there are none.
pub(super) fn populate(
    config: &Config,
    url: &str,
    order: &Order,
    (now, stopped): (DateTime<Utc>, &AtomicBool),
) -> Result<Summary, Failure> {
    let mut conn = db::connect(url)?;
    if !population::is_empty(&mut conn)? {
        return Err(PopulationError::NotEmpty.into());
    }
    if estates::homes(&mut conn)?.is_empty() {
        let how = How::default();
        Import::Reference { how }.run(url, now)?;
    }
    rent::assume_rates(&mut conn, now)?;
    let watch = Bar::until(stopped);
    let vault = open_vault(config, &mut conn, now)?;
    let summary = population::generate(url, &vault, order, now, &watch);
    watch.clear();
    Ok(summary?)
}

fn readable(summary: &Summary, order: &Order) -> String {
    let Summary {
        estates,
        flats,
        households,
        tenancies,
        ended,
        awards,
        people,
        months,
        charges,
        transfers,
        payments,
        charged,
        paid,
        owing,
        owed,
        in_credit,
        credit,
        took,
    } = summary;
    let (until, seed) = (order.until, order.seed);
    let mut text = format!(
        "{tenancies} tenancies of {households} households in {flats} flats of {estates} estates; \
         {ended} more ended; {people} people\n\
         {months} months up to {until}, seed {seed}: {charges} charges of {}, {payments} payments \
         of {}, {transfers} transfers, {awards} awards\n\
         {owing} households owe {}, {in_credit} are in credit by {}\n",
        dollars(*charged),
        dollars(*paid),
        dollars(*owed),
        dollars(*credit),
    );
    let total = took
        .iter()
        .map(|(_, took)| *took)
        .sum::<std::time::Duration>();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "took {}.{:03} s",
        total.as_secs(),
        total.subsec_millis()
    );
    for (phase, took) in took {
        let seconds = format!("{}.{:03}", took.as_secs(), took.subsec_millis());
        let _ = writeln!(text, "{seconds:>10} s  {phase}");
    }
    text
}

/// An amount as people write it: HK$1,234.50.
pub(super) fn dollars(amount: Decimal) -> String {
    let digits = format!("{:.2}", amount.abs());
    let (whole, cents) = digits.split_once('.').unwrap_or((&digits, "00"));
    let first = match whole.len() % 3 {
        0 => 3,
        rest => rest,
    };
    let (head, tail) = whole.split_at_checked(first).unwrap_or((whole, ""));
    let mut text = String::from(if amount.is_sign_negative() && !amount.is_zero() {
        "-HK$"
    } else {
        "HK$"
    });
    text.push_str(head);
    for (place, digit) in tail.chars().enumerate() {
        if place % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + "." + cents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (amount, written) in [
            ("0", "HK$0.00"),
            ("7.5", "HK$7.50"),
            ("999", "HK$999.00"),
            ("1234.5", "HK$1,234.50"),
            ("-123456", "-HK$123,456.00"),
            ("43210000000.01", "HK$43,210,000,000.01"),
        ] {
            assert_eq!(dollars(amount.parse().unwrap()), written);
        }
    }

    #[test]
    fn a_summary_tells_where_the_time_went() {
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        let summary = Summary {
            tenancies: 3,
            took: vec![("charges", std::time::Duration::from_millis(1_500))],
            ..Summary::default()
        };
        let text = readable(&summary, &Order::new(3, 9, now));
        assert!(text.starts_with("3 tenancies of 0 households"), "{text}");
        assert!(
            text.ends_with("took 1.500 s\n     1.500 s  charges\n"),
            "{text}"
        );
    }
}
