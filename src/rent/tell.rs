//! Telling what is due: load the facts, ask the rules.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use rust_decimal::Decimal;

use super::book::RuleShelf;
use super::model::{Award, Charge, Quote, RentError, RuleBook, Scheme, Tenure};
use super::rules::{self, Position};
use super::store::{self, Standing};
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::id::{AwardId, EstateId, TenancyId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger;
use crate::tenancy::{self, TenancyKind};

/// Lets a caller through to account `code`; someone else's is as one that does not exist.
pub fn admit(
    conn: &mut PgConnection,
    reach: &Reach,
    code: TenantCode,
    now: DateTime<Utc>,
) -> Result<(), RentError> {
    if tenancy::reaches(conn, reach, code, hong_kong_date(now))? {
        Ok(())
    } else {
        Err(RentError::NoSuchAccount)
    }
}

/// Lets a caller through to award `id`.
pub(super) fn admit_to_award(
    conn: &mut PgConnection,
    reach: &Reach,
    id: AwardId,
    now: DateTime<Utc>,
) -> Result<(), RentError> {
    if reach.is_everywhere() {
        return Ok(());
    }
    let code = store::household_of_award(conn, id)?.ok_or(RentError::NoSuchAward)?;
    admit(conn, reach, code, now)
}

/// What an account looks like now.
#[derive(Debug)]
pub struct Overview {
    /// What is due for the month in Hong Kong now.
    pub this_month: Quote,
    /// The rent of the month after.
    pub next_month: Quote,
    /// The flats that the household holds, or leaves this month.
    pub tenures: Vec<Tenure>,
}

/// What the account looks like at `now`: one statement, whatever its history.
pub fn overview(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    code: TenantCode,
    now: DateTime<Utc>,
) -> Result<Overview, RentError> {
    let month = hong_kong_month(now);
    let standing = store::standing(conn, code, month)?.ok_or(RentError::NoSuchAccount)?;
    let book = shelf.at(conn, standing.rules)?;
    Ok(Overview {
        this_month: quoted(&book, &standing, month, now)?,
        next_month: quoted(&book, &standing, month.next(), now)?,
        tenures: standing.tenures,
    })
}

/// What a household has to pay, or why that cannot be told.
pub type Due = (TenantCode, Result<Money, RentError>);

/// What each of `codes` has to pay for `month`, which is this one or the next: the figure that
/// every channel shows, for many by one statement. One that has none keeps no other from its own.
pub fn dues(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    codes: &[TenantCode],
    (month, now): (Month, DateTime<Utc>),
) -> Result<Vec<Due>, RentError> {
    let standings = store::standings(conn, codes, hong_kong_month(now))?;
    let Some((_, first)) = standings.first() else {
        return Ok(Vec::new());
    };
    let book = shelf.at(conn, first.rules)?;
    let due = |(code, standing): (TenantCode, Standing)| {
        let due = quoted(&book, &standing, month, now).map(|quote| quote.due);
        (code, due)
    };
    Ok(standings.into_iter().map(due).collect())
}

/// The rent of `month` of each of `codes`, whatever else they owe: none of those who hold no flat
/// then. One whose rent cannot be told keeps no other from its own.
pub fn rents(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    codes: &[TenantCode],
    (month, now): (Month, DateTime<Utc>),
) -> Result<Vec<Due>, RentError> {
    let standings = store::standings(conn, codes, month)?;
    let Some((_, first)) = standings.first() else {
        return Ok(Vec::new());
    };
    let book = shelf.at(conn, first.rules)?;
    let rent = |(code, standing): (TenantCode, Standing)| {
        let rent = quoted(&book, &standing, month, now).map(|quote| quote.rent);
        (code, rent)
    };
    Ok(standings.into_iter().map(rent).collect())
}

/// What is to be paid for `month`, as everything stands now.
fn quoted(
    book: &RuleBook,
    standing: &Standing,
    month: Month,
    now: DateTime<Utc>,
) -> Result<Quote, RentError> {
    // Everything on record counts, also what a machine with a faster clock recorded.
    let position = Position {
        known_at: DateTime::<Utc>::MAX_UTC,
        ..position(standing, month, now)?
    };
    let quote = rules::quote(book, &standing.tenures, &standing.awards, month, position)?;
    Ok(Quote {
        known_at: now,
        ..quote
    })
}

/// Where the ledger stands as at today, from the account's row and the charges around today.
fn position(standing: &Standing, month: Month, now: DateTime<Utc>) -> Result<Position, RentError> {
    let today = hong_kong_date(now);
    let (booked, ahead): (Vec<_>, Vec<_>) = standing
        .charges
        .iter()
        .partition(|charge| charge.effective_on <= today);
    let ahead = Money::sum(ahead.into_iter().map(|charge| charge.amount))?;
    let charged = booked.into_iter().filter(|charge| charge.month == month);
    Ok(Position {
        valid_at: today,
        known_at: now,
        balance: standing.balance.checked_sub(ahead)?,
        charged: Money::sum(charged.map(|charge| charge.amount))?,
    })
}

/// Which quote is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub month: Month,
    /// As at the end of this day.
    pub valid_at: NaiveDate,
    /// As far as was known then.
    pub known_at: DateTime<Utc>,
}

/// What is, was or will be due for a month, as at any day, as known at any instant.
pub fn quote(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    code: TenantCode,
    asked: Asked,
) -> Result<Quote, RentError> {
    let Asked {
        month,
        valid_at,
        known_at,
    } = asked;
    let tenures = store::tenures_of(conn, code)?;
    if tenures.is_empty() {
        return Err(RentError::NoSuchAccount);
    }
    let awards = store::awards_of(conn, code)?;
    let position = Position {
        valid_at,
        known_at,
        balance: ledger::balance(conn, code, valid_at, known_at)?,
        charged: store::charged_as_at(conn, code, month, (valid_at, known_at))?,
    };
    let book = shelf.current(conn)?;
    rules::quote(&book, &tenures, &awards, month, position)
}

/// A flat and a household to suppose.
#[derive(Debug, Clone, Copy)]
pub struct Supposed {
    pub estate: EstateId,
    /// Internal floor area, m2.
    pub ifa: Decimal,
    pub kind: TenancyKind,
    pub scheme: Option<Scheme>,
    pub month: Month,
}

/// What the flat would cost, by the same rules as everyone's.
pub fn suppose(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    supposed: Supposed,
    now: DateTime<Utc>,
) -> Result<Charge, RentError> {
    let Supposed {
        estate,
        ifa,
        kind,
        scheme,
        month,
    } = supposed;
    let tenure = Tenure {
        household: 0,
        tenancy_id: TenancyId::derived("supposed"),
        kind,
        starts_on: month.first(),
        ends_on: None,
        recorded_at: now,
        end_recorded_at: None,
        estate_id: estate,
        ifa,
    };
    let granted = scheme.map(|scheme| Award {
        id: AwardId::derived("supposed"),
        revision: 1,
        household: 0,
        scheme,
        first_month: month.first(),
        last_month: None,
        reason: String::new(),
        recorded_by: String::new(),
        recorded_at: now,
        replaced_at: None,
    });
    let book = shelf.current(conn)?;
    let charge = rules::charge(&book, &tenure, granted.as_slice(), month, now)?;
    charge.ok_or(RentError::OutsideLedger(month))
}
