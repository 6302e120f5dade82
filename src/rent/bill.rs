//! Booking charges for a band of households: the monthly charge, and what late decisions
//! change of it, are one and the same work.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::model::{
    Award, BookedCharge, Charge, RentError, RuleBook, TenantNumber, Tenure, code_of,
};
use super::rules::{Posted, by_general, charge, difference};
use super::store;
use crate::kernel::id::TenancyId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::ledger::{self, Source, Transfer, TransferKind};

/// Households are billed and locked in bands of this many numbers.
pub const BAND: TenantNumber = 8192;

/// The lock class of bands.
const BAND_LOCK: i32 = 7_210_814;

/// What to bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Tenancies that have no charge for the month yet.
    Uncharged,
    /// All of them: a charge that the rules no longer give is revised.
    Revised,
}

/// What was booked.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Billed {
    /// Tenancies charged or revised.
    pub tenancies: i64,
    /// What they were charged, or what it changed by.
    pub amount: Money,
    /// Tenancies that could not be charged, and why; the others are.
    pub refused: Vec<(TenancyId, String)>,
}

impl Billed {
    /// Both together.
    pub fn and(mut self, other: Self) -> Result<Self, RentError> {
        self.tenancies += other.tenancies;
        self.amount = self.amount.checked_add(other.amount)?;
        self.refused.extend(other.refused);
        Ok(self)
    }
}

/// The charge and transfers that must be booked for one tenancy.
struct Booking {
    charge: BookedCharge,
    transfers: Vec<Transfer>,
}

/// Books what is missing for `month` in `band`, in the caller's transaction.
///
/// Two billings of one band wait for each other, so that each sees what the other booked.
pub fn bill(
    conn: &mut PgConnection,
    book: &RuleBook,
    band: &RangeInclusive<TenantNumber>,
    month: Month,
    scope: Scope,
    now: DateTime<Utc>,
) -> Result<Billed, RentError> {
    lock_bands(conn, band)?;
    let (bookings, billed) = work_out(conn, book, band, month, scope, now)?;
    let (charges, transfers): (Vec<_>, Vec<_>) = bookings
        .into_iter()
        .map(|booking| (booking.charge, booking.transfers))
        .unzip();
    if !charges.is_empty() {
        store::add_charges(conn, &charges)?;
        ledger::post(conn, &transfers.concat(), now)?;
    }
    Ok(billed)
}

/// What [`bill`] would book; writes nothing.
pub fn rehearse(
    conn: &mut PgConnection,
    book: &RuleBook,
    band: &RangeInclusive<TenantNumber>,
    month: Month,
    scope: Scope,
    now: DateTime<Utc>,
) -> Result<Billed, RentError> {
    work_out(conn, book, band, month, scope, now).map(|(_, billed)| billed)
}

/// The charges and transfers of tenancies that have none for `month` yet: what `bill` books,
/// for a history made in memory.
pub(super) fn bookings(
    book: &RuleBook,
    tenures: &[Tenure],
    awards: &HashMap<TenantNumber, Vec<Award>>,
    month: Month,
    booked_at: DateTime<Utc>,
) -> Result<(Vec<BookedCharge>, Vec<Transfer>), RentError> {
    let mut charges = Vec::with_capacity(tenures.len());
    let mut transfers = Vec::with_capacity(tenures.len());
    for tenure in tenures {
        let awards = awards
            .get(&tenure.household)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let wanted = charge(book, tenure, awards, month, DateTime::<Utc>::MAX_UTC)?;
        let dates = (month, booked_at);
        if let Some(booking) = book_one(tenure, wanted.as_ref(), dates, None, &Posted::new())? {
            charges.push(booking.charge);
            transfers.extend(booking.transfers);
        }
    }
    Ok((charges, transfers))
}

