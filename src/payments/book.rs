//! Entering payments (入帳): each once, however it came.
//!
//! * A channel's reference is paid once for ever. The same again is a duplicate; the same with
//!   another amount or account contradicts, and nothing that came with it is entered.
//! * What comes for an account that is nobody's, or is too much for one household, is money in
//!   suspense.
//! * What a channel told as it happened is settled by a line of its file: the line pays nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{Channel, Fate, Payment, PaymentError, Terms, Told};
use super::rules::{counted, fit, is_amount};
use super::store::payments::Before;
use super::{events, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{PaymentFileId, PaymentId, TransferId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::working_day::Holidays;
use crate::ledger::{self, Account, General, Source, Transfer, TransferKind};
use crate::platform::auth::Actor;
use crate::platform::calendar;
use crate::tenancy;

/// How payments came.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// By lines of a file: the one after so many, and those that follow it. One that contradicts
    /// what was paid before is left out where somebody has said so.
    File {
        id: PaymentFileId,
        after: i32,
        in_part: bool,
    },
    /// Told as they happened.
    Told(&'a Actor),
}

/// The payment that `channel` knows by `reference`.
#[must_use]
pub fn paid_by(channel: Channel, reference: &str) -> PaymentId {
    PaymentId::derived(&format!("{channel}/{reference}"))
}

/// The transfer that posted `payment`, to a household or into suspense.
#[must_use]
pub fn posted_by(payment: PaymentId) -> TransferId {
    TransferId::derived(&format!("{}/{payment}/", TransferKind::Payment))
}

/// Enters what `channel` told as it happened; the fate of each, in their order.
///
/// Safe to call again with the same, at the same time too: whoever comes second must do its
/// transaction anew when `payment_pkey` refuses it.
pub fn enter_told(
    conn: &mut PgConnection,
    channel: Channel,
    told: Vec<Told>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<Fate>, PaymentError> {
    for one in &told {
        fit(one, now).map_err(PaymentError::Unfit)?;
    }
    // Debits come many at a time, and the bank's statement may be posted meanwhile: one waits for
    // the other, and then sees what it has entered.
    if channel.is_direct_debit() {
        store::files::hold(conn, channel)?;
    }
    let today = hong_kong_date(now);
    enter(conn, (channel, today), told, Way::Told(actor), now)
}

/// To which account, and how much, `channel` was paid by those of `references` that it was paid by
/// before.
pub fn paid_before(
    conn: &mut PgConnection,
    channel: Channel,
    references: &[&str],
) -> Result<HashMap<String, (String, Money)>, PaymentError> {
    let paid = store::payments::before(conn, channel, references)?.into_iter();
    Ok(paid
        .map(|(reference, paid)| (reference, (paid.account, paid.amount)))
        .collect())
}

/// Enters those of `told` that were not paid before, on the terms of `day`; the fate of each, in
/// their order. When one contradicts, nothing was written.
pub(super) fn enter(
    conn: &mut PgConnection,
    (channel, day): (Channel, NaiveDate),
    told: Vec<Told>,
    way: Way<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Fate>, PaymentError> {
    let references: Vec<&str> = told.iter().map(|one| one.reference.as_str()).collect();
    let mut before = store::payments::before(conn, channel, &references)?;
    let entry = Entry {
        channel,
        way,
        now,
        dated: Dated::of(conn, channel, day, &told)?,
        homes: homes(conn, &told)?,
    };
    let mut fates = Vec::with_capacity(told.len());
    let (mut payments, mut settled) = (Vec::with_capacity(told.len()), Vec::new());
    for (at, one) in (0..).zip(told) {
        let fate = entry.fate(&mut before, at, &one)?;
        match fate {
            Fate::Duplicate | Fate::Contradicts => {}
            Fate::Settled => settled.push((one.reference, at)),
            Fate::Posted | Fate::Suspense => payments.push(entry.payment(one, at)),
        }
        fates.push(fate);
    }
    // Its key refuses what another has entered meanwhile, before the ledger is asked.
    store::payments::add(conn, &payments)?;
    match way {
        Way::File {
            id: file, after, ..
        } => {
            store::payments::settle(conn, channel, (file, after), &settled)?;
        }
        Way::Told(_) => events::told(conn, &payments, now)?,
    }
    let months: BTreeSet<Month> = payments
        .iter()
        .map(|payment| Month::of(payment.value_on))
        .collect();
    for month in months {
        ledger::open_months(conn, month, month)?;
    }
    let transfers: Vec<Transfer> = payments.iter().map(transfer).collect();
    ledger::post(conn, &transfers, now)?;
    Ok(fates)
}

/// Which of the accounts are somebody's.
fn homes(conn: &mut PgConnection, told: &[Told]) -> Result<HashSet<TenantCode>, PaymentError> {
    let codes = told.iter().filter_map(|one| one.account.parse().ok());
    let known = tenancy::known(conn, &codes.collect::<Vec<_>>())?;
    Ok(known.into_iter().collect())
}

/// What payments are entered by.
struct Entry<'a> {
    channel: Channel,
    way: Way<'a>,
    now: DateTime<Utc>,
    dated: Dated,
    homes: HashSet<TenantCode>,
}

impl Entry<'_> {
    /// What becomes of `told`, the one after `at` others, given what was paid `before`; notes it
    /// there.
    fn fate(
        &self,
        before: &mut HashMap<String, Before>,
        at: i32,
        told: &Told,
    ) -> Result<Fate, PaymentError> {
        let (by_file, in_part) = match self.way {
            Way::File { in_part, .. } => (true, in_part),
            Way::Told(_) => (false, false),
        };
        let Some(paid) = before.get_mut(&told.reference) else {
            let paid = Before {
                account: told.account.clone(),
                amount: told.amount,
                awaits_its_line: !by_file,
            };
            before.insert(told.reference.clone(), paid);
            return Ok(match self.home(told) {
                Some(_) => Fate::Posted,
                None => Fate::Suspense,
            });
        };
        if (&paid.account, paid.amount) != (&told.account, told.amount) {
            if in_part {
                return Ok(Fate::Contradicts);
            }
            return Err(PaymentError::Contradicts {
                at,
                reference: told.reference.clone(),
            });
        }
        if by_file && paid.awaits_its_line {
            paid.awaits_its_line = false;
            return Ok(Fate::Settled);
        }
        Ok(Fate::Duplicate)
    }

    /// Whose account it is, if anybody's. No household pays so much that its balance overflows:
    /// it is a sum for many, or a mistake.
    fn home(&self, told: &Told) -> Option<TenantCode> {
        let code = told.account.parse().ok();
        code.filter(|code| is_amount(told.amount) && self.homes.contains(code))
    }

    fn payment(&self, told: Told, at: i32) -> Payment {
        let (file, line, told_by, place) = match self.way {
            Way::File {
                id: file, after, ..
            } => {
                let line = after.saturating_add(at).saturating_add(1);
                (Some(file), Some(line), None, None)
            }
            Way::Told(actor) => {
                let told_by = actor.as_str().to_owned();
                (None, None, Some(told_by), Some(told.place.clone()))
            }
        };
        Payment {
            id: paid_by(self.channel, &told.reference),
            channel: self.channel,
            value_on: self.dated.value_on(told.instructed_at),
            household: self.home(&told),
            reference: told.reference,
            account: told.account,
            amount: told.amount,
            instructed_at: told.instructed_at,
            file,
            line,
            recorded_at: self.now,
            told_by,
            place,
        }
    }
}

/// What decides from when payments count.
struct Dated {
    terms: Terms,
    holidays: Holidays,
}

impl Dated {
    fn of(
        conn: &mut PgConnection,
        channel: Channel,
        day: NaiveDate,
        told: &[Told],
    ) -> Result<Self, PaymentError> {
        let mut open = store::terms_on(conn, day)?.into_iter();
        let terms = open.find(|terms| terms.channel == channel);
        let first = told
            .iter()
            .map(|one| hong_kong_date(one.instructed_at))
            .min();
        Ok(Self {
            terms: terms.ok_or(PaymentError::Closed(channel, day))?,
            holidays: calendar::holidays(conn, first.unwrap_or(day), day)?,
        })
    }

    fn value_on(&self, instructed_at: DateTime<Utc>) -> NaiveDate {
        counted(&self.terms, instructed_at, &self.holidays).value_on
    }
}

/// Off what the household owes, or into suspense.
fn transfer(payment: &Payment) -> Transfer {
    let to = payment
        .household
        .map_or(Account::General(General::Suspense), Account::Household);
    let from = Account::General(payment.channel.clearing());
    let source = Source {
        id: payment.id.as_uuid(),
        part: "",
    };
    let dates = (payment.value_on, payment.recorded_at);
    Transfer::of(
        (from, to),
        payment.amount,
        TransferKind::Payment,
        source,
        dates,
    )
}
