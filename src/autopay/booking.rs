//! What an answer does to the books: an accepted debit is a payment, one that comes back is
//! reversed, and costs its fee where the payer's side took it back. What is our own mistake costs
//! the household nothing.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{AutopayError, DebitResult, Policy, Rail};
use crate::kernel::clock::{hong_kong_date, hong_kong_time};
use crate::kernel::id::PaymentId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{self, General, Source, Transfer, TransferKind, Undo};
use crate::payments::{self, Told};
use crate::platform::auth::Actor;

/// A debit that the bank accepted, or took back.
#[derive(Debug, Clone)]
pub struct Paid {
    pub reference: String,
    pub code: TenantCode,
    pub amount: Money,
    pub collect_on: NaiveDate,
}

/// The payment that a debit makes.
pub(super) fn payment(rail: Rail, paid: &Paid) -> PaymentId {
    payments::paid_by(rail.channel(), &paid.reference)
}

/// Enters accepted debits as payments, from the day of the debit on.
pub fn book(
    conn: &mut PgConnection,
    rail: Rail,
    paid: &[Paid],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), AutopayError> {
    let told = paid.iter().map(|paid| Told {
        reference: paid.reference.clone(),
        account: paid.code.to_string(),
        amount: paid.amount,
        instructed_at: hong_kong_time(paid.collect_on, 0).min(now),
        place: String::new(),
    });
    payments::enter_told(conn, rail.channel(), told.collect(), actor, now)?;
    Ok(())
}

/// Reverses debits that came back, each for its reason, and charges their fees. The payments stay
/// as they were; one that somebody has reversed by hand is not reversed again.
pub fn take_back(
    conn: &mut PgConnection,
    rail: Rail,
    (returned, policy): (&[(Paid, DebitResult)], &Policy),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), AutopayError> {
    if returned.is_empty() {
        return Ok(());
    }
    let today = hong_kong_date(now);
    ledger::open_months(conn, Month::of(today), Month::of(today))?;
    let undo = |(paid, code): &(Paid, DebitResult)| Undo {
        household: paid.code,
        transfer: payments::posted_by(payment(rail, paid)),
        reason: format!("direct debit returned: {code}"),
    };
    let undone: Vec<Undo> = returned.iter().map(undo).collect();
    ledger::reverse_all(conn, &undone, actor, now)?;
    let fees: Vec<Transfer> = returned
        .iter()
        .filter(|(_, code)| code.is_the_payers())
        .filter_map(|(paid, _)| {
            let source = Source {
                id: payment(rail, paid).as_uuid(),
                part: "return",
            };
            let income = General::ReturnFeeIncome;
            let (fee, kind) = (policy.return_fee, TransferKind::Fee);
            Transfer::between(paid.code, income, fee, kind, source, (today, now))
        })
        .collect();
    Ok(ledger::post(conn, &fees, now)?)
}
