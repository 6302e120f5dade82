//! The members of a household over HTTP.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::body::{HeadIn, LeavingIn, MemberIn, MembersQuery};
use super::shown::{JoinedOut, MemberOut, PersonOut, Showing};
use super::{ReadPeople, WritePeople};
use crate::app::App;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::day::Day;
use crate::kernel::id::{MembershipId, PersonId};
use crate::kernel::tenant_code::TenantCode;
use crate::people::caller::Caller;
use crate::people::emergency::Shown;
use crate::people::model::{HeadChange, Joined, Leaving, Membership, Person};
use crate::people::store::Wanted;
use crate::people::{commands, emergency, sealing};
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, OnceError, once};
use crate::platform::http::page::{Page, after};
use crate::platform::http::precondition::IfMatch;
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_members)
        .service(add_member)
        .service(end_membership)
        .service(change_head);
}

/// List the members of a household, in the order they joined.
///
/// Numbers are masked; names too, unless it is the caller's own household.
#[utoipa::path(
    tag = "people",
    params(("code" = TenantCode, Path), MembersQuery),
    responses((status = 200, body = Page<MemberOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["people:read"])),
)]
#[get("/households/{code}/members")]
async fn list_members(
    app: Data<App>,
    caller: Authorized<ReadPeople>,
    code: Path<TenantCode>,
    query: Query<MembersQuery>,
) -> Result<Json<Page<MemberOut>>, Problem> {
    let caller = Caller::of(&app, caller);
    let (showing, limit) = (Showing::to(&caller.reach), query.limit);
    let place: Option<(Day, MembershipId)> = after(query.after.as_ref())?;
    let wanted = Wanted {
        household: *code,
        not_over_by: (!query.past).then_some(hong_kong_date(caller.now)),
        after: place.map(|(day, id)| (day.into(), id)),
        rows: limit.rows(),
    };
    let read = caller.does(&app, move |conn, by| emergency::members(conn, by, wanted));
    let Shown { found, fields } = read.await?;
    let place = |(stay, _): &(Membership, Person)| (stay.starts_on, stay.id);
    let show = |(stay, person): (Membership, Person)| {
        MemberOut::new(stay, PersonOut::of(&person, showing, &fields))
    };
    Page::new(found, limit, place, show).map(Json)
}

/// Add a member to a household.
///
/// Somebody on record with the same document and date of birth joins as the same person. The
/// size of the household's tenancy follows.
#[utoipa::path(
    tag = "people",
    params(("code" = TenantCode, Path), IdempotencyKey),
    responses(
        (status = 201, body = JoinedOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["people:write"])),
)]
#[post("/households/{code}/members")]
async fn add_member(
    app: Data<App>,
    caller: Authorized<WritePeople>,
    key: IdempotencyKey,
    code: Path<TenantCode>,
    body: Json<MemberIn>,
) -> Result<HttpResponse, Problem> {
    let (code, new) = (*code, body.into_inner().read()?);
    let joined = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "add_member",
            key: &key,
        };
        // Keyed: a plain digest of a request would give its document away to whoever tries all.
        let request =
            sealing::fingerprint(by.vault, &new).map_err(|error| OnceError::Work(error.into()))?;
        once(conn, &attempt, &(code, request), |conn| {
            commands::join(conn, by, code, &new)
        })
    });
    let joined = joined.await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/people/{}", joined.person)))
        .json(JoinedOut::from(joined)))
}

/// End a person's membership of a household.
///
/// `If-Match` is the membership's version. The head leaves last: change the head first.
#[utoipa::path(
    tag = "people",
    params(("code" = TenantCode, Path), ("id" = PersonId, Path), IdempotencyKey, IfMatch),
    responses((status = 200, body = JoinedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["people:write"])),
)]
#[post("/households/{code}/members/{id}/end")]
async fn end_membership(
    app: Data<App>,
    caller: Authorized<WritePeople>,
    key: IdempotencyKey,
    if_match: IfMatch,
    path: Path<(TenantCode, PersonId)>,
    body: Json<LeavingIn>,
) -> Result<Json<JoinedOut>, Problem> {
    let (code, id) = path.into_inner();
    let read = (code, id, if_match.version());
    let leaving = Leaving {
        ends_on: body.ends_on.into(),
        reason: body.reason,
    };
    let left = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "end_membership",
            key: &key,
        };
        once(conn, &attempt, &(code, id, leaving), |conn| {
            commands::leave(conn, by, read, leaving)
        })
    });
    Ok(Json(left.await?.into()))
}

/// Change the head of a household.
///
/// One step: the head before stays as an authorised member, or leaves for a reason. Rent,
/// ledger and points are the household's and stay as they are.
#[utoipa::path(
    tag = "people",
    params(("code" = TenantCode, Path), IdempotencyKey),
    responses((status = 200, body = JoinedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["people:write"])),
)]
#[post("/households/{code}/head")]
async fn change_head(
    app: Data<App>,
    caller: Authorized<WritePeople>,
    key: IdempotencyKey,
    code: Path<TenantCode>,
    body: Json<HeadIn>,
) -> Result<Json<JoinedOut>, Problem> {
    let code = *code;
    let change = HeadChange {
        person: body.person_id,
        starts_on: body.starts_on.into(),
        former_leaves: body.former_leaves,
    };
    let changed = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "change_head",
            key: &key,
        };
        once(conn, &attempt, &(code, change), |conn| {
            commands::change_head(conn, by, code, change)
        })
    });
    Ok(Json(changed.await?.into()))
}

impl From<Joined> for JoinedOut {
    fn from(joined: Joined) -> Self {
        Self {
            person_id: joined.person,
            membership_id: joined.membership,
        }
    }
}
