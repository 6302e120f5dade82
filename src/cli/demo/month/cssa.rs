//! A month of the Social Welfare Department: a handful of rent allowances, what it pays by them, and
//! what does not agree.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::{Stage, off_by, sum};
use crate::cli::Failure;
use crate::cli::cssa::readable;
use crate::cssa::{self, CssaError};
use crate::kernel::clock::hong_kong_time;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::payments::files::{
    AllowanceEvent, AllowanceLine, Characters, Coverage, Granted, Line, write_allowances,
};
use crate::payments::{self, Channel};
use crate::platform::auth::Actor;
use crate::platform::db::transact;
use crate::rent::RuleShelf;

/// The series of files that tell of allowances.
const SERIES: &str = "allowances";
/// A code that nobody has.
const NOBODY: &str = "1000000000";

/// One household has its full rent granted and the others half of it. One is paid less than is
/// granted, one nothing, and one payment is nobody's.
pub fn play(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let Some(day) = stage.days.first().copied() else {
        return Ok(());
    };
    // A month later what was granted is changed to the rent of then.
    let event = if payments::allowance_files(stage.conn)?.is_empty() {
        AllowanceEvent::Start
    } else {
        AllowanceEvent::Change
    };
    let (allowances, transfers) = month(stage, (event, day));
    let number = stage.next_number(Channel::Cssa, SERIES)?;
    let header = (Month::of(day), day, number);
    let bytes = write_allowances(header, Characters::Big5, &allowances, &transfers)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let date = day.format("%Y%m%d");
    stage.take(&format!("swd-{date}.txt"), &bytes)?;
    let (actor, now) = (Actor::program("demo"), stage.now());
    for taken in cssa::take_waiting(stage.conn, &actor, now)? {
        let (taken, strays) = (taken.taken, taken.strays);
        stage.say(format_args!(
            "  allowances: {taken} taken in, {strays} that fit nothing"
        ));
    }
    let amount = sum(transfers.iter().map(|line| line.amount))?;
    stage.credit(day, format!("SWD RENT ALLOWANCE {date}"), amount);
    Ok(())
}

/// What the department tells of allowances, and what it pays.
fn month(
    stage: &Stage<'_>,
    (event, day): (AllowanceEvent, NaiveDate),
) -> (Vec<AllowanceLine>, Vec<Line>) {
    let (mut allowances, mut transfers) = (Vec::new(), Vec::new());
    for (number, (code, rent)) in (1..).zip(&stage.households.recipients) {
        let half = off_by(Money::ZERO, rent.cents() / 2);
        let (coverage, amount) = match number {
            1 => (Coverage::Full, *rent),
            _ => (Coverage::Partial, half),
        };
        allowances.push(AllowanceLine {
            number,
            event,
            account: code.to_string(),
            granted: Some(Granted { coverage, amount }),
            month: Month::of(day),
        });
        let (account, amount) = match number {
            // Nothing is paid for the fourth; the money for nobody comes in its place.
            4 => (NOBODY.to_owned(), amount),
            5 => (code.to_string(), off_by(amount, -1_000)),
            _ => (code.to_string(), amount),
        };
        transfers.push(Line {
            number,
            reference: format!("SWD{}-{number:06}", day.format("%Y%m")),
            end_to_end: None,
            wording: None,
            account,
            amount,
            instructed_at: hong_kong_time(day, 0),
            place: String::new(),
        });
    }
    (allowances, transfers)
}

/// The month reconciled, as `kaifong cssa reconcile` tells it.
pub fn reconciled(
    conn: &mut PgConnection,
    month: Month,
    now: DateTime<Utc>,
) -> Result<String, Failure> {
    let actor = Actor::program("demo");
    let (made, found) = transact(conn, |conn| {
        let ordered = cssa::order_reconciliation(conn, &actor, month, now)?;
        let made = cssa::make_reconciliation(conn, &RuleShelf::default(), ordered.id, now)?;
        let found = cssa::exceptions(conn, made.id)?;
        Ok::<_, CssaError>((made, found))
    })?;
    Ok(readable(&made, &found))
}
