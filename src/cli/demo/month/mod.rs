//! A month of payments by every channel: files made from what the demo's households owe, brought,
//! posted and compared with the bank; debits collected; rent taken over a counter.
//!
//! * Each channel is one function of [`CHANNELS`]. A channel more is a function more.
//! * What a channel, a bank or the department sends is made up here. What becomes of it is the
//!   program's own doing: the same files, calls and jobs as in service, by those who have signed in.
//! * What is made depends on the households and the day alone. A month that has the department's file
//!   already is told, and not played again.
//! * A few things are odd on purpose, as they are in life; each function names its own.

mod autopay;
mod bank;
mod calls;
mod counters;
mod cssa;
mod fps;
mod households;
mod report;
mod shroff;

use std::fmt::Write as _;
use std::fs;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use super::callers::SignedIn;
use crate::cli::keys::open_vault;
use crate::cli::{Failure, answer};
use crate::kernel::clock::{Clock, hong_kong_date, hong_kong_time};
use crate::kernel::id::EstateId;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::role::Role;
use crate::kernel::watch::Unwatched;
use crate::kernel::working_day::Holidays;
use crate::payments::{self, Channel, Fate, PaymentError, PaymentFile, Shelf, intake, posting};
use crate::platform::auth::Actor;
use crate::platform::calendar;
use crate::platform::config::Config;
use crate::platform::db::{DbError, connect_as_owner};
use crate::rent::{Words, hkd};
use calls::{Api, items, number, word};
use households::Households;

/// What each channel does in the month, in this order: what the department pays is known before
/// debits are collected, and the bank passes takings on last.
const CHANNELS: &[(&str, Play)] = &[
    ("CSSA: the Social Welfare Department's month", cssa::play),
    ("Autopay", autopay::play),
    ("PPS", counters::pps),
    ("Bank transfers", bank::payments),
    ("FPS", fps::play),
    ("Stores", counters::stores),
    ("MTR", counters::mtr),
    ("Estate office counter", shroff::play),
    ("What the bank credits in one sum", bank::sums),
];

/// How a channel is played.
type Play = fn(&mut Stage<'_>) -> Result<(), Failure>;

/// How many days have files.
const DAYS: usize = 5;
/// How far back the last working day is, at most: no row of holidays is as long.
const BACK: TimeDelta = TimeDelta::days(31);
/// Ten in the morning.
const TEN: u32 = 36_000;

/// Where and for whom a month is played.
pub struct Scene<'a> {
    pub config: &'a Config,
    pub url: &'a str,
    /// Where the API is, and who has signed in there.
    pub base_url: &'a str,
    pub signed_in: &'a [SignedIn],
    /// Whose office has the counter.
    pub estate: EstateId,
    pub clock: &'a dyn Clock,
}

/// The stage of a month.
pub struct Stage<'a> {
    scene: &'a Scene<'a>,
    conn: &'a mut PgConnection,
    api: Api<'a>,
    /// The first of them is a working day that is over.
    days: Vec<NaiveDate>,
    households: Households,
    /// What the bank is to credit in one sum: the day, what it writes, how much.
    sums: Vec<(NaiveDate, String, Money)>,
    told: String,
}

/// Plays the month of the demo, unless it was played, and tells of it.
pub fn play(scene: &Scene<'_>, conn: &mut PgConnection) -> Result<(), Failure> {
    let now = scene.clock.now();
    let today = hong_kong_date(now);
    let holidays = calendar::holidays(conn, today.with_day(1).unwrap_or(today) - BACK, today)?;
    let days = played(today, &holidays);
    let month = Month::of(days.first().copied().unwrap_or(today));
    let files = payments::allowance_files(conn)?;
    let is_new = files.iter().all(|file| file.month != month);
    let mut stage = Stage {
        scene,
        api: Api::at(scene.base_url, scene.signed_in),
        days,
        households: Households::of(conn, month, now)?,
        sums: Vec::new(),
        told: format!("\nPayments of {}\n", Words(Language::En).month(month)),
        conn,
    };
    if is_new {
        for (name, play) in CHANNELS {
            stage.say(format_args!("\n{name}"));
            play(&mut stage)?;
            stage.show()?;
        }
        reckon(scene.url)?;
    } else {
        stage.say(format_args!(
            "An earlier demo played it: nothing is paid twice."
        ));
    }
    report::tell(&mut stage, month)
}

/// Has the database look at what has come: a month in a minute is quicker than it looks by itself.
fn reckon(url: &str) -> Result<(), Failure> {
    let analyzed = connect_as_owner(url)?.batch_execute("ANALYZE payment, ledger_transfer");
    Ok(analyzed.map_err(DbError::from)?)
}

/// The days that have files: the first working days of this month that are over, or on its first
/// ones the last before it.
fn played(today: NaiveDate, holidays: &Holidays) -> Vec<NaiveDate> {
    let is_over = |day: &NaiveDate| *day < today && holidays.is_working_day(*day);
    let first = today.with_day(1).unwrap_or(today);
    let before = || today.iter_days().rev().take(32).find(is_over);
    let mut days: Vec<_> = first.iter_days().take(31).filter(is_over).collect();
    days.truncate(DAYS);
    if days.is_empty() {
        days.extend(before());
    }
    days
}

