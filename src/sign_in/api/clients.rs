//! Contractors' and payment channels' programs: added with their key, approved by a second
//! person.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::devices::ChangeIn;
use super::{ApproveClients, ReadClients, UNFIT, WriteClients};
use crate::app::App;
use crate::kernel::id::EstateId;
use crate::kernel::text::Line;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{Cursor, Limit, Page, after};
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;
use crate::sign_in::assertion::PublicKey;
use crate::sign_in::commands::keys::{self as commands, NewClient};
use crate::sign_in::model::{Client, ClientKind, EnrolmentState, SignInError};
use crate::sign_in::store::clients as store;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(add_client)
        .service(list_clients)
        .service(read_client)
        .service(change_client);
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientIn {
    kind: ClientKind,
    /// The firm's name.
    name: Line<100>,
    /// Where it works; absent, everywhere.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 400)]
    estates: Option<Vec<EstateId>>,
    public_key: PublicKey,
}

/// A contractor's or payment channel's program.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct ClientOut {
    id: Uuid,
    kind: ClientKind,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    estates: Option<Vec<Uuid>>,
    state: EnrolmentState,
    created_by: String,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<DateTime<Utc>>,
}

impl From<Client> for ClientOut {
    fn from(client: Client) -> Self {
        Self {
            id: client.id,
            kind: client.kind,
            name: client.name,
            estates: client.estates,
            state: client.state,
            created_by: client.created_by,
            created_at: client.created_at,
            approved_by: client.approved_by,
            approved_at: client.approved_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClientsQuery {
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    after: Option<Cursor>,
}

/// Add a client with its public key. The key opens nothing until someone else approves it.
#[utoipa::path(
    tag = "clients",
    params(IdempotencyKey),
    responses(
        (status = 201, body = ClientOut, headers(("ETag" = String), ("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["clients:write"])),
)]
#[post("/clients")]
async fn add_client(
    app: Data<App>,
    caller: Authorized<WriteClients>,
    key: IdempotencyKey,
    body: Json<ClientIn>,
) -> Result<HttpResponse, Problem> {
    let unfit = |why| Problem::new(UNFIT).detail(why);
    let estates = body.estates.as_ref();
    if estates.is_some_and(|estates| !(1..=400).contains(&estates.len())) {
        return Err(unfit("a client works in 1 to 400 estates, or everywhere"));
    }
    let checked = body.public_key.clone().checked();
    let checked = checked.map_err(|_| unfit("public_key: not a usable key"))?;
    let public_key = serde_json::to_value(checked).map_err(Problem::internal)?;
    let now = app.clock.now();
    let added = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "add_client",
            key: &key,
        };
        once(conn, &attempt, &body.0, |conn| {
            let new = NewClient {
                kind: body.kind,
                name: body.name.to_string(),
                estates: body.estates.clone(),
                public_key,
            };
            let client = commands::add_client(conn, &caller.actor, new, now)?;
            Ok::<_, SignInError>(ClientOut::from(client))
        })
    });
    let out: ClientOut = added.await?;
    Ok(HttpResponse::Created()
        .insert_header((ETAG, etag(1)))
        .insert_header((LOCATION, format!("/v1/clients/{}", out.id)))
        .json(out))
}

/// List clients in the order they were added.
#[utoipa::path(
    tag = "clients",
    params(ClientsQuery),
    responses((status = 200, body = Page<ClientOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["clients:read"])),
)]
#[get("/clients")]
async fn list_clients(
    app: Data<App>,
    _: Authorized<ReadClients>,
    query: Query<ClientsQuery>,
) -> Result<Json<Page<ClientOut>>, Problem> {
    let place: Option<Uuid> = after(query.after.as_ref())?;
    let limit = query.limit;
    let rows = app
        .db
        .query(move |conn| store::list(conn, place, limit.rows()))
        .await?;
    Page::new(rows, limit, |last: &Client| last.id, ClientOut::from).map(Json)
}

/// Read a client.
#[utoipa::path(
    tag = "clients",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = ClientOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["clients:read"])),
)]
#[get("/clients/{id}")]
async fn read_client(
    app: Data<App>,
    _: Authorized<ReadClients>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let found = app.db.query(move |conn| store::client(conn, *id)).await?;
    found.map(shown).ok_or_else(Problem::not_found)
}

/// Approve, suspend or give up a client. Approval takes someone other than who added it;
/// everything counts within a second.
#[utoipa::path(
    tag = "clients",
    params(("id" = Uuid, Path), IfMatch),
    responses(
        (status = 200, body = ClientOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["clients:approve"])),
)]
#[post("/clients/{id}/change")]
async fn change_client(
    app: Data<App>,
    caller: Authorized<ApproveClients>,
    if_match: IfMatch,
    id: Path<Uuid>,
    body: Json<ChangeIn>,
) -> Result<HttpResponse, Problem> {
    let wanted = (*id, if_match.version(), body.change);
    let now = app.clock.now();
    let changed = app
        .db
        .write(move |conn| commands::change_client(conn, &caller.actor, wanted, now));
    Ok(shown(changed.await?))
}

fn shown(client: Client) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(client.version)))
        .json(ClientOut::from(client))
}
