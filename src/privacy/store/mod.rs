//! Privacy in PostgreSQL. The only folder that names its tables.

mod holds;
mod requests;
mod retention;

use diesel::prelude::*;

use super::model::MatchingApproval;
use crate::platform::db::DbError;
use crate::platform::db::schema::matching_approval;

pub(super) use holds::{
    add_erasure, add_hold, add_order, approve_erasure, end_order, erasures_of, held_people, hold,
    hold_person, holds_of, is_held, is_ordered, lift, open_erasure, open_order, open_orders,
};
pub(super) use requests::{access, claims, correction, forget_claims, set_claim};
pub(super) use retention::{
    add_rule, begin_run, count_erased, end_run, forget_older, has_ended, is_tallied, last_run,
    rule_on, rules, tallies, tally,
};

/// Adds an approval of matching.
pub(super) fn add_approval(
    conn: &mut PgConnection,
    approval: &MatchingApproval,
) -> Result<(), DbError> {
    diesel::insert_into(matching_approval::table)
        .values(approval)
        .execute(conn)?;
    Ok(())
}

/// Every approval of matching for `purpose`.
pub(super) fn approvals(
    conn: &mut PgConnection,
    purpose: &str,
) -> Result<Vec<MatchingApproval>, DbError> {
    Ok(matching_approval::table
        .filter(matching_approval::purpose.eq(purpose))
        .select(MatchingApproval::as_select())
        .load(conn)?)
}
