//! Preparing a collection: whom it debits, a chunk of mandates at a time, and then its file.
//!
//! * Each chunk is one transaction, and says up to which household it came: killed or stopped
//!   anywhere, the next run goes on. The file is one transaction more, from what is frozen.
//! * Collections are decided one after the other: what one has taken is on its way for the next.
//! * While a chunk is written, the next is looked at, on a connection of its own. Its households are
//!   others.
//! * What is on its way, from the bank or the Social Welfare Department, is read before what is
//!   due. An answer between the two readings makes a debit too small or none, never one too many.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::file::write_file;
use super::model::{AutopayError, Collection, CollectionState, LeftOut, Line, Omission, Policy};
use super::rules::{self, Tried};
use super::store::InForce;
use super::{commands, store};
use crate::cssa::{self, ToCome};
use crate::kernel::ahead::ahead;
use crate::kernel::clock::{Clock, hong_kong_date};
use crate::kernel::id::CollectionId;
use crate::kernel::money::Money;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::watch::Watch;
use crate::kernel::working_day::Holidays;
use crate::payments::files::DebitReference;
use crate::platform::calendar;
use crate::platform::db::{self, reach_in, transact};
use crate::platform::vault::Vault;
use crate::rent::{self, RentError, RuleShelf};
use crate::tenancy;

/// Mandates that are looked at in one transaction.
const AT_ONCE: i64 = 4_096;

/// Prepares what is left of collection `id`, until told to stop; the collection as it is then.
///
/// `url` is where `conn` leads, for a second connection.
pub fn prepare(
    (conn, url): (&mut PgConnection, &str),
    vault: &Vault,
    shelf: &RuleShelf,
    (id, clock): (CollectionId, &dyn Clock),
    watch: &dyn Watch,
) -> Result<Collection, AutopayError> {
    // Two collections at once would both take what a household owes of an earlier month.
    let decided = store::holding_lines(conn, |conn| {
        decide_all((conn, url), shelf, (id, clock), watch)
    });
    match decided? {
        (_, true) => transact(conn, |conn| write_file((conn, url), vault, id, clock.now())),
        (collection, false) => Ok(collection),
    }
}

/// Decides whom to debit, until told to stop; whether of all.
fn decide_all(
    (conn, url): (&mut PgConnection, &str),
    shelf: &RuleShelf,
    (id, clock): (CollectionId, &dyn Clock),
    watch: &dyn Watch,
) -> Result<(Collection, bool), AutopayError> {
    let ordered = store::collection(conn, id)?;
    let look = |give: &dyn Fn(Chunk) -> bool| look_ahead(url, shelf, (&ordered, clock), give);
    ahead(look, |looked_at| {
        loop {
            let (ready, now) = (looked_at.next(), clock.now());
            let (collection, is_last) =
                transact(conn, |conn| decide_chunk(conn, shelf, (id, ready), now))?;
            watch.progress(collection.looked_at, collection.total);
            if is_last || watch.stopped() {
                return Ok((collection, is_last));
            }
        }
    })
}

/// Looks at the mandates of a collection, chunk by chunk when there are several, and gives each.
/// What fails is tried again when its turn comes, and told then.
fn look_ahead(
    url: &str,
    shelf: &RuleShelf,
    (collection, clock): (&Collection, &dyn Clock),
    give: &dyn Fn(Chunk) -> bool,
) {
    let left = collection.total.saturating_sub(collection.looked_at);
    if collection.state != CollectionState::Preparing || left <= AT_ONCE {
        return;
    }
    let Ok(mut conn) = db::connect(url) else {
        return;
    };
    let mut after = collection.through;
    loop {
        let looked = transact(&mut conn, |conn| {
            reach_in(conn, &Reach::Everywhere)?;
            Chunk::of(conn, shelf, (collection, after), clock.now())
        });
        let Ok(Some(chunk)) = looked else {
            return;
        };
        after = chunk.through;
        if !give(chunk) {
            return;
        }
    }
}

/// Decides of the next mandates of collection `id`, which `ready` may hold; whether there were none.
fn decide_chunk(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    (id, ready): (CollectionId, Option<Chunk>),
    now: DateTime<Utc>,
) -> Result<(Collection, bool), AutopayError> {
    reach_in(conn, &Reach::Everywhere)?;
    let collection = store::lock_collection(conn, id)?;
    if collection.state != CollectionState::Preparing {
        return Ok((collection, true));
    }
    let chunk = match ready.filter(|chunk| chunk.after == collection.through) {
        Some(ready) => Some(ready),
        None => Chunk::of(conn, shelf, (&collection, collection.through), now)?,
    };
    let Some(chunk) = chunk else {
        return Ok((collection, true));
    };
    let (mut lines, mut omissions, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for mandate in &chunk.mandates {
        match chunk.facts.decide(&collection, mandate) {
            Ok(line) => lines.push(line),
            Err(omission) => omissions.push(omission),
        }
        if chunk.facts.lives_until(mandate.household) < hong_kong_date(now) {
            gone.push(mandate.id);
        }
    }
    store::add_lines(conn, &lines)?;
    store::add_left_out(conn, &omissions)?;
    commands::end_all(conn, &gone, "the tenancy ended", now)?;
    let amount = Money::sum(lines.iter().map(|line| line.amount))?;
    let looked_at = count(chunk.mandates.len());
    let collection = Collection {
        through: chunk.through,
        looked_at: collection.looked_at.saturating_add(looked_at),
        lines: collection.lines.saturating_add(count(lines.len())),
        amount: collection.amount.checked_add(amount)?,
        ..collection
    };
    store::save_collection(conn, &collection)?;
    Ok((collection, false))
}

/// The mandates of the households after one, as many as are decided at once, and what is known of
/// them.
struct Chunk {
    after: i64,
    through: i64,
    mandates: Vec<InForce>,
    facts: Facts,
}

impl Chunk {
    /// `None` when there are no more.
    fn of(
        conn: &mut PgConnection,
        shelf: &RuleShelf,
        (collection, after): (&Collection, i64),
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, AutopayError> {
        let mandates = store::to_collect(conn, collection.rail, after, AT_ONCE)?;
        let Some(last) = mandates.last() else {
            return Ok(None);
        };
        Ok(Some(Self {
            after,
            through: last.household.number(),
            facts: Facts::of(conn, shelf, collection, &mandates, now)?,
            mandates,
        }))
    }
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
        mandates: &[InForce],
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
    fn decide(&self, collection: &Collection, mandate: &InForce) -> Result<Line, Omission> {
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
