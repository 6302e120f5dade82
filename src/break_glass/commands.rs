//! Asking for access, approving and reviewing it. Each runs inside the caller's transaction.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::model::{Approval, BreakGlassError, InForce, Outcome, Request, Review, Subject, Wanted};
use super::{rules, store};
use crate::kernel::clock::hong_kong_date;
use crate::platform::audit::{self, Entry};
use crate::platform::auth::Actor;
use crate::platform::calendar::next_working_day;
use crate::platform::db::beyond_reach;

/// Asks for access.
pub fn request(
    conn: &mut PgConnection,
    actor: &Actor,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Request, BreakGlassError> {
    not_suspended(conn, actor.as_str(), now)?;
    let (person, household) = match wanted.subject {
        Subject::Person(person) => (Some(person), None),
        Subject::Household(code) => (None, Some(code)),
    };
    let request = Request {
        id: Uuid::now_v7(),
        staff: actor.as_str().to_owned(),
        person,
        household,
        reason: wanted.reason,
        ticket: wanted.ticket.clone(),
        fields: wanted.fields.clone(),
        minutes: wanted.minutes,
        requested_at: now,
    };
    store::add_request(conn, &request)?;
    record(conn, actor, "break_glass.requested", &request, now)?;
    Ok(request)
}

/// Approves request `id`: its access begins.
pub fn approve(
    conn: &mut PgConnection,
    actor: &Actor,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Approval, BreakGlassError> {
    let request = store::request(conn, id)?.ok_or(BreakGlassError::NoSuchRequest)?;
    not_suspended(conn, &request.staff, now)?;
    let review_by = next_working_day(conn, hong_kong_date(now))?;
    let approval = rules::approval(&request, actor.as_str(), review_by, now)?;
    store::add_approval(conn, &approval)?;
    record(conn, actor, "break_glass.approved", &request, now)?;
    Ok(approval)
}

/// Reviews the access that request `id` gave.
pub fn review(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, outcome, note): (Uuid, Outcome, &str),
    now: DateTime<Utc>,
) -> Result<Review, BreakGlassError> {
    let request = store::request(conn, id)?.ok_or(BreakGlassError::NoSuchRequest)?;
    let approval = store::approval(conn, id)?.ok_or(BreakGlassError::NoSuchRequest)?;
    let review = Review {
        request: id,
        staff: approval.staff.clone(),
        reviewer: actor.as_str().to_owned(),
        outcome,
        note: note.to_owned(),
        reviewed_at: now,
        approver: approval.approver.clone(),
    };
    rules::review(&approval, &review)?;
    store::add_review(conn, &review)?;
    record(conn, actor, "break_glass.reviewed", &request, now)?;
    Ok(review)
}

/// The accesses that `actor` has at `now`; none while one waits too long for its review.
pub fn in_force(
    conn: &mut PgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<InForce>, BreakGlassError> {
    not_suspended(conn, actor.as_str(), now)?;
    // Whoever holds such an access reaches further by it than by their posting.
    let held = beyond_reach(conn, |conn| store::in_force(conn, actor.as_str(), now));
    Ok(held?)
}

fn not_suspended(
    conn: &mut PgConnection,
    staff: &str,
    now: DateTime<Utc>,
) -> Result<(), BreakGlassError> {
    if store::is_overdue(conn, staff, hong_kong_date(now))? {
        return Err(BreakGlassError::Suspended(staff.to_owned()));
    }
    Ok(())
}

fn record(
    conn: &mut PgConnection,
    actor: &Actor,
    action: &'static str,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<(), BreakGlassError> {
    let household = request.household.map(|code| code.to_string());
    let entry = Entry {
        person: request.person,
        household: household.as_deref(),
        purpose: Some(request.reason.as_str()),
        ..Entry::of(actor, action, &request.id, now)
    };
    Ok(audit::add(conn, &entry)?)
}
