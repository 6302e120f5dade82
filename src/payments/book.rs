//! Entering payments (入帳): each once, however it came.
//!
//! * A channel's reference is paid once for ever: the key of a payment is derived from both. The
//!   same again is a duplicate; the same with another amount or account contradicts. Whether what
//!   came with it is entered is for whoever brings it to say.
//! * All is decided before anything is written, and each statement is for all that came together.
//! * What comes for an account that is nobody's, or is too much for one household, is money in
//!   suspense.
//! * What a channel told as it happened is settled by a line of its file: the line pays nothing.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{Channel, Fate, Payment, PaymentError, Terms, Told, paid_by};
use super::rules::{counted, fit, is_amount};
use super::store::payments::{Before, Settlement};
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

/// How a payment came.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// By this line of a file.
    Line(PaymentFileId, i32),
    /// Told as it happened, by whom.
    Told(&'a Actor),
}

/// A payment that came.
#[derive(Debug)]
pub(super) struct Coming<'a> {
    pub channel: Channel,
    pub told: Told,
    pub way: Way<'a>,
}

impl Coming<'_> {
    fn payment(&self) -> PaymentId {
        paid_by(self.channel, &self.told.reference)
    }
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
    let way = Way::Told(actor);
    let coming = told.into_iter().map(|told| Coming { channel, told, way });
    let dates = (hong_kong_date(now), now);
    Entries::of(conn, coming.collect(), dates)?.write_all(conn)
}

/// To which account, and how much, `channel` was paid by those of `references` that it was paid by
/// before.
pub fn paid_before(
    conn: &mut PgConnection,
    channel: Channel,
    references: &[&str],
) -> Result<HashMap<String, (String, Money)>, PaymentError> {
    let named = references.iter().map(|one| (*one, paid_by(channel, one)));
    let named: Vec<(&str, PaymentId)> = named.collect();
    let ids: Vec<PaymentId> = named.iter().map(|(_, id)| *id).collect();
    let paid = store::payments::before(conn, &ids)?;
    let told = named.into_iter().filter_map(|(reference, id)| {
        let paid = paid.get(&id)?;
        Some((reference.to_owned(), (paid.account.clone(), paid.amount)))
    });
    Ok(told.collect())
}

/// What becomes of payments that came: decided, and nothing written yet.
pub(super) struct Entries {
    fates: Vec<Result<Fate, PaymentError>>,
    payments: Vec<Payment>,
    transfers: Vec<Transfer>,
    settled: Vec<Settlement>,
    now: DateTime<Utc>,
}

impl Entries {
    /// Decides of each of `coming`, on the terms of `day`: its fate, or why it is refused.
    pub fn of(
        conn: &mut PgConnection,
        coming: Vec<Coming<'_>>,
        (day, now): (NaiveDate, DateTime<Utc>),
    ) -> Result<Self, PaymentError> {
        let ids = coming.iter().map(Coming::payment);
        let ids: Vec<PaymentId> = ids.collect();
        let mut before = store::payments::before(conn, &ids)?;
        let dated = Dated::of(conn, day, &coming)?;
        let homes = homes(conn, &coming)?;
        let mut entries = Self {
            fates: Vec::with_capacity(coming.len()),
            payments: Vec::with_capacity(coming.len()),
            transfers: Vec::new(),
            settled: Vec::new(),
            now,
        };
        for ((at, one), id) in (0..).zip(coming).zip(ids) {
            let terms = dated.terms(one.channel);
            let fate = terms.and_then(|terms| {
                let home = home(&one.told, &homes);
                let fate = fate(before.entry(id), at, &one, home)?;
                match (fate, one.way) {
                    (Fate::Posted | Fate::Suspense, _) => {
                        let value_on = dated.value_on(terms, &one.told);
                        entries
                            .payments
                            .push(payment(id, one, home, (value_on, now)));
                    }
                    (Fate::Settled, Way::Line(file, line)) => entries.settled.push(Settlement {
                        payment: id,
                        file,
                        line,
                    }),
                    _ => {}
                }
                Ok(fate)
            });
            entries.fates.push(fate);
        }
        // In one order everywhere: two that enter the same never wait for each other in a circle.
        entries.payments.sort_unstable_by_key(|payment| payment.id);
        entries.transfers = entries.payments.iter().map(transfer).collect();
        Ok(entries)
    }

