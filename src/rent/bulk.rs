//! A rent history: made in memory by the same rules as every charge, and loaded at once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::bill::bookings;
use super::model::{Award, BookedCharge, RentError, RuleBook, TenantNumber, Tenure};
use super::store;
use crate::kernel::id::EstateId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::ledger::Transfer;
use crate::platform::db::schema::{rent_award, rent_charge, rent_run};
use crate::platform::db::{CopyRow, DbError, copy_frozen, execute};

const CHARGE_COLUMNS: i16 = 8;

/// What the rules give, without a database at hand.
pub struct Terms(RuleBook);

impl Terms {
    /// The rules as they are now.
    pub fn load(conn: &mut PgConnection) -> Result<Self, DbError> {
        store::load_book(conn).map(Self)
    }

    /// Whether `estate` has a rent rate on the first day of `month`, as far as is known now.
    #[must_use]
    pub fn has_rate(&self, estate: EstateId, month: Month) -> bool {
        let rates = self.0.rates.get(&estate).map(Vec::as_slice);
        let known_at = DateTime::<Utc>::MAX_UTC;
        let mut rates = rates.unwrap_or_default().iter();
        rates.any(|rate| rate.in_force.holds(month.first(), known_at))
    }

    /// The charges of `tenures` for `month` and the transfers that book them: exactly what
    /// the monthly charge makes of them.
    pub fn bookings(
        &self,
        tenures: &[Tenure],
        awards: &HashMap<TenantNumber, Vec<Award>>,
        month: Month,
        booked_at: DateTime<Utc>,
    ) -> Result<(Vec<BookedCharge>, Vec<Transfer>), RentError> {
        bookings(&self.0, tenures, awards, month, booked_at)
    }
}

/// Whether nothing was ever charged or awarded.
pub fn is_empty(conn: &mut PgConnection) -> Result<bool, DbError> {
    let charges = exists(rent_charge::table.select(rent_charge::household));
    let awards = exists(rent_award::table.select(rent_award::household));
    let runs = exists(rent_run::table.select(rent_run::month));
    let (charges, awards, runs): (bool, bool, bool) =
        diesel::select((charges, awards, runs)).get_result(conn)?;
    Ok(!charges && !awards && !runs)
}

/// Adds `awards` by one `COPY`.
pub fn load_awards(conn: &mut PgConnection, awards: &[Award]) -> Result<(), DbError> {
    let rows = awards.iter().map(|award| {
        (
            rent_award::id.eq(award.id),
            rent_award::revision.eq(award.revision),
            rent_award::household.eq(award.household),
            rent_award::scheme.eq(award.scheme),
            rent_award::first_month.eq(award.first_month),
            rent_award::last_month.eq(award.last_month),
            rent_award::reason.eq(&award.reason),
            rent_award::recorded_by.eq(&award.recorded_by),
            rent_award::recorded_at.eq(award.recorded_at),
            rent_award::replaced_at.eq(award.replaced_at),
        )
    });
    diesel::copy_from(rent_award::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// Makes the empty table of charges ready for tens of millions, until the transaction ends:
/// emptied in it, its rows need no log; its key is built at the end, sorted.
pub fn begin_charges(conn: &mut PgConnection) -> Result<(), DbError> {
    execute(
        conn,
        "TRUNCATE rent_charge; DROP INDEX rent_charge_by_month; \
         ALTER TABLE rent_charge DROP CONSTRAINT rent_charge_pkey",
    )
}

/// Adds `charges`, between [`begin_charges`] and [`end_charges`].
pub fn load_charges(conn: &mut PgConnection, charges: &[BookedCharge]) -> Result<(), DbError> {
    copy_frozen(conn, (rent_charge::table, CHARGE_COLUMNS), charges, write)
}

fn write(charge: &BookedCharge, row: &mut CopyRow<'_>) {
    row.bigint(charge.household)
        .date(charge.month.first())
        .uuid(charge.tenancy_id.as_uuid())
        .smallint(charge.revision)
        .date(charge.effective_on)
        .money(charge.amount)
        .integers(&charge.rules)
        .instant(charge.booked_at);
}

/// Gives the table of charges its key and its index back.
pub fn end_charges(conn: &mut PgConnection) -> Result<(), DbError> {
    execute(
        conn,
        "ALTER TABLE rent_charge ADD CONSTRAINT rent_charge_pkey \
         PRIMARY KEY (household, month, tenancy_id, revision); \
         CREATE INDEX rent_charge_by_month ON rent_charge (month)",
    )
}

/// A month whose charge is complete.
#[derive(Debug, Clone, Copy)]
pub struct FinishedRun {
    pub month: Month,
    pub tenancies: i64,
    pub charged: Money,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
}

/// Notes the months that are charged.
pub fn load_runs(conn: &mut PgConnection, runs: &[FinishedRun]) -> Result<(), DbError> {
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            (
                rent_run::month.eq(run.month),
                rent_run::state.eq("finished"),
                rent_run::total.eq(run.tenancies),
                rent_run::done.eq(run.tenancies),
                rent_run::charged.eq(run.charged),
                rent_run::started_at.eq(run.started_at),
                rent_run::finished_at.eq(run.finished_at),
            )
        })
        .collect();
    diesel::insert_into(rent_run::table)
        .values(rows)
        .execute(conn)?;
    Ok(())
}
