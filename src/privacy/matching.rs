//! Matching procedures: refused without a recorded approval.

use chrono::NaiveDate;
use diesel::PgConnection;
use uuid::Uuid;

use super::model::{MatchingApproval, MatchingBasis, PrivacyError};
use super::{rules, store};
use crate::kernel::text::Line;
use crate::people::By;
use crate::platform::audit;

/// Refuses matching for `purpose` on `day` unless an approval allows it: whatever compares
/// data that was collected for different purposes asks this first.
pub fn matching_allowed(
    conn: &mut PgConnection,
    purpose: &str,
    day: NaiveDate,
) -> Result<(), PrivacyError> {
    let approvals = store::approvals(conn, purpose)?;
    if rules::allows(&approvals, purpose, day) {
        Ok(())
    } else {
        Err(PrivacyError::MatchingNotApproved)
    }
}

/// Records an approval of matching.
pub(super) fn approve(
    conn: &mut PgConnection,
    by: By<'_>,
    (purpose, basis, source): (&Line<200>, MatchingBasis, &Line<200>),
    (valid_from, valid_to): (NaiveDate, NaiveDate),
) -> Result<MatchingApproval, PrivacyError> {
    if valid_to < valid_from {
        return Err(PrivacyError::EndsBeforeItBegins);
    }
    let approval = MatchingApproval {
        id: Uuid::now_v7(),
        purpose: purpose.as_str().to_owned(),
        basis,
        source: source.as_str().to_owned(),
        valid_from,
        valid_to,
        approved_by: by.actor.as_str().to_owned(),
        recorded_at: by.now,
    };
    store::add_approval(conn, &approval)?;
    let action = "privacy.matching.approved";
    audit::record(conn, by.actor, action, &approval.id, by.now)?;
    Ok(approval)
}
