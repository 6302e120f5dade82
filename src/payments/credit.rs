//! What of payments reached households, and by which transfers.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::book::posted_by;
use super::model::Payment;
use super::store;
use super::suspense::Proposal;
use crate::kernel::four_eyes::Standing;
use crate::kernel::id::{PaymentId, TransferId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::TransferKind;
use crate::platform::db::DbError;

/// A payment on a household's account, or a part of one that was in suspense.
#[derive(Debug, Clone)]
pub struct Credit {
    pub payment: Payment,
    pub household: TenantCode,
    pub amount: Money,
    pub transfer: TransferId,
    /// When it was booked there.
    pub booked_at: DateTime<Utc>,
}

/// What of payment `id` reached which household; nothing of one in suspense.
pub fn credits(conn: &mut PgConnection, id: PaymentId) -> Result<Vec<Credit>, DbError> {
    let Some(payment) = store::payments::payment(conn, id)? else {
        return Ok(Vec::new());
    };
    if let Some(household) = payment.household {
        return Ok(vec![whole(payment, household)]);
    }
    let proposals = store::suspense::proposals(conn, id)?.into_iter();
    let approved = proposals.filter(|one| one.standing() == Standing::Approved);
    Ok(approved.flat_map(|one| parts(&payment, &one)).collect())
}

fn whole(payment: Payment, household: TenantCode) -> Credit {
    Credit {
        household,
        amount: payment.amount,
        transfer: posted_by(payment.id),
        booked_at: payment.recorded_at,
        payment,
    }
}

/// The parts of `payment` that reached households by `proposal`, which was approved.
fn parts(payment: &Payment, proposal: &Proposal) -> Vec<Credit> {
    let kind = TransferKind::Payment;
    let booked_at = proposal.decision.as_ref().map(|one| one.decided_at);
    let numbered = (1_i16..).zip(&proposal.parts);
    let credits = numbered.filter_map(|(number, part)| {
        Some(Credit {
            payment: payment.clone(),
            household: part.household?,
            amount: part.amount,
            transfer: TransferId::derived(&format!("{kind}/{}/{number}", proposal.id)),
            booked_at: booked_at?,
        })
    });
    credits.collect()
}

/// A payment to a household, as it is listed.
#[derive(Debug, Clone)]
pub struct Paid {
    pub payment: Payment,
    /// What of it reached the household.
    pub amount: Money,
}

/// Up to `rows` payments to `code`, those among them that were in suspense first, the newest
/// first, from after the one at `after`.
pub fn paid_to(
    conn: &mut PgConnection,
    code: TenantCode,
    after: Option<(NaiveDate, PaymentId)>,
    rows: i64,
) -> Result<Vec<Paid>, DbError> {
    let direct = store::payments::newest_of(conn, code, after, rows)?.into_iter();
    let mut paid: Vec<Paid> = direct
        .map(|payment| Paid {
            amount: payment.amount,
            payment,
        })
        .collect();
    let cleared = store::suspense::newest_of(conn, code, after, rows)?.into_iter();
    paid.extend(cleared.map(|(payment, amount)| Paid { payment, amount }));
    paid.sort_unstable_by_key(|one| Reverse((one.payment.value_on, one.payment.id)));
    paid.truncate(usize::try_from(rows).unwrap_or_default());
    Ok(paid)
}

/// Where `payment` was paid, such as the name of a store; empty where the channel does not say.
pub fn place(conn: &mut PgConnection, payment: &Payment) -> Result<String, DbError> {
    let told = payment.place.clone();
    let of_line = match (told, payment.file.zip(payment.line)) {
        (Some(place), _) => Some(place),
        (None, Some(line)) => store::payments::place_of(conn, line)?,
        (None, None) => None,
    };
    Ok(of_line.unwrap_or_default())
}
