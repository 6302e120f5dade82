//! Preparing a collection: whom it debits, a chunk of mandates at a time, and then its file.
//!
//! * Each chunk is one transaction, and says up to which household it came: killed or stopped
//!   anywhere, the next run goes on. The file is one transaction more, from what is frozen.
//! * Chunks of whichever collections are decided one after the other: what one has taken is on its
//!   way for the next.
//! * What is on its way, from the bank or the Social Welfare Department, is read before what is
//!   due. An answer between the two readings makes a
//!   debit too small or none, never one too many.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::file::write_file;
use super::model::{
    AutopayError, Collection, CollectionState, LeftOut, Line, Mandate, Omission, Policy,
};
use super::rules::{self, Tried};
use super::{commands, store};
use crate::cssa::{self, ToCome};
use crate::kernel::clock::{Clock, hong_kong_date};
use crate::kernel::id::CollectionId;
use crate::kernel::money::Money;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::watch::Watch;
use crate::kernel::working_day::Holidays;
use crate::payments::files::DebitReference;
use crate::platform::calendar;
use crate::platform::db::{reach_in, transact};
use crate::platform::vault::Vault;
use crate::rent::{self, RentError, RuleShelf};
use crate::tenancy;

/// Mandates that are looked at in one transaction.
const AT_ONCE: i64 = 4_096;

/// Prepares what is left of collection `id`, until told to stop; the collection as it is then.
pub fn prepare(
    conn: &mut PgConnection,
    vault: &Vault,
    shelf: &RuleShelf,
    (id, clock): (CollectionId, &dyn Clock),
    watch: &dyn Watch,
) -> Result<Collection, AutopayError> {
    loop {
        let (collection, is_last) = transact(conn, |conn| chunk(conn, shelf, id, clock.now()))?;
        watch.progress(collection.looked_at, collection.total);
        if is_last {
            break;
        }
        if watch.stopped() {
            return Ok(collection);
        }
    }
    transact(conn, |conn| write_file(conn, vault, id, clock.now()))
}

/// Looks at the next mandates of collection `id`; whether those were the last.
fn chunk(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    id: CollectionId,
    now: DateTime<Utc>,
) -> Result<(Collection, bool), AutopayError> {
    reach_in(conn, &Reach::Everywhere)?;
    // Two collections at once would both take what a household owes of an earlier month.
    store::hold_lines(conn)?;
    let collection = store::lock_collection(conn, id)?;
    if collection.state != CollectionState::Preparing {
        return Ok((collection, true));
    }
    let mandates = store::to_collect(conn, collection.rail, collection.through, AT_ONCE)?;
    let Some(last) = mandates.last().map(|mandate| mandate.household) else {
        return Ok((collection, true));
    };
    let facts = Facts::of(conn, shelf, &collection, &mandates, now)?;
    let (mut lines, mut omissions, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for mandate in &mandates {
        match facts.decide(&collection, mandate) {
            Ok(line) => lines.push(line),
            Err(omission) => omissions.push(omission),
        }
        if facts.lives_until(mandate.household) < hong_kong_date(now) {
            gone.push(mandate.id);
        }
    }
    store::add_lines(conn, &lines)?;
    store::add_left_out(conn, &omissions)?;
    commands::end_all(conn, &gone, "the tenancy ended", now)?;
    let amount = Money::sum(lines.iter().map(|line| line.amount))?;
    let collection = Collection {
        through: last.number(),
        looked_at: collection.looked_at.saturating_add(count(mandates.len())),
        lines: collection.lines.saturating_add(count(lines.len())),
        amount: collection.amount.checked_add(amount)?,
        ..collection
    };
    store::save_collection(conn, &collection)?;
    Ok((collection, false))
}

/// What is known of the households of a chunk.
struct Facts {
    policy: Policy,
    holidays: Holidays,
    lives_until: HashMap<TenantCode, NaiveDate>,
    tried: HashMap<TenantCode, Vec<Tried>>,
    on_their_way: HashMap<TenantCode, Money>,
    /// What the Social Welfare Department has still to pay.
    cssa: HashMap<TenantCode, ToCome>,
    due: HashMap<TenantCode, Result<Money, RentError>>,
}

impl Facts {
    fn of(
        conn: &mut PgConnection,
        shelf: &RuleShelf,
        collection: &Collection,
        mandates: &[Mandate],
        now: DateTime<Utc>,
    ) -> Result<Self, AutopayError> {
        let codes: Vec<TenantCode> = mandates.iter().map(|mandate| mandate.household).collect();
        let month = collection.month;
        let mut tried: HashMap<_, Vec<_>> = HashMap::new();
        for (code, one) in store::attempts(conn, &codes, month)? {
            tried.entry(code).or_default().push(one);
        }
        // Before what is due, and not after it.
        let on_their_way = store::on_their_way(conn, &codes, month)?;
        let cssa = cssa::to_come(conn, &codes, month)?;
        let due = rent::dues(conn, shelf, &codes, (month, now))?;
        // Back to the first attempt of the month, of which retries are counted.
        let first = month.minus(1).first();
        Ok(Self {
            policy: store::policy(conn, collection.policy)?,
            holidays: calendar::holidays(conn, first, collection.collect_on)?,
            lives_until: tenancy::lives_until(conn, &codes)?.into_iter().collect(),
            tried,
            on_their_way: on_their_way.into_iter().collect(),
            cssa,
            due: due.into_iter().collect(),
        })
    }

    /// The last day on which the household lives somewhere of ours.
    fn lives_until(&self, code: TenantCode) -> NaiveDate {
        self.lives_until
            .get(&code)
            .copied()
            .unwrap_or(NaiveDate::MIN)
    }

    /// What to debit by `mandate`, or why not.
    fn decide(&self, collection: &Collection, mandate: &Mandate) -> Result<Line, Omission> {
        let code = mandate.household;
        let due = match self.due.get(&code) {
            Some(Ok(due)) => Some(*due),
            _ => None,
        };
        let omit = |reason| Omission {
            collection: collection.id,
            household: code,
            reason,
            due,
        };
        if self.lives_until(code) < collection.collect_on {
            return Err(omit(LeftOut::TenancyEnded));
        }
        let tried = self.tried.get(&code).map(Vec::as_slice).unwrap_or_default();
        let when = (collection.collect_on, &self.holidays);
        let attempt = rules::next_attempt(tried, mandate.id, &self.policy, when).map_err(omit)?;
        let on_its_way = self.on_their_way.get(&code).copied().unwrap_or_default();
        let due = due.ok_or_else(|| omit(LeftOut::NoRate))?;
        let cssa = self.cssa.get(&code).copied();
        let amount = rules::amount(due, (on_its_way, cssa), mandate.at_most).map_err(omit)?;
        let called = DebitReference {
            month: collection.month,
            code,
            attempt,
        };
        Ok(Line {
            collection: collection.id,
            household: code,
            month: collection.month,
            attempt,
            mandate: mandate.id,
            reference: called.to_string(),
            amount,
        })
    }
}

/// As PostgreSQL counts.
pub(super) fn count<T: TryFrom<usize> + Default>(number: usize) -> T {
    T::try_from(number).unwrap_or_default()
}
