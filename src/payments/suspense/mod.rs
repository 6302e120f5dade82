//! Money in suspense (暫記帳): whose it is, proposed by one person and approved by another.
//!
//! * A proposal says where the whole of a payment goes: to one household or several, or back to
//!   the payer. It is approved or refused once; whoever proposed it can only take it back.
//! * What reaches a household counts from the day that it would have counted from at first: the
//!   payer was in time.
//! * A payment leaves suspense once, and one proposal for it is open at a time.

mod model;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Payment, PaymentError};
use super::rules::near;
use super::{events, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::four_eyes::{Decision, Standing};
use crate::kernel::id::{PaymentId, ProposalId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::ledger::{self, Account, General, Source, Transfer, TransferKind};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::tenancy;

pub(super) use model::{Candidate, InSuspense, Part, Proposal};

/// The most households that one payment is split among.
const PARTS: usize = 20;

/// What is known of payment `id`, which came for nobody.
pub(super) fn item(
    conn: &mut PgConnection,
    id: PaymentId,
    now: DateTime<Utc>,
) -> Result<InSuspense, PaymentError> {
    let payment = in_suspense(conn, id)?;
    let proposals = store::suspense::proposals(conn, id)?;
    let is_cleared = proposals
        .iter()
        .any(|proposal| proposal.standing() == Standing::Approved);
    let candidates = if is_cleared {
        Vec::new()
    } else {
        candidates(conn, &payment, now)?
    };
    Ok(InSuspense {
        payment,
        proposals,
        candidates,
    })
}

/// The households that the payer may have meant; first those that owe just what was paid.
fn candidates(
    conn: &mut PgConnection,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<Vec<Candidate>, PaymentError> {
    let near: Vec<_> = near(&payment.account).into_iter().collect();
    let mut candidates = Vec::new();
    for code in tenancy::known(conn, &near)? {
        let owed = ledger::balance(conn, code, hong_kong_date(now), now)?;
        candidates.push(Candidate {
            code,
            owed,
            owes_just_that: owed == payment.amount,
        });
    }
    candidates.sort_by_key(|one| (!one.owes_just_that, one.owed == Money::ZERO, one.code));
    Ok(candidates)
}

/// Proposes where payment `id` goes.
pub(super) fn propose(
    conn: &mut PgConnection,
    id: PaymentId,
    (parts, reason): (Vec<Part>, &str),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Proposal, PaymentError> {
    store::suspense::hold(conn, id)?;
    let payment = in_suspense(conn, id)?;
    for before in store::suspense::proposals(conn, id)? {
        match before.standing() {
            Standing::Open => return Err(PaymentError::NotNow("a proposal for it is open")),
            Standing::Approved => return Err(PaymentError::NotNow("it left suspense")),
            Standing::Refused => {}
        }
    }
    if parts.is_empty() || parts.len() > PARTS {
        return Err(PaymentError::Unfit("parts: 1 to 20 of them"));
    }
    if parts.iter().any(|part| part.amount <= Money::ZERO) {
        return Err(PaymentError::Unfit("parts: an amount is above zero"));
    }
    let sum = Money::sum(parts.iter().map(|part| part.amount)).ok();
    if sum != Some(payment.amount) {
        return Err(PaymentError::Unfit("parts: they come to the payment"));
    }
    let codes: Vec<_> = parts.iter().filter_map(|part| part.household).collect();
    let known = tenancy::known(conn, &codes)?;
    if !codes.iter().all(|code| known.contains(code)) {
        return Err(PaymentError::Unfit("parts: a tenant code is nobody's"));
    }
    let proposal = Proposal {
        id: ProposalId::fresh(),
        payment: id,
        reason: reason.to_owned(),
        proposed_by: actor.as_str().to_owned(),
        proposed_at: now,
        parts,
        decision: None,
    };
    store::suspense::add(conn, &proposal)?;
    audit::record(conn, actor, "payments.suspense.proposed", &proposal.id, now)?;
    Ok(proposal)
}

/// Approves proposal `id`, or refuses it for a reason.
pub(super) fn decide(
    conn: &mut PgConnection,
    id: ProposalId,
    refused_for: Option<&str>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Proposal, PaymentError> {
    let payment = store::suspense::proposal(conn, id)?.payment;
    store::suspense::hold(conn, payment)?;
    let mut proposal = store::suspense::proposal(conn, id)?;
    let decision = Decision::make(
        &[&proposal.proposed_by],
        proposal.decision.as_ref(),
        refused_for,
        (actor.as_str(), now),
    )?;
    store::suspense::add_decision(conn, &proposal, &decision)?;
    let approved = decision.approved;
    proposal.decision = Some(decision);
    let action = if approved {
        let payment = in_suspense(conn, payment)?;
        clear(conn, &payment, &proposal, now)?;
        "payments.suspense.cleared"
    } else {
        "payments.suspense.refused"
    };
    audit::record(conn, actor, action, &id, now)?;
    Ok(proposal)
}

/// Moves the money where `proposal` says.
fn clear(
    conn: &mut PgConnection,
    payment: &Payment,
    proposal: &Proposal,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let today = hong_kong_date(now);
    for day in [payment.value_on, today] {
        ledger::open_months(conn, Month::of(day), Month::of(day))?;
    }
    let clearing = Account::General(payment.channel.clearing());
    let transfers: Vec<Transfer> = (1..)
        .zip(&proposal.parts)
        .map(|(number, part): (i16, _)| {
            let number = number.to_string();
            let source = Source {
                id: proposal.id.as_uuid(),
                part: &number,
            };
            let (to, kind, day) = match part.household {
                Some(code) => (
                    Account::Household(code),
                    TransferKind::Payment,
                    payment.value_on,
                ),
                None => (clearing, TransferKind::Refund, today),
            };
            let pair = (Account::General(General::Suspense), to);
            Transfer::of(pair, part.amount, kind, source, (day, now))
        })
        .collect();
    ledger::post(conn, &transfers, now)?;
    for (part, transfer) in proposal.parts.iter().zip(&transfers) {
        if let Some(code) = part.household {
            events::cleared(conn, payment, (code, transfer), now)?;
        }
    }
    Ok(())
}

fn in_suspense(conn: &mut PgConnection, id: PaymentId) -> Result<Payment, PaymentError> {
    let payment = store::payments::payment(conn, id)?;
    payment
        .filter(|payment| payment.household.is_none())
        .ok_or(PaymentError::NoSuchPayment)
}
