//! What rent does in the background.

use super::book::RuleShelf;
use super::commands::settle;
use super::model::RentError;
use super::run::{RentRunJob, RunOrder, Unwatched, run};
use crate::kernel::month::Month;
use crate::platform::db::transact;
use crate::platform::jobs::Handlers;
use crate::tenancy::HouseholdChanged;

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
