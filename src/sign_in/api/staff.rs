//! Staff accounts, kept by administrators.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::staff_roles::RoleOut;
use super::{ReadStaff, WriteStaff};
use crate::app::App;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{Cursor, Limit, Page, after};
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;
use crate::sign_in::bootstrap::{Issued, secrets};
use crate::sign_in::commands::staff as commands;
use crate::sign_in::model::{SignInError, StaffAccount};
use crate::sign_in::store;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create_staff_account)
        .service(list_staff_accounts)
        .service(read_staff_account)
        .service(issue_staff_secrets)
        .service(end_staff_account);
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffIn {
    /// What they sign in as.
    #[schema(pattern = "^[a-z][a-z0-9._-]{2,31}$")]
    login: String,
}

/// A staff account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct StaffOut {
    id: Uuid,
    login: String,
    created_at: DateTime<Utc>,
    created_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    /// Whether the next sign-in must bring a new password.
    must_change: bool,
}

impl From<StaffAccount> for StaffOut {
    fn from(account: StaffAccount) -> Self {
        Self {
            id: account.id,
            login: account.login,
            created_at: account.created_at,
            created_by: account.created_by,
            ended_at: account.ended_at,
            must_change: account.must_change,
        }
    }
}

/// A staff account and every role it was ever asked for.
#[derive(Debug, Serialize, ToSchema)]
struct StaffDetail {
    #[serde(flatten)]
    account: StaffOut,
    roles: Vec<RoleOut>,
}

/// What a member of staff signs in with the first time. Shown once.
#[derive(Debug, Serialize, ToSchema)]
struct SecretsOut {
    /// For one sign-in, which must bring a new one.
    password: String,
    /// For an authenticator app, as a QR code.
    totp_uri: String,
}

impl From<Issued> for SecretsOut {
    fn from(issued: Issued) -> Self {
        Self {
            password: issued.password.reveal().to_owned(),
            totp_uri: issued.totp_uri.reveal().to_owned(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StaffQuery {
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    after: Option<Cursor>,
}

/// Make a staff account. Nobody can sign in to it until its secrets are issued.
#[utoipa::path(
    tag = "staff",
    params(IdempotencyKey),
    responses(
        (status = 201, body = StaffOut, headers(("ETag" = String), ("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["staff:write"])),
)]
#[post("/staff-accounts")]
async fn create_staff_account(
    app: Data<App>,
    caller: Authorized<WriteStaff>,
    key: IdempotencyKey,
    body: Json<StaffIn>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let created = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "create_staff_account",
            key: &key,
        };
        once(conn, &attempt, &body.0, |conn| {
            let created = commands::create(conn, &caller.actor, &body.login, now)?;
            Ok::<_, SignInError>(StaffOut::from(created))
        })
    });
    let out: StaffOut = created.await?;
    Ok(HttpResponse::Created()
        .insert_header((ETAG, etag(1)))
        .insert_header((LOCATION, format!("/v1/staff-accounts/{}", out.id)))
        .json(out))
}

/// List staff accounts by login.
#[utoipa::path(
    tag = "staff",
    params(StaffQuery),
    responses((status = 200, body = Page<StaffOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["staff:read"])),
)]
#[get("/staff-accounts")]
async fn list_staff_accounts(
    app: Data<App>,
    _: Authorized<ReadStaff>,
    query: Query<StaffQuery>,
) -> Result<Json<Page<StaffOut>>, Problem> {
    let place: Option<String> = after(query.after.as_ref())?;
    let limit = query.limit;
    let rows = app
        .db
        .query(move |conn| store::staff::list(conn, place.as_deref(), limit.rows()))
        .await?;
    let place = |last: &StaffAccount| last.login.clone();
    Page::new(rows, limit, place, StaffOut::from).map(Json)
}

/// Read a staff account with its roles.
#[utoipa::path(
    tag = "staff",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = StaffDetail, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["staff:read"])),
)]
#[get("/staff-accounts/{id}")]
async fn read_staff_account(
    app: Data<App>,
    _: Authorized<ReadStaff>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let found = app.db.read(move |conn| {
        let account = store::staff::account(conn, *id)?.ok_or(SignInError::NotFound)?;
        Ok::<_, SignInError>((account, store::staff::roles(conn, *id)?))
    });
    let (account, roles) = found.await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(account.version)))
        .json(StaffDetail {
            account: account.into(),
            roles: roles.into_iter().map(RoleOut::from).collect(),
        }))
}

/// Issue a one-time password and a new authenticator seed; whoever is signed in is signed out.
///
/// Nobody does this for their own account. The answer is shown once and kept nowhere; asking
/// again issues others.
#[utoipa::path(
    tag = "staff",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = SecretsOut),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
    security(("bearer" = ["staff:write"])),
)]
#[post("/staff-accounts/{id}/secrets")]
async fn issue_staff_secrets(
    app: Data<App>,
    caller: Authorized<WriteStaff>,
    id: Path<Uuid>,
) -> Result<Json<SecretsOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let found = app.db.read(move |conn| {
        let account = store::staff::account(conn, id)?.ok_or(SignInError::NotFound)?;
        Ok::<_, SignInError>((account, store::cost(conn, "staff", now)?))
    });
    let (account, cost) = found.await?;
    let (issued, seed) = secrets(&app.sign_in.wrapper, id, &account.login)?;
    let password = issued.password.clone();
    let hash = app.sign_in.hasher.hash(password, cost).await?;
    app.db
        .write(move |conn| commands::reset(conn, &caller.actor, id, (hash, seed), now))
        .await?;
    Ok(Json(issued.into()))
}

/// End a staff account, on every replica within a second.
#[utoipa::path(
    tag = "staff",
    params(("id" = Uuid, Path), IfMatch),
    responses((status = 204), (status = "4XX", body = Problem)),
    security(("bearer" = ["staff:write"])),
)]
#[post("/staff-accounts/{id}/end")]
async fn end_staff_account(
    app: Data<App>,
    caller: Authorized<WriteStaff>,
    if_match: IfMatch,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (read, now) = ((*id, if_match.version()), app.clock.now());
    app.db
        .write(move |conn| commands::end(conn, &caller.actor, read, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
