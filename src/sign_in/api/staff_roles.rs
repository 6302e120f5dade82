//! Roles of staff: asked for by one administrator, approved by another.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{ApproveStaff, WriteStaff};
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::id::EstateId;
use crate::kernel::role::Role;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;
use crate::sign_in::commands::staff as commands;
use crate::sign_in::model::{NewRole, SignInError, StaffRole};

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(request_staff_role)
        .service(approve_staff_role)
        .service(end_staff_role);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleIn {
    role: Role,
    /// Where; absent, everywhere.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 400)]
    estates: Option<Vec<EstateId>>,
    /// The first day.
    from: Day,
    /// The last day.
    #[serde(default)]
    to: Option<Day>,
}

/// A role, where it is held and from when to when.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct RoleOut {
    id: Uuid,
    role: Role,
    /// Absent: everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    estates: Option<Vec<Uuid>>,
    from: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<NaiveDate>,
    requested_by: String,
    requested_at: DateTime<Utc>,
    /// Absent: it gives nothing yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
}

impl From<StaffRole> for RoleOut {
    fn from(role: StaffRole) -> Self {
        Self {
            id: role.id,
            role: role.role,
            estates: role.estates,
            from: role.valid_from,
            to: role.valid_to,
            requested_by: role.granted_by,
            requested_at: role.granted_at,
            approved_by: role.approved_by,
            approved_at: role.approved_at,
            ended_at: role.ended_at,
        }
    }
}

/// Ask for a role for someone. It gives nothing until someone else approves it.
#[utoipa::path(
    tag = "staff",
    params(("id" = Uuid, Path), IdempotencyKey),
    responses(
        (status = 201, body = RoleOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["staff:write"])),
)]
#[post("/staff-accounts/{id}/roles")]
async fn request_staff_role(
    app: Data<App>,
    caller: Authorized<WriteStaff>,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<RoleIn>,
) -> Result<HttpResponse, Problem> {
    let RoleIn {
        role,
        estates,
        from,
        to,
    } = body.into_inner();
    let new = NewRole {
        role,
        estates,
        valid_from: from.into(),
        valid_to: to.map(NaiveDate::from),
    };
    let now = app.clock.now();
    let asked = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "request_staff_role",
            key: &key,
        };
        once(conn, &attempt, &(*id, &new), |conn| {
            let role = commands::request_role(conn, &caller.actor, *id, &new, now)?;
            Ok::<_, SignInError>(RoleOut::from(role))
        })
    });
    let out: RoleOut = asked.await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/staff-roles/{}", out.id)))
        .json(out))
}

/// Approve a role that someone else asked for, for someone else; it counts within a second.
#[utoipa::path(
    tag = "staff",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = RoleOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["staff:approve"])),
)]
#[post("/staff-roles/{id}/approve")]
async fn approve_staff_role(
    app: Data<App>,
    caller: Authorized<ApproveStaff>,
    id: Path<Uuid>,
) -> Result<Json<RoleOut>, Problem> {
    let now = app.clock.now();
    let approved = app
        .db
        .write(move |conn| commands::approve_role(conn, &caller.actor, *id, now));
    Ok(Json(approved.await?.into()))
}

/// End a role, on every replica within a second.
#[utoipa::path(
    tag = "staff",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = RoleOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["staff:write"])),
)]
#[post("/staff-roles/{id}/end")]
async fn end_staff_role(
    app: Data<App>,
    caller: Authorized<WriteStaff>,
    id: Path<Uuid>,
) -> Result<Json<RoleOut>, Problem> {
    let now = app.clock.now();
    let ended = app
        .db
        .write(move |conn| commands::end_role(conn, &caller.actor, *id, now));
    Ok(Json(ended.await?.into()))
}
