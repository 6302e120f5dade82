//! Changes to mandates. Each runs inside the caller's transaction, with the caller's reach set
//! in it: lock, decide, save, note what happened, record.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{AutopayError, Happened, Mandate, MandateEvent, MandateState, Rail};
use super::payer::Payer;
use super::tell::lives;
use super::{sealing, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::MandateId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::vault::Vault;

/// A mandate to propose.
#[derive(Debug, Clone)]
pub struct NewMandate {
    pub code: TenantCode,
    pub rail: Rail,
    pub payer: Payer,
    /// The most that one debit may be.
    pub at_most: Option<Money>,
}

/// Which mandate of which household a change is of, and the version that the caller read.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    pub code: TenantCode,
    pub id: MandateId,
    pub version: i32,
}

/// What a bank says of a mandate.
#[derive(Debug, Clone)]
pub enum BankSays {
    /// By this reference it knows the mandate.
    Yes(String),
    No,
}

/// Proposes a mandate for a household that lives with us.
pub fn propose(
    conn: &mut PgConnection,
    vault: &Vault,
    actor: &Actor,
    new: &NewMandate,
    now: DateTime<Utc>,
) -> Result<Mandate, AutopayError> {
    if new.at_most.is_some_and(|most| most <= Money::ZERO) {
        return Err(AutopayError::Limit);
    }
    if !lives(conn, new.code, now)? {
        return Err(AutopayError::NoTenancy);
    }
    store::policy_on(conn, new.rail, hong_kong_date(now))?;
    let id = MandateId::fresh();
    let sealed = sealing::seal(conn, vault, id, &new.payer, now)?;
    let mandate = Mandate {
        id,
        household: new.code,
        rail: new.rail,
        bank: new.payer.bank.clone().into(),
        ending: new.payer.account.ending().to_owned(),
        account: sealed.account,
        holder: sealed.holder,
        at_most: new.at_most,
        state: MandateState::Proposed,
        bank_reference: None,
        active_since: None,
        proposed_at: now,
        version: 1,
    };
    store::add_mandate(conn, &mandate)?;
    note(conn, actor, &mandate, (MandateEvent::Proposed, None), now)?;
    Ok(mandate)
}

/// Takes the bank's answer: yes puts the mandate in force, also one that was suspended; no ends it.
pub fn answer(
    conn: &mut PgConnection,
    actor: &Actor,
    read: Read,
    (says, reason): (BankSays, Option<String>),
    now: DateTime<Utc>,
) -> Result<Mandate, AutopayError> {
    let mandate = held(conn, read)?;
    if !matches!(
        mandate.state,
        MandateState::Proposed | MandateState::Suspended
    ) {
        return Err(AutopayError::Mandate(mandate.state));
    }
    let (mandate, event) = match says {
        BankSays::Yes(reference) => {
            if !lives(conn, read.code, now)? {
                return Err(AutopayError::NoTenancy);
            }
            let verified = Mandate {
                state: MandateState::Active,
                bank_reference: Some(reference),
                active_since: Some(now),
                ..mandate
            };
            (verified, MandateEvent::Verified)
        }
        BankSays::No => {
            let state = MandateState::Ended;
            (Mandate { state, ..mandate }, MandateEvent::Declined)
        }
    };
    change(conn, actor, mandate, (event, reason), now)
}

/// Suspends a mandate that is in force.
pub fn suspend(
    conn: &mut PgConnection,
    actor: &Actor,
    read: Read,
    reason: String,
    now: DateTime<Utc>,
) -> Result<Mandate, AutopayError> {
    let mandate = held(conn, read)?;
    if mandate.state != MandateState::Active {
        return Err(AutopayError::Mandate(mandate.state));
    }
    let state = MandateState::Suspended;
    let what = (MandateEvent::Suspended, Some(reason));
    change(conn, actor, Mandate { state, ..mandate }, what, now)
}

