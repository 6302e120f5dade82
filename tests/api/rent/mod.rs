//! Rent: quotes, awards, corrections, the monthly charge.

mod account;
mod awards;
mod bad_input;
mod conservation;
mod corrections;
mod january_2023;
mod runs;
mod statement;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kaifong::kernel::clock::Clock;
use kaifong::kernel::money::Money;
use kaifong::kernel::month::Month;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::Unwatched;
use kaifong::ledger::{self, General, Source, Transfer, TransferKind};
use kaifong::platform::db::{connect, transact};
use kaifong::rent::{self, Billed, RunOrder};
use uuid::Uuid;

use crate::support::{FixedClock, TestDatabase};

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Charges `month` at the clock's time.
pub fn charge(database: &TestDatabase, clock: &Arc<FixedClock>, text: &str) -> Billed {
    order(database, clock, text, (false, false))
}

fn order(
    database: &TestDatabase,
    clock: &Arc<FixedClock>,
    text: &str,
    (revise, rehearse): (bool, bool),
) -> Billed {
    let clock: Arc<dyn Clock> = clock.clone();
    let order = RunOrder {
        month: month(text),
        revise,
        rehearse,
    };
    rent::run(database.url(), &clock, order, &Unwatched).unwrap()
}

/// Receives `amount` from the household through PPS at `at`.
fn receive(database: &TestDatabase, code: TenantCode, amount: Money, at: &str) {
    let at: DateTime<Utc> = at.parse().unwrap();
    let day = kaifong::kernel::clock::hong_kong_date(at);
    let source = Source {
        id: Uuid::now_v7(),
        part: "",
    };
    let payment = Transfer::between(
        code,
        General::PpsClearing,
        amount.negated(),
        TransferKind::Payment,
        source,
        (day, at),
    );
    let mut conn = connect(database.url()).unwrap();
    transact(&mut conn, |conn| ledger::post(conn, payment.as_slice(), at)).unwrap();
}