/// Keeps other billings out of the bands that `households` touch, until the transaction ends.
pub fn lock_bands(
    conn: &mut PgConnection,
    households: &RangeInclusive<TenantNumber>,
) -> Result<(), RentError> {
    for band in households.start() / BAND..=households.end() / BAND {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1, $2)")
            .bind::<Integer, _>(BAND_LOCK)
            .bind::<Integer, _>(i32::try_from(band).unwrap_or(i32::MAX))
            .execute(conn)?;
    }
    Ok(())
}

fn work_out(
    conn: &mut PgConnection,
    book: &RuleBook,
    band: &RangeInclusive<TenantNumber>,
    month: Month,
    scope: Scope,
    now: DateTime<Utc>,
) -> Result<(Vec<Booking>, Billed), RentError> {
    let revised = scope == Scope::Revised;
    let tenures = store::tenures_in(conn, band, month, revised)?;
    let mut bookings = Vec::with_capacity(tenures.len());
    let mut billed = Billed::default();
    if tenures.is_empty() {
        return Ok((bookings, billed));
    }
    let awards = store::awards_in(conn, band)?;
    let (mut latest, mut posted) = (HashMap::new(), HashMap::new());
    if revised {
        latest = store::latest_revisions(conn, band, month)?;
        posted = store::charged(conn, band, month)?;
    }
    for tenure in &tenures {
        let awards = awards
            .get(&tenure.household)
            .map(Vec::as_slice)
            .unwrap_or_default();
        // Everything on record counts, also what a machine with a faster clock recorded.
        let wanted = match charge(book, tenure, awards, month, DateTime::<Utc>::MAX_UTC) {
            Ok(wanted) => wanted,
            // One tenancy without a rule must not keep the others from being charged.
            Err(error @ (RentError::NoRate(..) | RentError::NoSchemeRule(..))) => {
                billed.refused.push((tenure.tenancy_id, error.to_string()));
                continue;
            }
            Err(error) => return Err(error),
        };
        let before = latest.remove(&tenure.tenancy_id);
        let posted = posted.remove(&tenure.tenancy_id).unwrap_or_default();
        if let Some(booking) = book_one(
            tenure,
            wanted.as_ref(),
            (month, now),
            before.as_ref(),
            &posted,
        )? {
            billed.tenancies += 1;
            billed.amount = billed.amount.checked_add(booking.charge.amount)?;
            bookings.push(booking);
        }
    }
    Ok((bookings, billed))
}

/// What to book so that the tenancy is charged what is wanted; nothing when it is.
fn book_one(
    tenure: &Tenure,
    wanted: Option<&Charge>,
    (month, now): (Month, DateTime<Utc>),
    before: Option<&BookedCharge>,
    posted: &Posted,
) -> Result<Option<Booking>, RentError> {
    let missing = difference(&by_general(wanted)?, posted)?;
    let (revision, effective_on) = match (before, wanted) {
        (Some(before), _) if missing.is_empty() || before.revision == i16::MAX => return Ok(None),
        (Some(before), _) => (before.revision + 1, before.effective_on),
        (None, Some(wanted)) => (0, wanted.first_day),
        (None, None) => return Ok(None),
    };
    let code = code_of(tenure.household)?;
    let mut transfers = Vec::with_capacity(missing.len());
    for (general, amount) in &missing {
        let part = format!("{month}/{revision}/{general}");
        let source = Source {
            id: tenure.tenancy_id.as_uuid(),
            part: &part,
        };
        let dates = (effective_on, now);
        let kind = TransferKind::Charge;
        transfers.extend(Transfer::between(
            code, *general, *amount, kind, source, dates,
        ));
    }
    let lines = wanted
        .map(|wanted| wanted.lines.as_slice())
        .unwrap_or_default();
    let charge = BookedCharge {
        household: tenure.household,
        month,
        tenancy_id: tenure.tenancy_id,
        revision,
        effective_on,
        amount: Money::sum(missing.into_values())?,
        rules: lines.iter().map(|line| line.row.number).collect(),
        booked_at: now,
    };
    Ok(Some(Booking { charge, transfers }))
}
