//! What rent does in the background.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::book::RuleShelf;
use super::commands::settle;
use super::model::RentError;
use super::run::{RentRunJob, RunOrder, run};
use super::store;
use crate::kernel::clock::hong_kong_month;
use crate::kernel::month::Month;
use crate::kernel::watch::Unwatched;
use crate::platform::db::transact;
use crate::platform::jobs::{self, Handlers};
use crate::tenancy::HouseholdChanged;

/// Queues the charge of this month when nobody has begun it.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), RentError> {
    let month = hong_kong_month(now);
    if store::run(conn, month)?.is_none() && store::households(conn)?.is_some() {
        let revise = false;
        jobs::enqueue(conn, &RentRunJob { month, revise }, now)?;
    }
    Ok(())
}

/// Adds this slice's handlers.
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers
        .on(|_, bench, RentRunJob { month, revise }| {
            let order = RunOrder {
                month,
                revise,
                rehearse: false,
            };
            let billed = run(&bench.url, &bench.clock, order, &Unwatched)?;
            match billed.refused.first() {
                Some((tenancy, why)) => Err(format!(
                    "{} tenancies not charged, e.g. {tenancy}: {why}",
                    billed.refused.len()
                )
                .into()),
                None => Ok(()),
            }
        })
        .on(|conn, bench, HouseholdChanged { household }| {
            let now = bench.clock.now();
            transact(conn, |conn| {
                let book = RuleShelf::default().current(conn)?;
                settle(conn, &book, household, Month::earliest(), now)
            })
            .map(|_| ())
            .map_err(|error: RentError| error.into())
        })
}
