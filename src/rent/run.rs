//! The monthly charge (每月收費) of every tenancy.
//!
//! * Exactly one charge a tenancy and month, however often it is run, killed or run twice at
//!   once: the key of the charge decides, and each band of households is one transaction.
//! * It may be stopped between any two bands; the next run goes on where it stopped.
//! * A rehearsal writes nothing.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::bill::{BAND, Billed, Scope, bill, rehearse};
use super::model::{RentError, RuleBook, TenantNumber};
use super::store;
use crate::kernel::clock::{Clock, hong_kong_month};
use crate::kernel::month::Month;
use crate::kernel::watch::Watch;
use crate::ledger;
use crate::platform::db::{self, DbError, transact};
use crate::platform::jobs::Job;

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrder {
    pub month: Month,
    /// Revise what the rules no longer give, beside charging what is not charged.
    pub revise: bool,
    /// Only say what would be booked.
    pub rehearse: bool,
}

impl RunOrder {
    fn scope(self) -> Scope {
        if self.revise {
            Scope::Revised
        } else {
            Scope::Uncharged
        }
    }
}

/// Runs bands side by side on this many connections: one computes while another writes.
const WORKERS: usize = 2;

/// Charges `order.month`, or revises it.
pub fn run(
    url: &str,
    clock: &Arc<dyn Clock>,
    order: RunOrder,
    watch: &dyn Watch,
) -> Result<Billed, RentError> {
    let mut conn = db::connect(url)?;
    check_month(order.month, hong_kong_month(clock.now()))?;
    let total = store::count_uncharged(&mut conn, order.month)?;
    let Some(households) = store::households(&mut conn)? else {
        return Ok(Billed::default());
    };
    if !order.rehearse {
        ledger::open_months(&mut conn, order.month, order.month)?;
        if total > 0 || store::run(&mut conn, order.month)?.is_none() {
            store::begin_run(&mut conn, order.month, total, clock.now())?;
        }
    }
    if total == 0 && !order.revise {
        if !order.rehearse {
            store::finish_run(&mut conn, order.month, clock.now())?;
        }
        return Ok(Billed::default());
    }
    let crew = Crew {
        url,
        clock: clock.as_ref(),
        order,
        watch,
        book: store::load_book(&mut conn)?,
        next: AtomicI64::new(households.start() / BAND),
        last: households.end() / BAND,
        total,
        failed: AtomicBool::new(false),
        billed: Mutex::default(),
    };
    crew.work()?;
    let billed = crew
        .billed
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let complete = !watch.stopped() && billed.refused.is_empty();
    if !order.rehearse && complete {
        store::finish_run(&mut conn, order.month, clock.now())?;
    }
    Ok(billed)
}

/// A month is charged from two years of history back to one month ahead.
pub fn check_month(month: Month, this_month: Month) -> Result<(), RentError> {
    let first: Month = Month::of(chrono::NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default());
    if month < first || month > this_month.next() {
        return Err(RentError::OutsideLedger(month));
    }
    Ok(())
}

/// Workers that take one band after the other.
struct Crew<'a> {
    url: &'a str,
    clock: &'a dyn Clock,
    order: RunOrder,
    watch: &'a dyn Watch,
    book: RuleBook,
    next: AtomicI64,
    last: i64,
    total: i64,
    failed: AtomicBool,
    billed: Mutex<Billed>,
}

impl Crew<'_> {
    fn work(&self) -> Result<(), RentError> {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(|| self.bands())).collect();
            let results: Vec<_> = workers
                .into_iter()
                .map(std::thread::ScopedJoinHandle::join)
                .collect();
            results
                .into_iter()
                .try_for_each(|result| result.unwrap_or(Err(DbError::Panicked.into())))
        })
    }

    fn bands(&self) -> Result<(), RentError> {
        let mut conn = db::connect(self.url)?;
        loop {
            let band = self.next.fetch_add(1, Ordering::Relaxed);
            if band > self.last || self.watch.stopped() || self.failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            if let Err(error) = self.band(&mut conn, band) {
                self.failed.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
    }

    fn band(&self, conn: &mut PgConnection, band: i64) -> Result<(), RentError> {
        let households: std::ops::RangeInclusive<TenantNumber> =
            band * BAND..=band * BAND + BAND - 1;
        let (month, scope, now) = (self.order.month, self.order.scope(), self.clock.now());
        let billed = if self.order.rehearse {
            rehearse(conn, &self.book, &households, month, scope, now)?
        } else {
            transact(conn, |conn| {
                let billed = bill(conn, &self.book, &households, month, scope, now)?;
                if billed.tenancies > 0 {
                    store::progress(conn, month, billed.tenancies, billed.amount)?;
                }
                Ok::<_, RentError>(billed)
            })?
        };
        let mut sum = self.billed.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = std::mem::take(&mut *sum).and(billed)?;
        self.watch.progress(sum.tenancies, self.total);
        Ok(())
    }
}

/// Queued work: charge a month, or revise it after a rule changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RentRunJob {
    pub month: Month,
    pub revise: bool,
}

impl Job for RentRunJob {
    const KIND: &'static str = "rent.run";

    fn unique_name(&self) -> Option<String> {
        Some(format!("{} {}", self.month, self.revise))
    }
}
