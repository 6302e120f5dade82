//! iAM Smart: sign-ins begun, identities linked to households.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{LinkIdentities, NO_HOUSEHOLD, NO_PROVIDER, OwnIdentities, REFUSED};
use crate::app::App;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Authorized;
use crate::platform::crypto::Digest;
use crate::platform::db::reach_in;
use crate::platform::http::problem::Problem;
use crate::platform::limits::{Bucket, Rate};
use crate::platform::password::{Remembered, Secret};
use crate::sign_in::commands::links as commands;
use crate::sign_in::identity_provider::{Identified, IdentityProvider, ProviderError};
use crate::sign_in::model::{IdentityLink, SignInError};
use crate::sign_in::store;
use crate::tenancy;

const BEGINNINGS: Rate = Rate::new(500, std::time::Duration::from_millis(20));

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(begin_iam_smart)
        .service(link_own_identity)
        .service(list_own_identities)
        .service(end_own_identity)
        .service(link_identity)
        .service(claim_delegation);
}

/// Where to send the browser, and what proves afterwards that it is the same one.
#[derive(Debug, Serialize, ToSchema)]
struct BegunOut {
    authorise_url: String,
    /// Comes back with the code.
    state: String,
    /// Kept by the program that began; sent with the code, never in a URL.
    nonce: String,
}

/// What came back from iAM Smart.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ArrivalIn {
    code: Remembered,
    state: Remembered,
    nonce: Remembered,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CounterIn {
    tenant_code: TenantCode,
    code: Remembered,
    state: Remembered,
    nonce: Remembered,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimIn {
    /// The code of the invitation.
    invitation: Remembered,
    code: Remembered,
    state: Remembered,
    nonce: Remembered,
}

/// An identity that acts for a household.
#[derive(Debug, Serialize, ToSchema)]
struct LinkOut {
    id: Uuid,
    tenant_code: TenantCode,
    /// Present: it acts as this delegate, in part and for a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    delegate: Option<Uuid>,
    linked_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinksOut {
    items: Vec<LinkOut>,
}

impl From<IdentityLink> for LinkOut {
    fn from(link: IdentityLink) -> Self {
        Self {
            id: link.id,
            tenant_code: link.household,
            delegate: link.delegate_id,
            linked_at: link.linked_at,
        }
    }
}

/// Begin to sign in, or to link an identity, through iAM Smart.
#[utoipa::path(
    tag = "sign-in",
    responses((status = 200, body = BegunOut), (status = "4XX", body = Problem), (status = 503, body = Problem)),
)]
#[post("/auth/iam-smart")]
async fn begin_iam_smart(app: Data<App>) -> Result<Json<BegunOut>, Problem> {
    let flood = vec![Bucket::of("identity", "", BEGINNINGS)];
    app.sign_in.take(flood).await?;
    let provider = provider(&app)?;
    let fresh = || Secret::fresh().map_err(SignInError::from);
    let (state, nonce) = (fresh()?, fresh()?);
    let (kept, now) = ((state.digest(), nonce.digest()), app.clock.now());
    app.db
        .write(move |conn| store::links::begin(conn, kept, now))
        .await?;
    Ok(Json(BegunOut {
        authorise_url: provider.authorise_url(state.reveal()),
        state: state.reveal().to_owned(),
        nonce: nonce.reveal().to_owned(),
    }))
}

/// Link one's identity to one's own household, signed in by PIN.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 201, body = LinkOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
    security(("bearer" = ["identity:own"])),
)]
#[post("/identity-links/own")]
async fn link_own_identity(
    app: Data<App>,
    caller: Authorized<OwnIdentities>,
    body: Json<ArrivalIn>,
) -> Result<HttpResponse, Problem> {
    let household = own_household(&caller.reach)?;
    let body = body.into_inner();
    let identity = known(&app, (body.code, body.state, body.nonce)).await?;
    let now = app.clock.now();
    let linked = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        commands::add(conn, &caller.actor, (identity, household, None), now)
    });
    Ok(created(linked.await?))
}

/// List the identities that act for one's own household.
#[utoipa::path(
    tag = "sign-in",
    responses((status = 200, body = LinksOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["identity:own"])),
)]
#[get("/identity-links/own")]
async fn list_own_identities(
    app: Data<App>,
    caller: Authorized<OwnIdentities>,
) -> Result<Json<LinksOut>, Problem> {
    let household = own_household(&caller.reach)?;
    let found = app.db.read(move |conn| {
        reach_in(conn, &caller.reach)?;
        store::links::of_household(conn, household)
    });
    let items = found.await?.into_iter().map(LinkOut::from).collect();
    Ok(Json(LinksOut { items }))
}

