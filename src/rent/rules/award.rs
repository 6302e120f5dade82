//! What may be granted.

use chrono::{DateTime, Utc};

use crate::kernel::month::Month;
use crate::rent::model::{RentError, RuleBook, Scheme};

use super::charge::scheme_rule;

/// Refuses an award that cannot be, by the rule in force in its first month.
pub fn check_award(
    book: &RuleBook,
    scheme: Scheme,
    (first, last): (Month, Option<Month>),
    known_at: DateTime<Utc>,
) -> Result<(), RentError> {
    if matches!(scheme, Scheme::Licence | Scheme::Occupation) {
        return Err(RentError::NotGranted(scheme));
    }
    if last.is_some_and(|last| last < first) {
        return Err(RentError::AwardDates);
    }
    let rule = scheme_rule(book, scheme, first.first(), known_at)?;
    let Some(longest) = rule.longest else {
        return Ok(());
    };
    let latest = first.plus(longest.saturating_sub(1));
    match last {
        Some(last) if last <= latest => Ok(()),
        _ => Err(RentError::AwardTooLong(longest)),
    }
}
