//! Collections: ordered, released by a second person or withdrawn, and taken to the bank.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{AutopayError, Collection, CollectionState, Rail};
use super::{rules, store};
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::id::CollectionId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Actor;
use crate::platform::{audit, calendar};
use crate::tenancy;

/// Households that are looked at at once.
const AT_ONCE: i64 = 4_096;

/// Orders the collection of `month`: the first, or one for what is tried again.
pub fn order(
    conn: &mut PgConnection,
    actor: &Actor,
    (month, rail): (Month, Rail),
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    let (today, this_month) = (hong_kong_date(now), hong_kong_month(now));
    if month != this_month && month != this_month.next() {
        return Err(AutopayError::OutsideMonths(month));
    }
    let policy = store::policy_on(conn, rail, month.last())?;
    let holidays = calendar::holidays(conn, today, month.last())?;
    let collection = Collection {
        id: CollectionId::fresh(),
        month,
        rail,
        run: store::last_run(conn, month, rail)?.saturating_add(1),
        collect_on: rules::collect_on(&policy, month, today, &holidays),
        policy: policy.row.number,
        state: CollectionState::Preparing,
        total: store::count_active(conn, rail)?,
        looked_at: 0,
        through: 0,
        lines: 0,
        amount: Money::ZERO,
        bytes: None,
        sha256: None,
        requested_by: actor.as_str().to_owned(),
        requested_at: now,
        prepared_at: None,
        decided_by: None,
        decided_at: None,
    };
    store::add_collection(conn, &collection)?;
    audit::record(
        conn,
        actor,
        "autopay.collection.ordered",
        &collection.id,
        now,
    )?;
    Ok(collection)
}

/// Releases the file with this digest: a second person, while the bank still has it in time.
pub fn release(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, sha256): (CollectionId, &[u8]),
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    let collection = store::lock_collection(conn, id)?;
    if collection.state != CollectionState::Prepared {
        return Err(AutopayError::Collection(collection.state));
    }
    if collection.lines == 0 {
        return Err(AutopayError::NothingToCollect);
    }
    if collection.requested_by == actor.as_str() {
        return Err(AutopayError::OwnCollection);
    }
    if collection.sha256.as_deref() != Some(sha256) {
        return Err(AutopayError::OtherDigest);
    }
    let lapsed = lapsed(conn, &collection)?;
    if lapsed > 0 {
        return Err(AutopayError::Lapsed(lapsed));
    }
    let today = hong_kong_date(now);
    let policy = store::policy(conn, collection.policy)?;
    let holidays = calendar::holidays(
        conn,
        today.min(collection.collect_on),
        collection.collect_on,
    )?;
    let last = rules::release_by(&policy, collection.collect_on, &holidays);
    if today > last {
        return Err(AutopayError::TooLate(last));
    }
    decide(conn, actor, collection, CollectionState::Released, now)
}

/// How many debits of `collection` are by a mandate that is not in force any more, or of a household
/// that no longer lives with us on the day.
fn lapsed(conn: &mut PgConnection, collection: &Collection) -> Result<i64, AutopayError> {
    let (mut lapsed, mut after) = (0, 0);
    loop {
        let debited = store::debited_households(conn, collection.id, after, AT_ONCE)?;
        let Some((last, _)) = debited.last() else {
            return Ok(lapsed);
        };
        after = last.number();
        let codes: Vec<TenantCode> = debited.iter().map(|(code, _)| *code).collect();
        let until: HashMap<_, _> = tenancy::lives_until(conn, &codes)?.into_iter().collect();
        let lives = |code| {
            until
                .get(code)
                .is_some_and(|until| *until >= collection.collect_on)
        };
        let gone = debited
            .iter()
            .filter(|(code, holds)| !holds || !lives(code));
        lapsed += i64::try_from(gone.count()).unwrap_or_default();
    }
}

/// Withdraws a collection that was not released, whether it is prepared already or not: it is never
/// sent.
pub fn withdraw(
    conn: &mut PgConnection,
    actor: &Actor,
    id: CollectionId,
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    let collection = store::lock_collection(conn, id)?;
    match collection.state {
        CollectionState::Preparing | CollectionState::Prepared => {
            decide(conn, actor, collection, CollectionState::Withdrawn, now)
        }
        state => Err(AutopayError::Collection(state)),
    }
}

fn decide(
    conn: &mut PgConnection,
    actor: &Actor,
    collection: Collection,
    state: CollectionState,
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    let collection = Collection {
        state,
        decided_by: Some(actor.as_str().to_owned()),
        decided_at: Some(now),
        ..collection
    };
    store::save_collection(conn, &collection)?;
    let action = match state {
        CollectionState::Released => "autopay.collection.released",
        _ => "autopay.collection.withdrawn",
    };
    audit::record(conn, actor, action, &collection.id, now)?;
    Ok(collection)
}

/// The released collection whose file is taken; that it was is on record.
pub fn take(
    conn: &mut PgConnection,
    actor: &Actor,
    id: CollectionId,
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    let what = (CollectionState::Released, "autopay.file.taken");
    read(conn, actor, id, what, now)
}

/// The prepared collection whose file is looked at before it is released; that it was is on record.
pub fn look_at(
    conn: &mut PgConnection,
    actor: &Actor,
    id: CollectionId,
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    let what = (CollectionState::Prepared, "autopay.file.looked_at");
    read(conn, actor, id, what, now)
}

fn read(
    conn: &mut PgConnection,
    actor: &Actor,
    id: CollectionId,
    (state, action): (CollectionState, &'static str),
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    let collection = store::collection(conn, id)?;
    if collection.state != state {
        return Err(AutopayError::Collection(collection.state));
    }
    audit::record(conn, actor, action, &id, now)?;
    Ok(collection)
}
