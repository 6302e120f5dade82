//! Reconciling a month both ways: what the allowances say against what the department paid.
//!
//! It is made in one transaction, of everything as it stands then, and not changed afterwards: what
//! is put right meanwhile shows in the next one.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{CssaError, ExceptionKind, Found, Reconciliation};
use super::rules::{self, Case};
use super::take::count;
use super::{jobs, store};
use crate::kernel::clock::hong_kong_month;
use crate::kernel::id::{EstateId, ReconciliationId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::{Granted, line_of_allowance, line_of_transfer};
use crate::payments::{self, AllowanceFile, Fate, FileState};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::db::reach_in;
use crate::rent::{self, RuleShelf};
use crate::tenancy;

/// Households that are looked at at once.
const AT_ONCE: usize = 4_096;
/// How long ago a month may be.
const MONTHS: u32 = 24;

/// Orders that `month` is reconciled.
pub fn order(
    conn: &mut PgConnection,
    actor: &Actor,
    month: Month,
    now: DateTime<Utc>,
) -> Result<Reconciliation, CssaError> {
    let this_month = hong_kong_month(now);
    if month > this_month.next() || month < this_month.minus(MONTHS) {
        return Err(CssaError::OutsideMonths(month));
    }
    let ordered = Reconciliation {
        id: ReconciliationId::fresh(),
        month,
        requested_by: actor.as_str().to_owned(),
        requested_at: now,
        made_at: None,
        files: 0,
        lines: 0,
        amount: Money::ZERO,
        paid_amount: Money::ZERO,
        suspense_amount: Money::ZERO,
        returned_amount: Money::ZERO,
        duplicate_amount: Money::ZERO,
        expected: 0,
        expected_amount: Money::ZERO,
        paid: 0,
        agreed: 0,
        agreed_amount: Money::ZERO,
        exceptions: 0,
    };
    store::reconciliations::add(conn, &ordered)?;
    jobs::reconcile(conn, ordered.id, now)?;
    audit::record(conn, actor, "cssa.reconciliation.ordered", &ordered.id, now)?;
    Ok(ordered)
}

/// Makes reconciliation `id`, in the caller's transaction; once made it stays as it is.
#[expect(
    clippy::too_many_lines,
    reason = "it is one comparison from end to end"
)]
pub fn make(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    id: ReconciliationId,
    now: DateTime<Utc>,
) -> Result<Reconciliation, CssaError> {
    reach_in(conn, &Reach::Everywhere)?;
    let ordered = store::reconciliations::lock(conn, id)?;
    if ordered.made_at.is_some() {
        return Ok(ordered);
    }
    let month = ordered.month;
    let files = files_of(conn, month)?;
    let ids: Vec<_> = files.iter().map(|file| file.file).collect();
    let mut cases: BTreeMap<TenantCode, (Option<Granted>, Money)> = BTreeMap::new();
    for (code, granted) in store::allowances::granted(conn, month, None)? {
        cases.insert(code, (Some(granted), Money::ZERO));
    }
    for (code, paid) in payments::reached(conn, &ids, None)? {
        cases.entry(code).or_default().1 = paid;
    }
    let mut found = Exceptions::of(id);
    let households: Vec<_> = cases.iter().collect();
    for some in households.chunks(AT_ONCE) {
        let codes: Vec<TenantCode> = some.iter().map(|(code, _)| **code).collect();
        let facts = Facts::of(conn, shelf, &codes, (month, now))?;
        for (code, (granted, paid)) in some {
            let case = facts.case(**code, *granted, *paid);
            found.of_household(**code, case, facts.places.get(*code).copied());
        }
    }
    let mut sums = (Money::ZERO, Money::ZERO);
    for line in payments::unplaced(conn, &ids)? {
        let (sum, kind) = match line.fate {
            Fate::Duplicate => (&mut sums.1, ExceptionKind::PaidBefore),
            _ => (&mut sums.0, ExceptionKind::UnknownAccount),
        };
        *sum = sum.checked_add(line.amount)?;
        let file = files.iter().find(|file| file.file == line.file);
        let allowances = file.map_or(0, |file| file.allowances);
        found.of_line(kind, &line.account, Some(line.amount), |found| {
            found.file = Some(line.file);
            found.line = Some(line_of_transfer(allowances, line.number));
        });
    }
    for file in &files {
        stray_lines(conn, file, &mut found)?;
    }
    let totals = Totals::of(cases.values())?;
    let (suspense_amount, duplicate_amount) = sums;
    let made = Reconciliation {
        made_at: Some(now),
        files: count(files.len()),
        lines: files
            .iter()
            .fold(0, |sum, file| file.lines.saturating_add(sum)),
        amount: Money::sum(files.iter().map(|file| file.amount))?,
        paid_amount: totals.paid_amount,
        suspense_amount,
        returned_amount: payments::returned(conn, &ids)?,
        duplicate_amount,
        expected: totals.expected,
        expected_amount: totals.expected_amount,
        paid: totals.paid,
        agreed: totals.agreed,
        agreed_amount: totals.agreed_amount,
        exceptions: count(found.list.len()),
        ..ordered
    };
    store::exceptions::add(conn, &found.list)?;
    store::reconciliations::save(conn, &made)?;
    Ok(made)
}

