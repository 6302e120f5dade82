//! News that comes at the same time goes into one transaction.

use std::sync::Arc;

use super::model::{News, Notice};
use super::take_all;
use crate::kernel::clock::Clock;
use crate::ledger::LedgerError;
use crate::payments::model::PaymentError;
use crate::platform::db::{Company, Db, DbError, Gatherer, Whole};

/// Takes news, each piece in the next transaction.
pub type NewsGatherer = Gatherer<News, Notice, PaymentError>;

/// While one transaction waits for the disk, another is at the server.
const COMPANY: Company = Company {
    most: 128,
    at_once: 2,
    queue: 1_024,
};

/// What refuses news, or a payment, that somebody else is taking at the same time.
const ONCE: &[&str] = &["payment_notice_pkey", "payment_pkey"];

/// Gathers news that is taken through `db`.
#[must_use]
pub fn gather_news(db: &Db, clock: Arc<dyn Clock>) -> NewsGatherer {
    let whole = Whole { said, once: ONCE };
    Gatherer::new(db, COMPANY, whole, move |conn, news| {
        take_all(conn, news, clock.now())
    })
}

/// What the database said, if that is why.
fn said(error: &PaymentError) -> Option<&DbError> {
    match error {
        PaymentError::Db(error) | PaymentError::Ledger(LedgerError::Db(error)) => Some(error),
        _ => None,
    }
}
