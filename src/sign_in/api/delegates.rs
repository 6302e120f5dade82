//! Who may act for one's own household: named, listed, ended.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::OwnDelegates;
use super::links::own_household;
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::reach::Reach;
use crate::kernel::role::Role;
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::problem::Problem;
use crate::platform::password::Secret;
use crate::sign_in::commands::delegates::{self as commands, NewDelegate};
use crate::sign_in::model::{Delegate, DelegateKind, Posted, SignInError};
use crate::sign_in::store::delegates as store;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(name_delegate)
        .service(list_delegates)
        .service(end_delegate);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DelegateIn {
    kind: DelegateKind,
    /// What they may do: some of what delegates may at all.
    #[schema(min_items = 1, max_items = 32)]
    scopes: Vec<String>,
    /// The last day, within twelve months.
    expires_on: Day,
}

/// Someone who may act for the household.
#[derive(Debug, Serialize, ToSchema)]
struct DelegateOut {
    id: Uuid,
    kind: DelegateKind,
    scopes: Vec<String>,
    expires_on: NaiveDate,
    /// Whether they have accepted.
    claimed: bool,
    granted_at: DateTime<Utc>,
}

/// A delegate and the invitation to hand to them. The code is shown once.
#[derive(Debug, Serialize, ToSchema)]
struct InvitationOut {
    #[serde(flatten)]
    delegate: DelegateOut,
    invitation: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct DelegatesOut {
    items: Vec<DelegateOut>,
}

impl From<Delegate> for DelegateOut {
    fn from(delegate: Delegate) -> Self {
        Self {
            id: delegate.id,
            kind: delegate.kind,
            scopes: delegate.scopes,
            expires_on: delegate.expires_on,
            claimed: delegate.code_hash.is_none(),
            granted_at: delegate.granted_at,
        }
    }
}

/// Name someone to act for one's own household, in part and for a time.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 201, body = InvitationOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["delegate:own"])),
)]
#[post("/delegates")]
async fn name_delegate(
    app: Data<App>,
    caller: Authorized<OwnDelegates>,
    body: Json<DelegateIn>,
) -> Result<HttpResponse, Problem> {
    let household = own_household(&caller.reach)?;
    let body = body.into_inner();
    let invitation = Secret::fresh().map_err(SignInError::from)?;
    let posted = Posted {
        role: Role::Delegate,
        reach: Reach::Household(household),
    };
    let held: Vec<&'static str> = (app.sign_in.grants)(&[posted]).into_keys().collect();
    let new = NewDelegate {
        kind: body.kind,
        scopes: body.scopes,
        expires_on: body.expires_on.into(),
        code: invitation.digest(),
    };
    let now = app.clock.now();
    let named = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        commands::name(conn, &caller.actor, household, (new, &held), now)
    });
    let out = DelegateOut::from(named.await?);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/delegates/{}", out.id)))
        .json(InvitationOut {
            delegate: out,
            invitation: invitation.reveal().to_owned(),
        }))
}

/// List who may act for one's own household.
#[utoipa::path(
    tag = "sign-in",
    responses((status = 200, body = DelegatesOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["delegate:own"])),
)]
#[get("/delegates")]
async fn list_delegates(
    app: Data<App>,
    caller: Authorized<OwnDelegates>,
) -> Result<Json<DelegatesOut>, Problem> {
    let household = own_household(&caller.reach)?;
    let found = app.db.read(move |conn| {
        reach_in(conn, &caller.reach)?;
        store::of(conn, household)
    });
    let items = found.await?.into_iter().map(DelegateOut::from).collect();
    Ok(Json(DelegatesOut { items }))
}

/// End someone's acting for one's own household, within a second.
#[utoipa::path(
    tag = "sign-in",
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)),
    security(("bearer" = ["delegate:own"])),
)]
#[delete("/delegates/{id}")]
async fn end_delegate(
    app: Data<App>,
    caller: Authorized<OwnDelegates>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let own = (own_household(&caller.reach)?, *id);
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            reach_in(conn, &caller.reach)?;
            commands::end(conn, &caller.actor, own, now)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
