//! Telling what a receipt says.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{Home, Particulars, Receipt, ReceiptError, Undone, UndoneBy};
use crate::counter::{self, Given};
use crate::estates;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::PaymentId;
use crate::kernel::language::Trilingual;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger;
use crate::payments::{self, Credit, Payment};
use crate::platform::db::DbError;
use crate::tenancy::{self, Tenancy};

/// Lets a caller through to what was paid to `code`; someone else's is as one that does not exist.
pub fn admit(
    conn: &mut PgConnection,
    reach: &Reach,
    code: TenantCode,
    now: DateTime<Utc>,
) -> Result<(), ReceiptError> {
    let is_theirs = tenancy::reaches(conn, reach, code, hong_kong_date(now))?;
    if is_theirs && !tenancy::known(conn, &[code])?.is_empty() {
        Ok(())
    } else {
        Err(ReceiptError::NoSuchPayment)
    }
}

/// The receipt for payment `id`: of the household `code`, where it was shared among several.
pub fn receipt(
    conn: &mut PgConnection,
    reach: &Reach,
    (id, code): (PaymentId, Option<TenantCode>),
    now: DateTime<Utc>,
) -> Result<Receipt, ReceiptError> {
    let given = counter::given(conn, id)?;
    let taken_here = given
        .as_ref()
        .is_some_and(|given| reach.takes_in(given.estate));
    let credits = payments::credits(conn, id)?.into_iter();
    for credit in credits.filter(|credit| code.is_none_or(|code| credit.household == code)) {
        let is_theirs = tenancy::reaches(conn, reach, credit.household, hong_kong_date(now))?;
        if !is_theirs && !taken_here {
            continue;
        }
        let particulars = is_theirs.then(|| particulars(conn, &credit)).transpose()?;
        let voided = given.as_ref().and_then(|given| given.voided_at);
        let undone = match voided {
            Some(at) => Some((UndoneBy::Void, at)),
            None => ledger::reversed_at(conn, credit.transfer)?.map(|at| (UndoneBy::Reversal, at)),
        };
        return Ok(Receipt {
            place: place(conn, &credit.payment, given.as_ref())?,
            payment: id,
            code: credit.household,
            amount: credit.amount,
            channel: credit.payment.channel,
            reference: credit.payment.reference,
            counter: given.map(|given| (given.number, given.tender)),
            paid_at: credit.payment.instructed_at,
            value_on: credit.payment.value_on,
            particulars,
            undone: undone.map(|(by, at)| Undone { by, at }),
            issued_at: now,
        });
    }
    Err(ReceiptError::NoSuchPayment)
}

/// Where `payment` was paid: at the office that gave its receipt, or where its channel says.
fn place(
    conn: &mut PgConnection,
    payment: &Payment,
    given: Option<&Given>,
) -> Result<Trilingual, DbError> {
    let office = given.map(|given| estates::estate(conn, given.estate));
    if let Some(estate) = office.transpose()?.flatten() {
        return Ok(estate.name);
    }
    Ok(Trilingual {
        en: payments::place(conn, payment)?,
        ..Trilingual::default()
    })
}

fn particulars(conn: &mut PgConnection, credit: &Credit) -> Result<Particulars, DbError> {
    let (code, value_on) = (credit.household, credit.payment.value_on);
    // One that counts from a later day counts on that; one booked late, on the day it was booked.
    let as_at = value_on.max(hong_kong_date(credit.booked_at));
    Ok(Particulars {
        home: home(conn, code, hong_kong_date(credit.payment.instructed_at))?,
        balance: ledger::balance(conn, code, as_at, credit.booked_at)?,
        as_at,
    })
}

fn home(
    conn: &mut PgConnection,
    code: TenantCode,
    day: NaiveDate,
) -> Result<Option<Home>, DbError> {
    let tenancies = tenancy::by_household(conn, code)?;
    let Some(tenancy) = lived_in(&tenancies, day) else {
        return Ok(None);
    };
    let Some(flat) = estates::flat(conn, tenancy.flat_id)? else {
        return Ok(None);
    };
    let estate = estates::estate(conn, flat.estate_id)?;
    let block = estates::block(conn, flat.block_id)?;
    let names = estate.zip(block);
    Ok(names.map(|(estate, block)| Home::of(flat, estate.name, block.name)))
}

/// The tenancy of `day` among those of a household, in the order they started: the one last begun
/// by then, or else the first.
fn lived_in(tenancies: &[Tenancy], day: NaiveDate) -> Option<&Tenancy> {
    let begun = tenancies.iter().rev().find(|one| one.starts_on <= day);
    begun.or_else(|| tenancies.first())
}
