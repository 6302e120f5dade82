//! The ledger, on a real database.

mod at_once;
mod books;
mod entries;
mod lies;
mod postings;
mod replay;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use kaifong::kernel::id::TransferId;
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger::{self, General, LedgerError, Source, Transfer, TransferKind};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, connect_as_owner, execute};
use uuid::Uuid;

use crate::support::TestDatabase;

/// A database with households and open months, and when everything begins there.
pub struct Books {
    pub database: TestDatabase,
    pub households: Vec<TenantCode>,
}

/// Opens 2026-01 to 2026-12 for `households` households.
pub fn open(households: i64) -> Books {
    open_between(households, ("2026-01", "2026-12"))
}

/// Opens the months from `first` to `last` for `households` households.
pub fn open_between(households: i64, (first, last): (&str, &str)) -> Books {
    let database = TestDatabase::create();
    let mut conn = connect(database.url()).unwrap();
    let numbers = TenantCode::FIRST..TenantCode::FIRST + households;
    for number in numbers.clone() {
        let household = format!("INSERT INTO household VALUES ({number}, '2026-01-01 00:00+00')");
        execute(&mut conn, &household).unwrap();
    }
    let (first, last) = (first.parse().unwrap(), last.parse().unwrap());
    ledger::open_months(&mut conn, first, last).unwrap();
    Books {
        households: numbers
            .map(|number| TenantCode::of(number).unwrap())
            .collect(),
        database,
    }
}

impl Books {
    /// A connection as the application has.
    pub fn app(&self) -> PgConnection {
        connect(self.database.url()).unwrap()
    }

    /// A connection of the owner.
    pub fn owner(&self) -> PgConnection {
        connect_as_owner(self.database.url()).unwrap()
    }

    /// Changes the database behind the ledger's back: no trigger and no foreign key looks.
    pub fn plant(&self, lie: &str) {
        let mut conn = self.owner();
        execute(&mut conn, "SET session_replication_role = replica").unwrap();
        execute(&mut conn, lie).unwrap_or_else(|error| panic!("{lie}: {error}"));
    }
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// `minutes` after nine in the morning of 1 November 2026.
pub fn at(minutes: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-01T01:00:00Z".parse().unwrap();
    start + TimeDelta::minutes(minutes)
}

pub fn transfer(
    household: TenantCode,
    general: General,
    amount: &str,
    kind: TransferKind,
    (effective_on, booked_at): (&str, DateTime<Utc>),
) -> Transfer {
    let source = Source {
        id: Uuid::new_v4(),
        part: "",
    };
    let when = (date(effective_on), booked_at);
    Transfer::between(household, general, money(amount), kind, source, when).unwrap()
}

/// A month's rent.
pub fn charge(household: TenantCode, amount: &str, when: (&str, DateTime<Utc>)) -> Transfer {
    transfer(
        household,
        General::RentIncome,
        amount,
        TransferKind::Charge,
        when,
    )
}

/// Money received over the counter of PPS.
pub fn payment(household: TenantCode, amount: &str, when: (&str, DateTime<Utc>)) -> Transfer {
    let amount = format!("-{amount}");
    transfer(
        household,
        General::PpsClearing,
        &amount,
        TransferKind::Payment,
        when,
    )
}

/// Posts in a transaction of its own.
pub fn post(conn: &mut PgConnection, transfers: &[Transfer]) -> Result<(), LedgerError> {
    let now = transfers
        .iter()
        .map(|transfer| transfer.booked_at)
        .max()
        .unwrap();
    conn.transaction(|conn| ledger::post(conn, transfers, now))
}

/// What `household` owes by everything booked, as it stands in its row.
pub fn booked(conn: &mut PgConnection, household: TenantCode) -> Money {
    ledger::booked_balance(conn, household).unwrap()
}

/// Reverses in a transaction of its own.
pub fn reverse(
    conn: &mut PgConnection,
    household: TenantCode,
    id: TransferId,
    now: DateTime<Utc>,
) -> Result<Transfer, LedgerError> {
    let actor = Actor::program("test");
    conn.transaction(|conn| ledger::reverse(conn, household, id, "wrong", &actor, now))
}