/// Ends a mandate, wherever it is.
pub fn end(
    conn: &mut PgConnection,
    actor: &Actor,
    read: Read,
    reason: String,
    now: DateTime<Utc>,
) -> Result<Mandate, AutopayError> {
    let mandate = held(conn, read)?;
    if mandate.state == MandateState::Ended {
        return Err(AutopayError::Mandate(mandate.state));
    }
    let state = MandateState::Ended;
    let what = (MandateEvent::Ended, Some(reason));
    change(conn, actor, Mandate { state, ..mandate }, what, now)
}

/// Suspends those of `mandates` that are in force, on the program's own word; which those were.
pub(super) fn suspend_all(
    conn: &mut PgConnection,
    mandates: &[MandateId],
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<store::Moved>, AutopayError> {
    let to = (MandateState::Suspended, MandateEvent::Suspended);
    move_all(conn, mandates, to, reason, now)
}

/// Ends those of `mandates` that are in force, on the program's own word; which those were.
pub(super) fn end_all(
    conn: &mut PgConnection,
    mandates: &[MandateId],
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<store::Moved>, AutopayError> {
    let to = (MandateState::Ended, MandateEvent::Ended);
    move_all(conn, mandates, to, reason, now)
}

fn move_all(
    conn: &mut PgConnection,
    mandates: &[MandateId],
    (state, event): (MandateState, MandateEvent),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<store::Moved>, AutopayError> {
    if mandates.is_empty() {
        return Ok(Vec::new());
    }
    let actor = Actor::program("autopay");
    let moved = store::move_all(conn, mandates, state)?;
    let happened: Vec<Happened> = moved
        .iter()
        .map(|one| Happened {
            mandate: one.mandate,
            number: one.version,
            event,
            reason: Some(reason.to_owned()),
            actor: actor.as_str().to_owned(),
            at: now,
        })
        .collect();
    store::add_events(conn, &happened)?;
    for one in &moved {
        audit::record(conn, &actor, action(event), &one.mandate, now)?;
    }
    Ok(moved)
}

/// The household's own mandate, locked, still as the caller read it.
fn held(conn: &mut PgConnection, read: Read) -> Result<Mandate, AutopayError> {
    let mandate = store::lock_mandate(conn, read.id)?;
    let mandate = mandate.filter(|mandate| mandate.household == read.code);
    let mandate = mandate.ok_or(AutopayError::NoSuchMandate)?;
    if mandate.version != read.version {
        return Err(AutopayError::Stale);
    }
    Ok(mandate)
}

fn change(
    conn: &mut PgConnection,
    actor: &Actor,
    changed: Mandate,
    what: (MandateEvent, Option<String>),
    now: DateTime<Utc>,
) -> Result<Mandate, AutopayError> {
    let changed = Mandate {
        version: changed.version.saturating_add(1),
        ..changed
    };
    store::save_mandate(conn, &changed)?;
    note(conn, actor, &changed, what, now)?;
    Ok(changed)
}

fn note(
    conn: &mut PgConnection,
    actor: &Actor,
    mandate: &Mandate,
    (event, reason): (MandateEvent, Option<String>),
    now: DateTime<Utc>,
) -> Result<(), AutopayError> {
    let happened = Happened {
        mandate: mandate.id,
        number: mandate.version,
        event,
        reason,
        actor: actor.as_str().to_owned(),
        at: now,
    };
    store::add_events(conn, std::slice::from_ref(&happened))?;
    Ok(audit::record(conn, actor, action(event), &mandate.id, now)?)
}

/// What the trail calls it.
fn action(event: MandateEvent) -> &'static str {
    match event {
        MandateEvent::Proposed => "autopay.mandate.proposed",
        MandateEvent::Verified => "autopay.mandate.verified",
        MandateEvent::Declined => "autopay.mandate.declined",
        MandateEvent::Suspended => "autopay.mandate.suspended",
        MandateEvent::Ended => "autopay.mandate.ended",
    }
}
