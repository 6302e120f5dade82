//! A month of the Social Welfare Department: a handful of rent allowances, what it pays by them, and
//! what does not agree.

use std::fs;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use crate::cli::Failure;
use crate::cssa::{self, CssaError, Found, Reconciliation};
use crate::kernel::clock::{hong_kong_date, hong_kong_month, hong_kong_time};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::watch::Unwatched;
use crate::payments::files::{
    AllowanceEvent, AllowanceLine, Characters, Coverage, Granted, Line, write_allowances,
};
use crate::payments::{self, Channel, Shelf, intake};
use crate::platform::auth::Actor;
use crate::platform::config::Config;
use crate::platform::db::transact;
use crate::rent::{self, RuleShelf};

/// A month, and what of it does not agree.
pub struct Month {
    pub reconciliation: Reconciliation,
    pub found: Vec<Found>,
}

/// The recipients: the first households, one full allowance and the others half of the rent.
const RECIPIENTS: usize = 5;

/// Takes in a file of the department for this month, unless there is one; the month as it is then.
pub fn play(
    config: &Config,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Option<Month>, Failure> {
    let actor = Actor::program("demo");
    let month = hong_kong_month(now);
    let files = payments::allowance_files(conn)?;
    if !files.iter().any(|file| file.month == month) {
        let Some(bytes) = file(conn, now)? else {
            return Ok(None);
        };
        let path = config.data_dir.join("swd-demo.txt");
        fs::write(&path, bytes).map_err(Failure::io("write the department's file"))?;
        let kept_in = Shelf::of(&config.data_dir, config.payment_file_limit);
        intake::receive(conn, &kept_in, (&path, "swd-demo.txt"), &actor, now)?;
        intake::post_waiting(conn, Channel::Cssa, &actor, &now, &Unwatched)?;
        cssa::take_waiting(conn, &actor, now)?;
    }
    let made = transact(conn, |conn| {
        let ordered = cssa::order_reconciliation(conn, &actor, month, now)?;
        let reconciliation =
            cssa::make_reconciliation(conn, &RuleShelf::default(), ordered.id, now)?;
        let found = cssa::exceptions(conn, reconciliation.id)?;
        Ok::<_, CssaError>(Month {
            reconciliation,
            found,
        })
    })?;
    Ok(Some(made))
}

/// The department's file: one household is paid less than is granted, one nothing, and one payment
/// is nobody's.
fn file(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<Vec<u8>>, Failure> {
    let (month, day) = (hong_kong_month(now), hong_kong_date(now));
    let codes: Vec<TenantCode> = (TenantCode::FIRST..TenantCode::FIRST + 50)
        .filter_map(TenantCode::of)
        .collect();
    let rents = rent::rents(conn, &RuleShelf::default(), &codes, (month, now))?;
    let mut recipients: Vec<(TenantCode, Money)> = rents
        .into_iter()
        .filter_map(|(code, rent)| Some((code, rent.ok().filter(|rent| *rent > Money::ZERO)?)))
        .collect();
    recipients.sort_unstable();
    recipients.truncate(RECIPIENTS);
    if recipients.len() < RECIPIENTS {
        return Ok(None);
    }
    let (mut allowances, mut transfers) = (Vec::new(), Vec::new());
    for (number, (code, rent)) in (1..).zip(recipients) {
        let half = Money::of_cents(rent.cents() / 2).unwrap_or(rent);
        let granted = if number == 1 {
            Granted {
                coverage: Coverage::Full,
                amount: rent,
            }
        } else {
            Granted {
                coverage: Coverage::Partial,
                amount: half,
            }
        };
        allowances.push(AllowanceLine {
            number,
            event: AllowanceEvent::Start,
            account: code.to_string(),
            granted: Some(granted),
            month,
        });
        let ten = Money::of_cents(1_000).unwrap_or_default();
        let (account, amount) = match number {
            // Nothing is paid for the fourth; the money for nobody comes in its place.
            4 => ("1000000000".to_owned(), granted.amount),
            5 => {
                let less = granted.amount.checked_sub(ten).unwrap_or(granted.amount);
                (code.to_string(), less)
            }
            _ => (code.to_string(), granted.amount),
        };
        transfers.push(Line {
            number,
            reference: format!("SWD{}-{number:06}", month.first().format("%Y%m")),
            end_to_end: None,
            wording: None,
            account,
            amount,
            instructed_at: hong_kong_time(day, 0),
            place: String::new(),
        });
    }
    let header = (month, day, 1);
    Ok(write_allowances(header, Characters::Big5, &allowances, &transfers).ok())
}
