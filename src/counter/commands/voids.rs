//! Voiding a receipt: proposed by one person, approved by another.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::days::lock_within;
use crate::counter::model::{CounterError, Taking, Void};
use crate::counter::{rules, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::four_eyes::{Decision, Standing};
use crate::kernel::id::{PaymentId, VoidId};
use crate::kernel::reach::Reach;
use crate::ledger;
use crate::payments::{self, PaymentVoided};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::outbox;

/// Proposes that the receipt of `payment` is void.
pub fn propose_void(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    payment: PaymentId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Void, CounterError> {
    let taking = taken(conn, payment)?;
    let day = lock_within(conn, reach, taking.day).map_err(unseen)?;
    rules::is_open_on(&day, hong_kong_date(now))?;
    for before in store::voids::of(conn, payment)? {
        match before.standing() {
            Standing::Open => return Err(CounterError::NotNow("a proposal for it is open")),
            Standing::Approved => return Err(CounterError::NotNow("it is void")),
            Standing::Refused => {}
        }
    }
    let void = Void {
        id: VoidId::fresh(),
        payment,
        reason: reason.to_owned(),
        proposed_by: actor.as_str().to_owned(),
        proposed_at: now,
        decision: None,
    };
    store::voids::add(conn, &void)?;
    audit::record(conn, actor, "counter.void.proposed", &void.id, now)?;
    Ok(void)
}

/// Approves proposal `id`, reverses the posting, and has the household told; or refuses it for a reason, whenever that is.
pub fn decide_void(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    id: VoidId,
    refused_for: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Void, CounterError> {
    let payment = store::voids::one(conn, id)?.payment;
    let taking = taken(conn, payment)?;
    let day = lock_within(conn, reach, taking.day).map_err(unseen)?;
    // Under the day's lock: what another has decided meanwhile is seen.
    let void = store::voids::one(conn, id)?;
    let (before, by) = (void.decision.as_ref(), (actor.as_str(), now));
    let decision = Decision::make(&[&void.proposed_by], before, refused_for, by)?;
    if decision.approved {
        rules::is_open_on(&day, hong_kong_date(now))?;
        let posted = payments::posted_by(payment);
        ledger::reverse(conn, taking.what.code, posted, &void.reason, actor, now)?;
        tell(conn, &taking, now)?;
    }
    store::voids::decide(conn, &void, &decision)?;
    let action = if decision.approved {
        "counter.void.approved"
    } else {
        "counter.void.refused"
    };
    audit::record(conn, actor, action, &id, now)?;
    Ok(Void {
        decision: Some(decision),
        ..void
    })
}

/// Writes that the household is told: somebody holds a receipt that is worth nothing any more.
fn tell(conn: &mut PgConnection, taking: &Taking, now: DateTime<Utc>) -> Result<(), CounterError> {
    let event = PaymentVoided {
        receipt: taking.receipt.to_string(),
        amount: taking.what.amount,
        paid_on: hong_kong_date(taking.taken_at),
    };
    let about = (taking.what.code, taking.payment.as_uuid());
    Ok(outbox::say(conn, about, &event, now)?)
}

fn taken(conn: &mut PgConnection, payment: PaymentId) -> Result<Taking, CounterError> {
    let taking = store::receipts::receipt(conn, payment)?;
    taking.ok_or(CounterError::NoSuchReceipt)
}

/// Whose day is out of reach has no receipts either.
fn unseen(error: CounterError) -> CounterError {
    match error {
        CounterError::NoSuchDay => CounterError::NoSuchReceipt,
        other => other,
    }
}
