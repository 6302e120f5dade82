//! `kaifong reconcile`: whether files, bank and ledger say the same of every channel's day.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use diesel::PgConnection;
use serde_json::{Value, json};

use super::database::Database;
use super::generate::dollars;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock, hong_kong_date};
use crate::kernel::day::Day;
use crate::payments::reconciliation::{
    DayStanding, Figures, NamedLine, Period, WholeDay, days, first_lines, whole_day,
};
use crate::payments::{Channel, HeldFile, PaymentError, held_files};
use crate::platform::config::Config;
use crate::platform::db;

/// Compare files, bank and ledger, for every channel and day
///
/// Exits with 0 when every day agrees or waits, with 1 when one differs: then file, credit and
/// lines are named. Files that are held for one before them are told at the end, of whatever day.
#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// The first day, YYYY-MM-DD [default: a month before the last]
    #[arg(long, value_name = "DATE")]
    from: Option<Day>,
    /// The last day, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<Day>,
    /// Of this channel only
    #[arg(long)]
    channel: Option<Channel>,
    /// Of days in this state only: `agreed`, `waiting_for_bank`, `waiting_for_file`, `difference`
    #[arg(long)]
    state: Option<DayStanding>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// How many lines of a day are named.
const NAMED: i64 = 20;

/// A day; what of it differs, if it does.
type Told = (DayStanding, Figures, Option<(WholeDay, Vec<NamedLine>)>);

impl Reconcile {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let ends = (self.from.map(Into::into), self.to.map(Into::into));
        let today = hong_kong_date(SystemClock.now());
        let why = "from 1 to 93 days are compared, the first before the last";
        let period = Period::of(self.channel, ends, today);
        let period = period.ok_or_else(|| Failure::Usage(why.to_owned()))?;
        let (told, held) = Database::with(config, |url| {
            let conn = &mut db::connect(url)?;
            let mut held = held_files(conn)?;
            held.retain(|file| self.channel.is_none_or(|of| of == file.channel));
            Ok((compare(conn, period, self.state)?, held))
        })?;
        let text = if self.json {
            let days: Vec<Value> = told.iter().map(as_json).collect();
            let held: Vec<Value> = held.iter().map(held_as_json).collect();
            format!("{:#}\n", json!({ "days": days, "held": held }))
        } else {
            table(&told) + &reminder(&held)
        };
        answer(&text)?;
        let differs = told.iter().any(|told| told.0 == DayStanding::Difference);
        Ok(if differs {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// The days of `period` in a state, the newest first, and what differs.
pub(super) fn compare(
    conn: &mut PgConnection,
    period: Period,
    state: Option<DayStanding>,
) -> Result<Vec<Told>, PaymentError> {
    let mut told = Vec::new();
    for day in days(conn, period)? {
        if state.is_some_and(|state| state != day.standing) {
            continue;
        }
        let whose = (day.figures.channel, day.figures.day);
        let named = if day.standing == DayStanding::Difference {
            Some((whole_day(conn, whose)?, first_lines(conn, whose, NAMED)?))
        } else {
            None
        };
        told.push((day.standing, day.figures, named));
    }
    Ok(told)
}

/// All of them as people read them.
pub(super) fn table(told: &[Told]) -> String {
    let mut text = format!(
        "{:<12}{:<11}{:<18}{:>6}{:>19}{:>6}{:>19}{:>6}{:>19}{:>14}\n",
        "Day",
        "Channel",
        "",
        "lines",
        "in files",
        "sums",
        "by the bank",
        "lines",
        "in the ledger",
        "suspense"
    );
    for (standing, figures, named) in told {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<12}{:<11}{:<18}{:>6}{:>19}{:>6}{:>19}{:>6}{:>19}{:>14}",
            figures.day.to_string(),
            figures.channel.as_str(),
            word(*standing),
            figures.lines,
            dollars(figures.amount.as_decimal()),
            figures.credits,
            dollars(figures.bank_amount.as_decimal()),
            figures.payments,
            dollars(figures.ledger_amount.as_decimal()),
            dollars(figures.suspense_amount.as_decimal()),
        );
        if let Some((whole, lines)) = named {
            let _ = differences(&mut text, whole, lines);
        }
    }
    text
}

/// The files that wait for ever if the one before never comes, of whatever day.
fn reminder(held: &[HeldFile]) -> String {
    let mut text = String::new();
    for file in held {
        let since = hong_kong_date(file.received_at);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "held since {since}: {} file {} ({}) waits for {}: ask for it, or release {}",
            file.channel, file.sequence, file.name, file.awaits, file.id
        );
    }
    text
}

