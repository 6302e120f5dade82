//! What settlement files say of our debits (收款檔), once they are posted: what was paid is accepted,
//! what was not is refused, and what was paid back is both, one after the other, so that it does
//! not matter which of two files comes first.
//!
//! Taken a chunk at a time; an answer that was taken before changes nothing, so a file that was
//! broken off is taken anew.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Answer, AutopayError, DebitResult, Report};
use super::results::{AT_ONCE, take_any};
use crate::kernel::id::PaymentFileId;
use crate::kernel::reach::Reach;
use crate::kernel::watch::Watch;
use crate::payments::{self, DebitTold, PaymentError};
use crate::platform::auth::Actor;
use crate::platform::db::{reach_in, transact};

/// Debits of a file after some number.
type Next =
    fn(&mut PgConnection, (PaymentFileId, i32), i64) -> Result<Vec<DebitTold>, PaymentError>;

/// Takes what `file`, which is posted, says of our debits, until told to stop.
pub fn take_posted(
    conn: &mut PgConnection,
    file: PaymentFileId,
    actor: &Actor,
    now: DateTime<Utc>,
    watch: &dyn Watch,
) -> Result<Report, AutopayError> {
    let total = payments::count_debits(conn, file)?;
    let rows = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let (mut report, mut done) = (Report::default(), 0);
    let in_turn: [Next; 2] = [payments::paid_debits, payments::unpaid_debits];
    for next in in_turn {
        let mut after = 0;
        while !watch.stopped() {
            let told = next(conn, (file, after), rows)?;
            let Some(last) = told.last() else { break };
            after = last.number;
            let answers: Vec<Answer> = told.iter().flat_map(answers).collect();
            let taken = transact(conn, |conn| {
                reach_in(conn, &Reach::Everywhere)?;
                take_any(conn, file, &answers, actor, now)
            })?;
            report = report.and(taken);
            done += i64::try_from(told.len()).unwrap_or_default();
            watch.progress(done, total);
        }
    }
    Ok(report)
}

/// What is said of a debit, as a bank would answer it.
fn answers(told: &DebitTold) -> Vec<Answer> {
    let paid = told.was_paid.then_some(DebitResult::Accepted);
    let unpaid = (told.result != DebitResult::Accepted).then_some(told.result);
    let answer = |code| Answer {
        place: told.number,
        reference: told.reference.clone(),
        code,
        amount: Some(told.amount),
    };
    paid.into_iter().chain(unpaid).map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_paid_back_was_paid_before() {
        use DebitResult::{Accepted, AccountClosed};
        for (result, was_paid, expected) in [
            (Accepted, true, &[Accepted][..]),
            (AccountClosed, false, &[AccountClosed]),
            (AccountClosed, true, &[Accepted, AccountClosed]),
        ] {
            let told = DebitTold {
                number: 7,
                reference: "202611100000001801".to_owned(),
                amount: "1.00".parse().unwrap(),
                result,
                was_paid,
            };
            let said: Vec<_> = answers(&told).iter().map(|one| one.code).collect();
            assert_eq!(said, expected);
        }
    }
}
