//! Privacy in PostgreSQL. The only folder that names its tables.

mod holds;
mod requests;
mod retention;

use diesel::prelude::*;

use super::model::MatchingApproval;
use crate::platform::db::DbError;
use crate::platform::db::schema::matching_approval;

pub(super) use holds::{
    add_erasure, add_hold, approve_erasure, hold, hold_person, holds_of, is_held, lift,
    open_erasure,
};
pub(super) use requests::{access, claims, correction, forget_claims, set_claim};
pub(super) use retention::{
    add_rule, begin_run, count_erased, end_run, has_ended, last_run, rule_on, rules,
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