fn held_as_json(file: &HeldFile) -> Value {
    json!({
        "file": file.id, "channel": file.channel, "series": file.series,
        "sequence": file.sequence, "awaits": file.awaits, "received_at": file.received_at,
    })
}

fn word(standing: DayStanding) -> &'static str {
    match standing {
        DayStanding::Agreed => "agrees",
        DayStanding::WaitingForBank => "awaits the bank",
        DayStanding::WaitingForFile => "awaits its file",
        DayStanding::Difference => "DIFFERS",
    }
}

fn differences(text: &mut String, whole: &WholeDay, lines: &[NamedLine]) -> std::fmt::Result {
    let figures = &whole.day.figures;
    if figures.credits > 0 {
        let apart = dollars(figures.bank_less_ledger().as_decimal());
        writeln!(text, "    bank less ledger: {apart}")?;
    }
    for file in &whole.files {
        if file.is_alone {
            let amount = dollars(file.net_amount.as_decimal());
            writeln!(text, "    file {}: no credit is its {amount}", file.name)?;
        }
        if let Some(reason) = &file.reason {
            writeln!(text, "    file {}, {}: {reason}", file.name, file.state)?;
        }
    }
    for credit in whole.credits.iter().filter(|credit| credit.is_alone) {
        let amount = dollars(credit.amount.as_decimal());
        let (on, wording) = (credit.booked_on, &credit.wording);
        writeln!(
            text,
            "    credit {} of {on}, {wording:?}: no file is its {amount}",
            credit.reference
        )?;
    }
    for line in lines {
        let amount = dollars(line.amount.as_decimal());
        let place = line
            .line
            .map_or(String::new(), |line| format!(", line {line}"));
        let (cause, reference) = (line.cause, &line.reference);
        writeln!(text, "    {cause}: {reference}{place}, {amount}")?;
    }
    Ok(())
}

fn as_json((standing, figures, named): &Told) -> Value {
    let total = |count: i64, amount| json!({ "count": count, "amount": amount });
    let mut day = json!({
        "channel": figures.channel, "day": figures.day, "state": standing,
        "files": figures.files,
        "lines": total(figures.lines, figures.amount),
        "duplicates": total(figures.duplicates, figures.duplicate_amount),
        "waiting": total(figures.waiting, figures.waiting_amount),
        "told": total(figures.told, figures.told_amount),
        "bank": total(figures.credits, figures.bank_amount),
        "ledger": total(figures.payments, figures.ledger_amount),
        "suspense": total(figures.in_suspense, figures.suspense_amount),
        "unposted": figures.unposted,
    });
    if let (Some((whole, lines)), Some(day)) = (named, day.as_object_mut()) {
        let files = whole.files.iter().filter(|file| file.is_alone);
        let files = files.map(|file| json!({ "file": file.id, "amount": file.net_amount }));
        let credits = whole.credits.iter().filter(|credit| credit.is_alone);
        let credits = credits.map(|credit| {
            let (reference, amount) = (&credit.reference, credit.amount);
            json!({ "movement": credit.movement, "reference": reference, "amount": amount })
        });
        let lines = lines.iter().map(|line| {
            json!({
                "cause": line.cause, "reference": line.reference, "amount": line.amount,
                "file": line.file, "line": line.line,
            })
        });
        day.insert("files_alone".to_owned(), files.collect());
        day.insert("credits_alone".to_owned(), credits.collect());
        day.insert("named".to_owned(), lines.collect());
    }
    day
}