/// End the link of an identity to one's own household, and every session it opened.
#[utoipa::path(
    tag = "sign-in",
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)),
    security(("bearer" = ["identity:own"])),
)]
#[delete("/identity-links/own/{id}")]
async fn end_own_identity(
    app: Data<App>,
    caller: Authorized<OwnIdentities>,
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

/// Link an identity to a household at the counter, once staff have seen who it is.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 201, body = LinkOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
    security(("bearer" = ["identity:write"])),
)]
#[post("/identity-links")]
async fn link_identity(
    app: Data<App>,
    caller: Authorized<LinkIdentities>,
    body: Json<CounterIn>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let (rows, code, now) = (caller.reach.clone(), body.tenant_code, app.clock.now());
    let within = app
        .db
        .read(move |conn| tenancy::reaches(conn, &rows, code, hong_kong_date(now)));
    if !within.await? {
        return Err(Problem::new(NO_HOUSEHOLD));
    }
    let identity = known(&app, (body.code, body.state, body.nonce)).await?;
    let linked = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        commands::add(conn, &caller.actor, (identity, code, None), now)
    });
    Ok(created(linked.await?))
}

/// Accept a household's invitation to act for it.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 201, body = LinkOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
#[post("/auth/delegations")]
async fn claim_delegation(app: Data<App>, body: Json<ClaimIn>) -> Result<HttpResponse, Problem> {
    let flood = vec![Bucket::of("identity", "", BEGINNINGS)];
    app.sign_in.take(flood).await?;
    let body = body.into_inner();
    let identity = known(&app, (body.code, body.state, body.nonce)).await?;
    let (proof, now) = ((identity, body.invitation.digest()), app.clock.now());
    let claimed = app
        .db
        .write(move |conn| commands::claim(conn, proof, now))
        .await?;
    claimed.map(created).ok_or_else(refused)
}

fn refused() -> Problem {
    Problem::new(REFUSED).error("invalid_grant")
}

pub(super) fn provider(app: &App) -> Result<Arc<dyn IdentityProvider>, Problem> {
    let provider = app.sign_in.provider.clone();
    provider.ok_or_else(|| Problem::new(NO_PROVIDER))
}

pub(super) fn own_household(reach: &Reach) -> Result<TenantCode, Problem> {
    match reach {
        Reach::Household(code) => Ok(*code),
        // Staff and operators have no household of their own.
        Reach::Everywhere | Reach::Estates(_) | Reach::Person(_) => Err(Problem::not_found()),
    }
}

async fn known(app: &App, sent: (Remembered, Remembered, Remembered)) -> Result<Digest, Problem> {
    arrived(app, sent).await?.ok_or_else(refused)
}

/// The keyed hash of who came back from iAM Smart, as [`identified`] tells.
pub(super) async fn arrived(
    app: &App,
    sent: (Remembered, Remembered, Remembered),
) -> Result<Option<Digest>, Problem> {
    let wrapper = &app.sign_in.wrapper;
    let who = identified(app, sent).await?;
    Ok(who.map(|who| wrapper.keyed_hash("iam_smart", &who.tokenised_id)))
}

/// Who came back from iAM Smart with a code, a state and the nonce of whoever began; none when
/// any of the three is not good.
pub(super) async fn identified(
    app: &App,
    (code, state, nonce): (Remembered, Remembered, Remembered),
) -> Result<Option<Identified>, Problem> {
    let provider = provider(app)?;
    let (kept, now) = ((state.digest(), nonce.digest()), app.clock.now());
    // Used up before the code is tried: a code that was overheard cannot be tried again.
    let begun = app
        .db
        .write(move |conn| store::links::arrive(conn, kept, now))
        .await?;
    if !begun {
        return Ok(None);
    }
    let exchanged = tokio::task::spawn_blocking(move || provider.exchange(code.reveal()));
    match exchanged.await.map_err(Problem::internal)? {
        Ok(who) => Ok(Some(who)),
        Err(ProviderError::Refused) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn created(link: IdentityLink) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/identity-links/own/{}", link.id)))
        .json(LinkOut::from(link))
}
