//! Tenancies over HTTP.

mod body;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, patch, post};
use chrono::NaiveDate;
use utoipa_actix_web::service_config::ServiceConfig;

use self::body::{
    EndingIn, FlatTenancies, MoveIn, TenanciesQuery, TenancyChange, TenancyIn, TenancyOut,
};
use super::commands;
use super::model::{Ending, Move, NewTenancy, Tenancy, TenancyError};
use super::reach::{flat_within, move_within, start_within, tenancy_within};
use super::store::{self, Wanted};
use crate::app::App;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::day::Day;
use crate::kernel::id::{FlatId, TenancyId};
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::{Authorized, permissions};
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, OnceError, once};
use crate::platform::http::page::{Page, after};
use crate::platform::http::precondition::{IfMatch, Stale, etag};
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// Read tenancies.
    ReadTenancies = "tenancy:read";
    /// Start, change, transfer and end tenancies.
    WriteTenancies = "tenancy:write";
}

const OCCUPIED: Kind = Kind::new(
    "flat-occupied",
    409,
    "The flat is let on some of these days",
);
const ENDED: Kind = Kind::new("tenancy-ended", 409, "The tenancy has ended");
const NO_FLAT: Kind = Kind::new("no-such-flat", 422, "No flat has this id");
const NO_HOUSEHOLD: Kind = Kind::new(
    "no-such-household",
    422,
    "No household has this tenant code",
);
const REFUSED: Kind = Kind::new("tenancy-refused", 422, "The tenancy cannot be so");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(start_tenancy)
        .service(list_tenancies)
        .service(read_tenancy)
        .service(change_tenancy)
        .service(end_tenancy)
        .service(transfer_tenancy)
        .service(list_flat_tenancies);
}

/// Start a tenancy.
///
/// The flat must be free from that day on. A household without a code gets one.
#[utoipa::path(
    tag = "tenancies",
    params(IdempotencyKey),
    responses(
        (status = 201, body = TenancyOut, headers(("ETag" = String), ("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["tenancy:write"])),
)]
#[post("/tenancies")]
async fn start_tenancy(
    app: Data<App>,
    caller: Authorized<WriteTenancies>,
    key: IdempotencyKey,
    body: Json<TenancyIn>,
) -> Result<HttpResponse, Problem> {
    let new = NewTenancy::from(body.into_inner());
    let now = app.clock.now();
    let started = app.db.write(move |conn| {
        start_within(conn, &caller.reach, &new, hong_kong_date(now)).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "start_tenancy",
            key: &key,
        };
        once(conn, &attempt, &new, |conn| {
            commands::start(conn, &caller.actor, &new, now)
        })
    });
    Ok(created(started.await?))
}

/// List tenancies by tenant code and start.
#[utoipa::path(
    tag = "tenancies",
    params(TenanciesQuery),
    responses((status = 200, body = Page<TenancyOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["tenancy:read"])),
)]
#[get("/tenancies")]
async fn list_tenancies(
    app: Data<App>,
    caller: Authorized<ReadTenancies>,
    query: Query<TenanciesQuery>,
) -> Result<Json<Page<TenancyOut>>, Problem> {
    let query = query.into_inner();
    let place: Option<(TenantCode, Day, TenancyId)> = after(query.after.as_ref())?;
    let wanted = Wanted {
        household: query.tenant_code,
        estate: query.estate,
        flat: query.flat,
        live_on: query.live_on.map(NaiveDate::from),
        kind: query.kind,
        after: place.map(|(code, day, id)| (code, day.into(), id)),
        reach: Some(caller.reach),
    };
    let limit = query.limit;
    let rows = app
        .db
        .query(move |conn| store::list(conn, &wanted, limit.rows()))
        .await?;
    let place = |last: &Tenancy| (last.household, last.starts_on, last.id);
    Page::new(rows, limit, place, TenancyOut::from).map(Json)
}

/// Read a tenancy.
#[utoipa::path(
    tag = "tenancies",
    params(("id" = TenancyId, Path)),
    responses(
        (status = 200, body = TenancyOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["tenancy:read"])),
)]
#[get("/tenancies/{id}")]
async fn read_tenancy(
    app: Data<App>,
    caller: Authorized<ReadTenancies>,
    id: Path<TenancyId>,
) -> Result<HttpResponse, Problem> {
    let found = app
        .db
        .query(move |conn| tenancy_within(conn, &caller.reach, *id));
    Ok(shown(found.await?))
}

/// Change a tenancy.
#[utoipa::path(
    tag = "tenancies",
    params(("id" = TenancyId, Path), IfMatch),
    responses(
        (status = 200, body = TenancyOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["tenancy:write"])),
)]
#[patch("/tenancies/{id}")]
async fn change_tenancy(
    app: Data<App>,
    caller: Authorized<WriteTenancies>,
    if_match: IfMatch,
    id: Path<TenancyId>,
    body: Json<TenancyChange>,
) -> Result<HttpResponse, Problem> {
    let (read, size) = ((*id, if_match.version()), body.household_size);
    let now = app.clock.now();
    let changed = app.db.write(move |conn| {
        tenancy_within(conn, &caller.reach, read.0)?;
        commands::resize(conn, &caller.actor, read, size, now)
    });
    Ok(shown(changed.await?))
}