/// The posted files of `month`, in their order.
pub fn files_of(conn: &mut PgConnection, month: Month) -> Result<Vec<AllowanceFile>, CssaError> {
    let files = payments::allowance_files(conn)?.into_iter();
    let of_month = files.filter(|file| file.month == month && file.state == FileState::Posted);
    Ok(of_month.collect())
}

/// The lines of `file` that changed nothing.
fn stray_lines(
    conn: &mut PgConnection,
    file: &AllowanceFile,
    found: &mut Exceptions,
) -> Result<(), CssaError> {
    let strays = store::allowances::strays(conn, file.file)?;
    let numbers: Vec<i32> = strays.iter().map(|(number, _)| *number).collect();
    let lines = payments::allowance_lines_at(conn, file.file, &numbers)?;
    for ((number, kind), line) in strays.into_iter().zip(lines) {
        found.of_line(kind, &line.account, None, |found| {
            found.allowance = line.granted.map(|granted| granted.amount);
            found.file = Some(file.file);
            found.line = Some(line_of_allowance(number));
        });
    }
    Ok(())
}

/// What is known of some households' month.
struct Facts {
    month: Month,
    lives_until: HashMap<TenantCode, NaiveDate>,
    /// Where those live who have moved in by the end of the month.
    places: HashMap<TenantCode, EstateId>,
    rents: HashMap<TenantCode, Option<Money>>,
}

impl Facts {
    fn of(
        conn: &mut PgConnection,
        shelf: &RuleShelf,
        codes: &[TenantCode],
        (month, now): (Month, DateTime<Utc>),
    ) -> Result<Self, CssaError> {
        let rents = rent::rents(conn, shelf, codes, (month, now))?.into_iter();
        let places = tenancy::estates_of(conn, codes, month.last())?;
        Ok(Self {
            month,
            lives_until: tenancy::lives_until(conn, codes)?.into_iter().collect(),
            places: places.into_iter().collect(),
            rents: rents.map(|(code, rent)| (code, rent.ok())).collect(),
        })
    }

    fn case(&self, code: TenantCode, granted: Option<Granted>, paid: Money) -> Case {
        let until = self.lives_until.get(&code);
        let is_over = until.is_none_or(|last| *last < self.month.first());
        Case {
            granted,
            paid,
            rent: self.rents.get(&code).copied().flatten(),
            lives: !is_over && self.places.contains_key(&code),
        }
    }
}

/// What does not agree, numbered as it is found.
struct Exceptions {
    of: ReconciliationId,
    list: Vec<Found>,
}

impl Exceptions {
    fn of(of: ReconciliationId) -> Self {
        Self {
            of,
            list: Vec::new(),
        }
    }

    fn of_household(&mut self, code: TenantCode, case: Case, estate: Option<EstateId>) {
        for kind in rules::findings(case) {
            self.of_line(kind, &code.to_string(), Some(case.paid), |found| {
                found.household = Some(code);
                found.estate_id = estate;
                found.allowance = case.granted.map(|granted| granted.amount);
                found.rent = case.rent;
            });
        }
    }

    fn of_line(
        &mut self,
        kind: ExceptionKind,
        account: &str,
        paid: Option<Money>,
        rest: impl FnOnce(&mut Found),
    ) {
        let mut found = Found {
            reconciliation: self.of,
            number: count(self.list.len()).saturating_add(1),
            kind,
            household: None,
            account: account.to_owned(),
            estate_id: None,
            allowance: None,
            paid,
            rent: None,
            file: None,
            line: None,
        };
        rest(&mut found);
        self.list.push(found);
    }
}

/// How many households, and how much.
#[derive(Default)]
struct Totals {
    expected: i32,
    expected_amount: Money,
    paid: i32,
    paid_amount: Money,
    agreed: i32,
    agreed_amount: Money,
}

impl Totals {
    fn of<'a>(
        cases: impl Iterator<Item = &'a (Option<Granted>, Money)>,
    ) -> Result<Self, CssaError> {
        let mut totals = Self::default();
        for (granted, paid) in cases {
            if *paid > Money::ZERO {
                totals.paid = totals.paid.saturating_add(1);
                totals.paid_amount = totals.paid_amount.checked_add(*paid)?;
            }
            if let Some(granted) = granted {
                totals.expected = totals.expected.saturating_add(1);
                totals.expected_amount = totals.expected_amount.checked_add(granted.amount)?;
                if granted.amount == *paid {
                    totals.agreed = totals.agreed.saturating_add(1);
                    totals.agreed_amount = totals.agreed_amount.checked_add(*paid)?;
                }
            }
        }
        Ok(totals)
    }
}