    /// As they are when they are written at `now`, some time after they were decided.
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.now = now;
        for payment in &mut self.payments {
            payment.recorded_at = now;
        }
        for transfer in &mut self.transfers {
            transfer.booked_at = now;
        }
        self
    }

    /// Enters what is not refused; what became of each, in their order.
    pub fn write(
        self,
        conn: &mut PgConnection,
    ) -> Result<Vec<Result<Fate, PaymentError>>, PaymentError> {
        let (payments, now) = (&self.payments, self.now);
        // Its key refuses what another has entered meanwhile, before the ledger is asked.
        store::payments::add(conn, payments)?;
        store::payments::settle(conn, &self.settled)?;
        events::told(conn, payments, now)?;
        let months = payments.iter().map(|payment| Month::of(payment.value_on));
        for month in months.collect::<BTreeSet<_>>() {
            ledger::open_months(conn, month, month)?;
        }
        ledger::post(conn, &self.transfers, now)?;
        Ok(self.fates)
    }

    /// Enters all, or nothing for the first that is refused; the fate of each, in their order.
    pub fn write_all(mut self, conn: &mut PgConnection) -> Result<Vec<Fate>, PaymentError> {
        let fates: Vec<Fate> = std::mem::take(&mut self.fates)
            .into_iter()
            .collect::<Result<_, _>>()?;
        self.write(conn)?;
        Ok(fates)
    }
}

/// Which of the accounts are somebody's.
fn homes(
    conn: &mut PgConnection,
    coming: &[Coming<'_>],
) -> Result<HashSet<TenantCode>, PaymentError> {
    let codes = coming
        .iter()
        .filter_map(|one| one.told.account.parse().ok());
    let known = tenancy::known(conn, &codes.collect::<Vec<_>>())?;
    Ok(known.into_iter().collect())
}

/// Whose account it is, if anybody's. No household pays so much that its balance overflows: it is
/// a sum for many, or a mistake.
fn home(told: &Told, homes: &HashSet<TenantCode>) -> Option<TenantCode> {
    let code = told.account.parse().ok();
    code.filter(|code| is_amount(told.amount) && homes.contains(code))
}

/// What becomes of `one`, which came after `at` others and is for `home`, given what was paid
/// `before`; notes it there.
fn fate(
    before: Entry<'_, PaymentId, Before>,
    at: i32,
    one: &Coming<'_>,
    home: Option<TenantCode>,
) -> Result<Fate, PaymentError> {
    let Coming { told, way, .. } = one;
    let by_line = matches!(way, Way::Line(..));
    let mut paid = match before {
        Entry::Occupied(paid) => paid,
        Entry::Vacant(unpaid) => {
            unpaid.insert(Before {
                account: told.account.clone(),
                amount: told.amount,
                awaits_its_line: !by_line,
            });
            return Ok(home.map_or(Fate::Suspense, |_| Fate::Posted));
        }
    };
    let paid = paid.get_mut();
    if (&paid.account, paid.amount) != (&told.account, told.amount) {
        return Err(PaymentError::Contradicts {
            at,
            reference: told.reference.clone(),
        });
    }
    if by_line && paid.awaits_its_line {
        paid.awaits_its_line = false;
        return Ok(Fate::Settled);
    }
    Ok(Fate::Duplicate)
}

fn payment(
    id: PaymentId,
    one: Coming<'_>,
    home: Option<TenantCode>,
    (value_on, now): (NaiveDate, DateTime<Utc>),
) -> Payment {
    let Coming { channel, told, way } = one;
    let (file, line, told_by, place) = match way {
        Way::Line(file, line) => (Some(file), Some(line), None, None),
        Way::Told(actor) => (
            None,
            None,
            Some(actor.as_str().to_owned()),
            Some(told.place),
        ),
    };
    Payment {
        id,
        channel,
        value_on,
        household: home,
        reference: told.reference,
        account: told.account,
        amount: told.amount,
        instructed_at: told.instructed_at,
        file,
        line,
        recorded_at: now,
        told_by,
        place,
    }
}

/// What decides from when payments count.
struct Dated {
    day: NaiveDate,
    terms: Vec<Terms>,
    holidays: Holidays,
}

impl Dated {
    fn of(
        conn: &mut PgConnection,
        day: NaiveDate,
        coming: &[Coming<'_>],
    ) -> Result<Self, PaymentError> {
        let told = coming.iter().map(|one| one.told.instructed_at);
        let first = told.min().map_or(day, hong_kong_date);
        Ok(Self {
            day,
            terms: store::terms_on(conn, day)?,
            holidays: calendar::holidays(conn, first, day)?,
        })
    }

    /// The terms of `channel`, when it is open.
    fn terms(&self, channel: Channel) -> Result<&Terms, PaymentError> {
        let open = self.terms.iter().find(|terms| terms.channel == channel);
        open.ok_or(PaymentError::Closed(channel, self.day))
    }

    fn value_on(&self, terms: &Terms, told: &Told) -> NaiveDate {
        counted(terms, told.instructed_at, &self.holidays).value_on
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
