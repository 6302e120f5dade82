//! Kiosks, gateways and handhelds: added, enrolled with a one-time code, approved by a second
//! person, suspended or given up at once.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{ApproveDevices, REFUSED, ReadDevices, UNFIT, WriteDevices};
use crate::app::App;
use crate::kernel::id::EstateId;
use crate::platform::auth::Authorized;
use crate::platform::crypto::sha256;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{Cursor, Limit, Page, after};
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;
use crate::platform::limits::{Bucket, Rate};
use crate::platform::password::Secret;
use crate::sign_in::assertion::PublicKey;
use crate::sign_in::commands::keys as commands;
use crate::sign_in::model::{Device, DeviceKind, EnrolmentState, KeyChange, SignInError};
use crate::sign_in::store::devices as store;

/// Codes have 256 bits; this only keeps floods away.
const ENROLMENTS: Rate = Rate::new(20, std::time::Duration::from_secs(1));

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(add_device)
        .service(list_devices)
        .service(read_device)
        .service(issue_device_code)
        .service(change_device)
        .service(enrol_device);
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceIn {
    kind: DeviceKind,
    estate: EstateId,
}

/// A device.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct DeviceOut {
    id: Uuid,
    kind: DeviceKind,
    estate: EstateId,
    state: EnrolmentState,
    /// Whether it has a key.
    enrolled: bool,
    created_by: String,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<DateTime<Utc>>,
}

impl From<Device> for DeviceOut {
    fn from(device: Device) -> Self {
        Self {
            id: device.id,
            kind: device.kind,
            estate: device.estate_id,
            state: device.state,
            enrolled: device.public_key.is_some(),
            created_by: device.created_by,
            created_at: device.created_at,
            approved_by: device.approved_by,
            approved_at: device.approved_at,
        }
    }
}

/// A code by which a device is enrolled. Shown once.
#[derive(Debug, Serialize, ToSchema)]
struct CodeOut {
    code: String,
    /// In seconds.
    expires_in: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnrolmentIn {
    public_key: PublicKey,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeIn {
    pub change: KeyChange,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DevicesQuery {
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    after: Option<Cursor>,
}

/// Add a device to an estate.
#[utoipa::path(
    tag = "devices",
    params(IdempotencyKey),
    responses(
        (status = 201, body = DeviceOut, headers(("ETag" = String), ("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["devices:write"])),
)]
#[post("/devices")]
async fn add_device(
    app: Data<App>,
    caller: Authorized<WriteDevices>,
    key: IdempotencyKey,
    body: Json<DeviceIn>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let added = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "add_device",
            key: &key,
        };
        once(conn, &attempt, &body.0, |conn| {
            let new = (body.kind, body.estate);
            let device = commands::add_device(conn, &caller.actor, &caller.reach, new, now)?;
            Ok::<_, SignInError>(DeviceOut::from(device))
        })
    });
    let out: DeviceOut = added.await?;
    Ok(HttpResponse::Created()
        .insert_header((ETAG, etag(1)))
        .insert_header((LOCATION, format!("/v1/devices/{}", out.id)))
        .json(out))
}

/// List devices by estate.
#[utoipa::path(
    tag = "devices",
    params(DevicesQuery),
    responses((status = 200, body = Page<DeviceOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["devices:read"])),
)]
#[get("/devices")]
async fn list_devices(
    app: Data<App>,
    caller: Authorized<ReadDevices>,
    query: Query<DevicesQuery>,
) -> Result<Json<Page<DeviceOut>>, Problem> {
    let place: Option<(EstateId, Uuid)> = after(query.after.as_ref())?;
    let limit = query.limit;
    let rows = app
        .db
        .query(move |conn| store::list(conn, &caller.reach, place, limit.rows()))
        .await?;
    let place = |last: &Device| (last.estate_id, last.id);
    Page::new(rows, limit, place, DeviceOut::from).map(Json)
}

/// Read a device.
#[utoipa::path(
    tag = "devices",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = DeviceOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["devices:read"])),
)]
#[get("/devices/{id}")]
async fn read_device(
    app: Data<App>,
    caller: Authorized<ReadDevices>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let found = app.db.query(move |conn| store::device(conn, *id)).await?;
    found
        .filter(|device| caller.reach.takes_in(device.estate_id))
        .map(shown)
        .ok_or_else(Problem::not_found)
}

/// Issue the code by which a device is enrolled: for ten minutes, for one use, instead of any
/// before.
#[utoipa::path(
    tag = "devices",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = CodeOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["devices:write"])),
)]
#[post("/devices/{id}/code")]
async fn issue_device_code(
    app: Data<App>,
    caller: Authorized<WriteDevices>,
    id: Path<Uuid>,
) -> Result<Json<CodeOut>, Problem> {
    let code = Secret::fresh().map_err(SignInError::from)?;
    let (given, now) = ((*id, code.digest()), app.clock.now());
    app.db
        .write(move |conn| commands::issue_code(conn, &caller.actor, &caller.reach, given, now))
        .await?;
    Ok(Json(CodeOut {
        code: code.reveal().to_owned(),
        expires_in: 600,
    }))
}

/// Approve, suspend or give up a device. Approval takes someone other than who added it;
/// everything counts within a second.
#[utoipa::path(
    tag = "devices",
    params(("id" = Uuid, Path), IfMatch),
    responses(
        (status = 200, body = DeviceOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["devices:approve"])),
)]
#[post("/devices/{id}/change")]
async fn change_device(
    app: Data<App>,
    caller: Authorized<ApproveDevices>,
    if_match: IfMatch,
    id: Path<Uuid>,
    body: Json<ChangeIn>,
) -> Result<HttpResponse, Problem> {
    let wanted = (*id, if_match.version(), body.change);
    let now = app.clock.now();
    let changed = app.db.write(move |conn| {
        commands::change_device(conn, &caller.actor, &caller.reach, wanted, now)
    });
    Ok(shown(changed.await?))
}

/// Enrol a device: its public key for the code. It works once someone has approved it.
#[utoipa::path(
    tag = "sign-in",
    params(("code" = String, Path, max_length = 64)),
    responses((status = 201, body = DeviceOut), (status = "4XX", body = Problem)),
)]
#[post("/auth/enrolments/{code}")]
async fn enrol_device(
    app: Data<App>,
    code: Path<String>,
    body: Json<EnrolmentIn>,
) -> Result<HttpResponse, Problem> {
    let flood = vec![Bucket::of("enrolment", "", ENROLMENTS)];
    app.sign_in.take(flood).await?;
    let key = body.into_inner().public_key.checked();
    let key = key.map_err(|_| Problem::new(UNFIT).detail("public_key: not a usable key"))?;
    let key = serde_json::to_value(key).map_err(Problem::internal)?;
    let (hash, now) = (sha256(&[code.as_bytes()]), app.clock.now());
    let enrolled = app
        .db
        .write(move |conn| commands::enrol(conn, hash, key, now))
        .await?;
    let device = enrolled.ok_or_else(|| Problem::new(REFUSED).error("invalid_grant"))?;
    Ok(HttpResponse::Created().json(DeviceOut::from(device)))
}

fn shown(device: Device) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(device.version)))
        .json(DeviceOut::from(device))
}
