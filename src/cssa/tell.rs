//! Telling what the department pays of a household's rent, and what is left for the tenant.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Allowance, CssaError, ToCome};
use super::reconcile::files_of;
use super::{rules, store};
use crate::kernel::clock::hong_kong_month;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::payments;
use crate::payments::files::Granted;
use crate::rent::{self, RuleShelf};

/// What of `month` the department has still to pay for those of `codes` that have an allowance.
/// Whoever asks what is due as well asks this first: a transfer in between makes it too much, never
/// too little. The caller's transaction reaches every household.
pub fn to_come(
    conn: &mut PgConnection,
    codes: &[TenantCode],
    month: Month,
) -> Result<HashMap<TenantCode, ToCome>, CssaError> {
    let granted = store::allowances::granted(conn, month, Some(codes))?;
    if granted.is_empty() {
        return Ok(HashMap::new());
    }
    let recipients: Vec<TenantCode> = granted.iter().map(|(code, _)| *code).collect();
    let paid = paid(conn, &recipients, month)?;
    let rest = |(code, granted): (TenantCode, Granted)| {
        let paid = paid.get(&code).copied().unwrap_or_default();
        (code, rules::still_to_come(granted, paid))
    };
    Ok(granted.into_iter().map(rest).collect())
}

/// What the department has paid of `month`, by household.
fn paid(
    conn: &mut PgConnection,
    codes: &[TenantCode],
    month: Month,
) -> Result<HashMap<TenantCode, Money>, CssaError> {
    let files: Vec<_> = files_of(conn, month)?
        .into_iter()
        .map(|file| file.file)
        .collect();
    if files.is_empty() {
        return Ok(HashMap::new());
    }
    let reached = payments::reached(conn, &files, Some(codes))?;
    Ok(reached.into_iter().collect())
}

/// A household's month, and its allowances.
#[derive(Debug, Clone)]
pub struct Told {
    pub month: Month,
    /// What the quote says is due.
    pub due: Money,
    /// What is granted for the month.
    pub granted: Option<Granted>,
    /// What the department has paid of it.
    pub paid: Money,
    /// What the tenant has to pay.
    pub yours: Money,
    /// From when to when what was, is and will be granted; the newest first.
    pub allowances: Vec<Allowance>,
}

/// What the department pays of the rent of `code` in `month`, this one or the next, and what is
/// left.
pub fn household(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    code: TenantCode,
    (month, now): (Option<Month>, DateTime<Utc>),
) -> Result<Told, CssaError> {
    let this_month = hong_kong_month(now);
    let month = month.unwrap_or(this_month);
    if month != this_month && month != this_month.next() {
        return Err(CssaError::OutsideMonths(month));
    }
    let told = store::allowances::told(conn, &[code])?;
    let granted = rules::in_force(&told, month);
    let paid = paid(conn, &[code], month)?;
    let paid = paid.get(&code).copied().unwrap_or_default();
    let overview = rent::overview(conn, shelf, code, now)?;
    let quote = if month == this_month {
        overview.this_month
    } else {
        overview.next_month
    };
    let to_come = granted.map(|granted| rules::still_to_come(granted, paid));
    let mut allowances = rules::periods(&told);
    allowances.reverse();
    Ok(Told {
        month,
        due: quote.due,
        granted,
        paid,
        yours: rules::yours((quote.due, quote.rent), paid, to_come),
        allowances,
    })
}
