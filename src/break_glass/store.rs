//! Break-glass accesses in PostgreSQL. The only file that names their tables.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;

use super::model::{Approval, BreakGlassError, InForce, Request, Review, Subject};
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{break_glass, break_glass_approval, break_glass_review};

pub fn add_request(conn: &mut PgConnection, request: &Request) -> Result<(), DbError> {
    diesel::insert_into(break_glass::table)
        .values(request)
        .execute(conn)?;
    Ok(())
}

pub fn request(conn: &mut PgConnection, id: Uuid) -> Result<Option<Request>, DbError> {
    Ok(break_glass::table
        .find(id)
        .select(Request::as_select())
        .first(conn)
        .optional()?)
}

/// Adds `approval`; the key decides when two approve at the same time.
pub fn add_approval(conn: &mut PgConnection, approval: &Approval) -> Result<(), BreakGlassError> {
    let added = diesel::insert_into(break_glass_approval::table)
        .values(approval)
        .execute(conn)
        .map_err(DbError::from);
    match added {
        Err(error) if error.constraint() == Some("break_glass_approval_pkey") => {
            Err(BreakGlassError::Approved)
        }
        added => Ok(added.map(drop)?),
    }
}

pub fn approval(conn: &mut PgConnection, request: Uuid) -> Result<Option<Approval>, DbError> {
    Ok(break_glass_approval::table
        .find(request)
        .select(Approval::as_select())
        .first(conn)
        .optional()?)
}

/// Adds `review`; the key decides when two review at the same time.
pub fn add_review(conn: &mut PgConnection, review: &Review) -> Result<(), BreakGlassError> {
    let added = diesel::insert_into(break_glass_review::table)
        .values(review)
        .execute(conn)
        .map_err(DbError::from);
    match added {
        Err(error) if error.constraint() == Some("break_glass_review_pkey") => {
            Err(BreakGlassError::Reviewed)
        }
        added => Ok(added.map(drop)?),
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn reviewed() -> _ {
    let reviews = break_glass_review::table
        .filter(break_glass_review::request.eq(break_glass_approval::request));
    exists(reviews)
}

/// Whether an access of `staff` should have been reviewed before `today` and was not.
pub fn is_overdue(conn: &mut PgConnection, staff: &str, today: NaiveDate) -> Result<bool, DbError> {
    let overdue = break_glass_approval::table
        .filter(break_glass_approval::staff.eq(staff))
        .filter(break_glass_approval::review_by.lt(today))
        .filter(not(reviewed()));
    Ok(diesel::select(exists(overdue)).get_result(conn)?)
}

/// The accesses that `staff` has at `now`.
pub fn in_force(
    conn: &mut PgConnection,
    staff: &str,
    now: DateTime<Utc>,
) -> Result<Vec<InForce>, DbError> {
    let rows: Vec<(Request, DateTime<Utc>)> = break_glass_approval::table
        .inner_join(break_glass::table.on(break_glass::id.eq(break_glass_approval::request)))
        .filter(break_glass_approval::staff.eq(staff))
        .filter(break_glass_approval::starts_at.le(now))
        .filter(break_glass_approval::ends_at.gt(now))
        .filter(not(reviewed()))
        .order(break_glass_approval::request)
        .select((Request::as_select(), break_glass_approval::ends_at))
        .load(conn)?;
    let access = |(request, ends_at): (Request, _)| {
        let person = request.person.map(Subject::Person);
        Some(InForce {
            request: request.id,
            subject: person.or(request.household.map(Subject::Household))?,
            fields: request.fields,
            ends_at,
        })
    };
    Ok(rows.into_iter().filter_map(access).collect())
}

/// Up to `rows` accesses that nobody has reviewed yet, the oldest first.
pub fn unreviewed(
    conn: &mut PgConnection,
    after: Option<(DateTime<Utc>, Uuid)>,
    rows: i64,
) -> Result<Vec<(Approval, Request)>, DbError> {
    let mut query = break_glass_approval::table
        .inner_join(break_glass::table.on(break_glass::id.eq(break_glass_approval::request)))
        .filter(not(reviewed()))
        .order((
            break_glass_approval::starts_at,
            break_glass_approval::request,
        ))
        .limit(rows)
        .select((Approval::as_select(), Request::as_select()))
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            break_glass_approval::starts_at
                .gt(at)
                .or(break_glass_approval::starts_at
                    .eq(at)
                    .and(break_glass_approval::request.gt(id))),
        );
    }
    Ok(query.load(conn)?)
}

/// From when to when an access was given.
type Period = (DateTime<Utc>, DateTime<Utc>);

/// The requests about `person` or one of `households`, the oldest first, each with the access
/// it gave.
pub fn about(
    conn: &mut PgConnection,
    person: Uuid,
    households: Vec<TenantCode>,
) -> Result<Vec<(Request, Option<Period>)>, DbError> {
    let (from, to) = (
        break_glass_approval::starts_at,
        break_glass_approval::ends_at,
    );
    let of_household = break_glass::household.eq_any(households);
    let theirs = break_glass::person.eq(person).or(of_household);
    Ok(break_glass::table
        .left_join(
            break_glass_approval::table.on(break_glass_approval::request.eq(break_glass::id)),
        )
        // Unknown is as good as false to a filter.
        .filter(theirs)
        .order((break_glass::requested_at, break_glass::id))
        .select((Request::as_select(), (from, to).nullable()))
        .load(conn)?)
}