/// End a tenancy, or change an end that is still to come.
#[utoipa::path(
    tag = "tenancies",
    params(("id" = TenancyId, Path), IdempotencyKey, IfMatch),
    responses(
        (status = 200, body = TenancyOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["tenancy:write"])),
)]
#[post("/tenancies/{id}/end")]
async fn end_tenancy(
    app: Data<App>,
    caller: Authorized<WriteTenancies>,
    key: IdempotencyKey,
    if_match: IfMatch,
    id: Path<TenancyId>,
    body: Json<EndingIn>,
) -> Result<HttpResponse, Problem> {
    let (id, version) = (*id, if_match.version());
    let ending = Ending {
        ends_on: body.ends_on.into(),
        reason: body.reason,
    };
    let now = app.clock.now();
    let ended = app.db.write(move |conn| {
        tenancy_within(conn, &caller.reach, id).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "end_tenancy",
            key: &key,
        };
        once(conn, &attempt, &(id, ending), |conn| {
            commands::end(conn, &caller.actor, (id, version), ending, now)
        })
    });
    Ok(shown(ended.await?))
}

/// Move the household to another flat.
///
/// The old tenancy ends on the day before; the household keeps its tenant code. The answer
/// is the new tenancy.
#[utoipa::path(
    tag = "tenancies",
    params(("id" = TenancyId, Path), IdempotencyKey, IfMatch),
    responses(
        (status = 201, body = TenancyOut, headers(("ETag" = String), ("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["tenancy:write"])),
)]
#[post("/tenancies/{id}/transfer")]
async fn transfer_tenancy(
    app: Data<App>,
    caller: Authorized<WriteTenancies>,
    key: IdempotencyKey,
    if_match: IfMatch,
    id: Path<TenancyId>,
    body: Json<MoveIn>,
) -> Result<HttpResponse, Problem> {
    let (id, version) = (*id, if_match.version());
    let to = Move {
        flat_id: body.flat_id,
        starts_on: body.starts_on.into(),
    };
    let now = app.clock.now();
    let moved = app.db.write(move |conn| {
        move_within(conn, &caller.reach, id, to).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "transfer_tenancy",
            key: &key,
        };
        once(conn, &attempt, &(id, to), |conn| {
            commands::transfer(conn, &caller.actor, (id, version), to, now)
        })
    });
    Ok(created(moved.await?))
}

/// List the tenancies that a flat has had.
#[utoipa::path(
    tag = "tenancies",
    params(("id" = FlatId, Path)),
    responses((status = 200, body = FlatTenancies), (status = "4XX", body = Problem)),
    security(("bearer" = ["tenancy:read"])),
)]
#[get("/flats/{id}/tenancies")]
async fn list_flat_tenancies(
    app: Data<App>,
    caller: Authorized<ReadTenancies>,
    id: Path<FlatId>,
) -> Result<Json<FlatTenancies>, Problem> {
    let history = app
        .db
        .read(move |conn| {
            if flat_within(conn, &caller.reach, *id)? {
                store::history_of_flat(conn, *id)
            } else {
                Ok(None)
            }
        })
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Json(FlatTenancies {
        items: history.into_iter().map(TenancyOut::from).collect(),
    }))
}

fn shown(tenancy: Tenancy) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(tenancy.version)))
        .json(TenancyOut::from(tenancy))
}

fn created(tenancy: Tenancy) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((ETAG, etag(tenancy.version)))
        .insert_header((LOCATION, format!("/v1/tenancies/{}", tenancy.id)))
        .json(TenancyOut::from(tenancy))
}

impl From<TenancyError> for Problem {
    fn from(error: TenancyError) -> Self {
        match error {
            TenancyError::NoSuchTenancy => Self::not_found(),
            TenancyError::NoSuchFlat => Self::new(NO_FLAT),
            TenancyError::NoSuchHousehold => Self::new(NO_HOUSEHOLD),
            TenancyError::FlatOccupied => Self::new(OCCUPIED),
            TenancyError::Stale => Stale.into(),
            TenancyError::Ended(_) => Self::new(ENDED).detail(error.to_string()),
            TenancyError::Start(..)
            | TenancyError::End(..)
            | TenancyError::MovesTooEarly(_)
            | TenancyError::SameFlat
            | TenancyError::TransferIsNoEnding
            | TenancyError::HouseholdSize => Self::new(REFUSED).detail(error.to_string()),
            TenancyError::Db(error) => error.into(),
        }
    }
}