impl Stage<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.scene.clock.now()
    }

    fn say(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.told, "{line}");
    }

    /// Shows what was told so far.
    fn show(&mut self) -> Result<(), Failure> {
        answer(&std::mem::take(&mut self.told)).map(drop)
    }

    /// Ten in the morning of `day`, and so many minutes.
    fn at(day: NaiveDate, minutes: usize) -> DateTime<Utc> {
        let minutes = u32::try_from(minutes).unwrap_or_default();
        hong_kong_time(day, TEN + 60 * minutes)
    }

    /// The number of the next file of `series` that `channel` sends.
    fn next_number(&self, channel: Channel, series: &str) -> Result<u32, Failure> {
        let path = format!("/v1/payment-files?channel={channel}&limit=100");
        let files = self.api.get(Role::FinanceOfficer, &path)?;
        let own = items(&files)
            .iter()
            .filter(|one| word(one, "series") == series);
        let last = own.map(|one| number(one, "sequence")).max();
        let next = u32::try_from(last.unwrap_or_default()).unwrap_or_default();
        Ok(next.saturating_add(1))
    }

    /// Brings `bytes` as a file called `name` and posts it, as `kaifong ingest` does; `None` when it
    /// is refused, which is told.
    fn bring(&mut self, name: &str, bytes: &[u8]) -> Result<Option<PaymentFile>, Failure> {
        let config = self.scene.config;
        let folder = config.data_dir.join("demo-files");
        let path = folder.join(name);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, bytes))
            .map_err(Failure::io(format!("write {}", path.display())))?;
        let (actor, now) = (Actor::program("demo"), self.now());
        let vault = open_vault(config, self.conn, now)?;
        let kept_in = Shelf::of(&config.data_dir, config.payment_file_limit, &vault);
        let taken = intake::receive(self.conn, &kept_in, (&path, name), &actor, now);
        let file = match taken {
            Ok((file, _)) => file,
            Err(refused @ PaymentError::Closed(..)) => {
                self.say(format_args!("  {name:<32}refused: {refused}"));
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let (door, clock) = ((&mut *self.conn, self.scene.url), self.scene.clock);
        let posted = posting::post_waiting(door, file.channel, &actor, clock, &Unwatched)?;
        let now_is = posted.into_iter().find(|posted| posted.id == file.id);
        Ok(Some(now_is.unwrap_or(file)))
    }

    /// Brings a file, and says what became of its lines.
    fn take(&mut self, name: &str, bytes: &[u8]) -> Result<Option<PaymentFile>, Failure> {
        let Some(file) = self.bring(name, bytes)? else {
            return Ok(None);
        };
        let fates = payments::tally(self.conn, file.id)?.into_iter();
        let fates: Vec<_> = fates
            .map(|one| format!("{} {}", one.lines, in_words(one.fate)))
            .collect();
        let amount = hkd(file.amount);
        self.say(format_args!(
            "  {name:<32}{:>3} payments{amount:>16}  {}: {}",
            file.lines,
            file.state,
            fates.join(", ")
        ));
        Ok(Some(file))
    }

    /// Notes that the bank is to credit `amount` of `day`, with these words.
    fn credit(&mut self, day: NaiveDate, wording: String, amount: Money) {
        self.sums.push((day, wording, amount));
    }
}

fn in_words(fate: Fate) -> &'static str {
    match fate {
        Fate::Posted => "on accounts",
        Fate::Suspense => "in suspense",
        Fate::Duplicate => "paid before",
        Fate::Settled => "told before",
        Fate::Contradicts => "paid before otherwise",
    }
}

/// A sum of the demo's amounts.
fn sum(amounts: impl IntoIterator<Item = Money>) -> Result<Money, Failure> {
    let too_much = |_| Failure::Usage("the demo's amounts are too large to add up".to_owned());
    Money::sum(amounts).map_err(too_much)
}

/// `amount` and so many cents more, or less.
fn off_by(amount: Money, cents: i64) -> Money {
    Money::of_cents(amount.cents() + cents).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn files_are_of_working_days_that_are_over() {
        let holidays: Holidays = ["2026-12-25", "2027-01-01", "2027-02-08"]
            .map(day)
            .into_iter()
            .collect();
        for (today, days) in [
            // A Sunday in the middle of a month that begins with one.
            (
                "2026-11-22",
                &[
                    "2026-11-02",
                    "2026-11-03",
                    "2026-11-04",
                    "2026-11-05",
                    "2026-11-06",
                ][..],
            ),
            ("2026-11-04", &["2026-11-02", "2026-11-03"]),
            // Nothing of the month is over, or no working day is.
            ("2026-12-01", &["2026-11-30"]),
            ("2026-11-02", &["2026-10-30"]),
            // New Year's Day is a Friday, and so is the first working day the fourth.
            ("2027-01-01", &["2026-12-31"]),
            ("2027-01-04", &["2026-12-31"]),
            ("2027-01-05", &["2027-01-04"]),
            (
                "2027-02-09",
                &[
                    "2027-02-01",
                    "2027-02-02",
                    "2027-02-03",
                    "2027-02-04",
                    "2027-02-05",
                ],
            ),
        ] {
            let days: Vec<_> = days.iter().map(|text| day(text)).collect();
            assert_eq!(played(day(today), &holidays), days, "{today}");
        }
    }

    #[test]
    fn every_day_of_some_years_has_a_working_day_that_is_over() {
        let holidays = Holidays::default();
        for today in day("2026-01-01").iter_days().take(1_500) {
            let days = played(today, &holidays);
            assert!(!days.is_empty() && days.is_sorted(), "{today}");
            let month = |day: &NaiveDate| Month::of(*day);
            assert!(days.iter().all(|day| *day < today), "{today}");
            assert!(
                days.iter()
                    .all(|day| Some(month(day)) == days.first().map(month)),
                "{today}"
            );
        }
    }
}
