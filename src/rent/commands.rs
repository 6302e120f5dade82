//! Changes to what a household pays. Each runs inside the caller's transaction: lock, decide,
//! save, book the difference, record.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::bill::{Billed, Scope, bill, lock_bands};
use super::book::RuleShelf;
use super::model::{Award, InForce, RentError, RuleBook, Scheme};
use super::rules::check_award;
use super::run::RentRunJob;
use super::store::{self, NewAdjustment, NewRule};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{AdjustmentId, AwardId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{self, General, Source, Transfer, TransferKind};
use crate::platform::auth::Actor;
use crate::platform::{audit, jobs};

/// An award to grant.
#[derive(Debug, Clone)]
pub struct NewAward {
    pub code: TenantCode,
    pub scheme: Scheme,
    pub first: Month,
    pub last: Option<Month>,
    pub reason: String,
}

/// Grants a scheme to a household; months already charged are put right at once.
pub fn grant(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    actor: &Actor,
    new: &NewAward,
    now: DateTime<Utc>,
) -> Result<Award, RentError> {
    lock_household(conn, new.code)?;
    let book = shelf.current(conn)?;
    check_award(
        &book,
        new.scheme,
        (new.first, new.last),
        DateTime::<Utc>::MAX_UTC,
    )?;
    let award = Award {
        id: AwardId::fresh(),
        revision: 1,
        household: new.code.number(),
        scheme: new.scheme,
        first_month: new.first.first(),
        last_month: new.last.map(Month::first),
        reason: new.reason.clone(),
        recorded_by: actor.as_str().to_owned(),
        recorded_at: now,
        replaced_at: None,
    };
    store::add_award(conn, &award)?;
    settle(conn, &book, new.code, new.first, now)?;
    audit::record(conn, actor, "rent.award.granted", &award.id, now)?;
    Ok(award)
}

/// Changes the last month of an award; before its first month, it is as if never granted.
pub fn end_award(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    actor: &Actor,
    (id, revision): (AwardId, i32),
    last: Month,
    now: DateTime<Utc>,
) -> Result<Award, RentError> {
    let found = store::award(conn, id)?.ok_or(RentError::NoSuchAward)?;
    let code = super::model::code_of(found.household)?;
    lock_household(conn, code)?;
    if found.revision != revision {
        return Err(RentError::Stale);
    }
    let first = Month::of(found.first_month);
    let book = shelf.current(conn)?;
    if last >= first {
        check_award(
            &book,
            found.scheme,
            (first, Some(last)),
            DateTime::<Utc>::MAX_UTC,
        )?;
    }
    store::replace_award(conn, &found, now)?;
    let award = Award {
        revision: revision + 1,
        last_month: Some(last.first()),
        recorded_by: actor.as_str().to_owned(),
        recorded_at: now,
        ..found
    };
    store::add_award(conn, &award)?;
    settle(conn, &book, code, first, now)?;
    audit::record(conn, actor, "rent.award.ended", &award.id, now)?;
    Ok(award)
}

/// Books what the months from `first` on that are already charged should have been.
pub fn settle(
    conn: &mut PgConnection,
    book: &RuleBook,
    code: TenantCode,
    first: Month,
    now: DateTime<Utc>,
) -> Result<Billed, RentError> {
    let household = code.number()..=code.number();
    let mut billed = Billed::default();
    for month in store::billed_months(conn, first)? {
        billed = billed.and(bill(conn, book, &household, month, Scope::Revised, now)?)?;
    }
    Ok(billed)
}

/// Keeps the monthly charge and other decisions off the household until the transaction ends.
fn lock_household(conn: &mut PgConnection, code: TenantCode) -> Result<(), RentError> {
    lock_bands(conn, &(code.number()..=code.number()))
}

/// An officer's correction: positive is owed, negative is in the tenant's favour.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    pub code: TenantCode,
    pub amount: Money,
    pub effective_on: NaiveDate,
    pub reason: String,
}

/// Books an officer's correction.
pub fn adjust(
    conn: &mut PgConnection,
    actor: &Actor,
    new: &NewCorrection,
    now: DateTime<Utc>,
) -> Result<Transfer, RentError> {
    if new.effective_on > hong_kong_date(now) {
        return Err(RentError::InFuture(new.effective_on));
    }
    book_correction(conn, actor, new, TransferKind::Adjustment, now)
}

/// Gives back of what the household has to its credit, e.g. when it leaves.
pub fn refund(
    conn: &mut PgConnection,
    actor: &Actor,
    (code, amount, reason): (TenantCode, Money, String),
    now: DateTime<Utc>,
) -> Result<Transfer, RentError> {
    if amount <= Money::ZERO {
        return Err(RentError::NothingToRefund);
    }
    if store::tenures_of(conn, code)?.is_empty() {
        return Err(RentError::NoSuchAccount);
    }
    // Locked: of two refunds at once, the second sees what the first left.
    let credit = ledger::lock_balance(conn, code)?.negated().or_zero();
    if amount > credit {
        return Err(RentError::MoreThanCredit(credit));
    }
    let effective_on = hong_kong_date(now);
    let new = NewCorrection {
        code,
        amount,
        effective_on,
        reason,
    };
    book_correction(conn, actor, &new, TransferKind::Refund, now)
}

fn book_correction(
    conn: &mut PgConnection,
    actor: &Actor,
    new: &NewCorrection,
    kind: TransferKind,
    now: DateTime<Utc>,
) -> Result<Transfer, RentError> {
    let general = match kind {
        TransferKind::Refund => General::RefundsPayable,
        _ => General::Adjustments,
    };
    let id = AdjustmentId::fresh();
    let source = Source {
        id: id.as_uuid(),
        part: "",
    };
    let dates = (new.effective_on, now);
    let transfer = Transfer::between(new.code, general, new.amount, kind, source, dates)
        .ok_or(RentError::NothingToAdjust)?;
    let adjustment = NewAdjustment {
        id,
        household: new.code.number(),
        kind: kind.as_str(),
        amount: new.amount,
        effective_on: new.effective_on,
        reason: &new.reason,
        recorded_by: actor.as_str(),
        recorded_at: now,
    };
    store::add_adjustment(conn, &adjustment)?;
    ledger::post(conn, std::slice::from_ref(&transfer), now)?;
    audit::record(conn, actor, "rent.account.corrected", &id, now)?;
    Ok(transfer)
}

/// Adds a rule; the charges it comes too late for are revised by a job.
pub fn record_rule(
    conn: &mut PgConnection,
    actor: &Actor,
    (rule, valid_from, valid_to, source): (&NewRule, NaiveDate, Option<NaiveDate>, &str),
    now: DateTime<Utc>,
) -> Result<i32, RentError> {
    let in_force = InForce {
        valid_from,
        valid_to,
        recorded_at: now,
        replaced_at: None,
    };
    let number = store::add_rule(conn, rule, &in_force, source)?;
    for month in store::billed_months(conn, Month::of(valid_from))? {
        if valid_to.is_none_or(|last| month.first() <= last) {
            jobs::enqueue(
                conn,
                &RentRunJob {
                    month,
                    revise: true,
                },
                now,
            )?;
        }
    }
    audit::record(conn, actor, "rent.rule.recorded", &number, now)?;
    Ok(number)
}
