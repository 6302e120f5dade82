//! The composition root: the one place that knows every slice.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Data, JsonConfig, PathConfig, QueryConfig, to};
use actix_web::{HttpRequest, ResponseError};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use tokio::sync::Semaphore;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

use crate::access::{self, Post};
use crate::estates;
use crate::kernel::clock::Clock;
use crate::kernel::id::{EstateId, FlatId};
use crate::kernel::month::Month;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{self, TransferKind};
use crate::payments::{NewsGatherer, Shelf};
use crate::platform::audit;
use crate::platform::auth::Gate;
use crate::platform::db::Db;
use crate::platform::http::document::set_right;
use crate::platform::http::page::{Cursor, Limit};
use crate::platform::http::problem::Problem;
use crate::platform::http::unmatched::KnownPaths;
use crate::platform::jobs::{Handlers, JobFailure};
use crate::platform::paper::{Fonts, PaperError};
use crate::platform::telemetry::Metrics;
use crate::platform::vault::{SealedColumn, Vault};
use crate::rent::{self, RuleShelf, Scheme};
use crate::sign_in::{self, Means, Posted};
use crate::system;
use crate::tenancy::{self, TenancyKind};
use crate::{
    audit_trail, autopay, break_glass, counter, cssa, due_lists, messages, payments, people,
    privacy, receipts,
};

/// Everything a handler may reach.
pub struct App {
    pub db: Db,
    /// The only source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The keys of sealed personal data.
    pub vault: Vault,
    /// The rent rules in memory.
    pub rules: Arc<RuleShelf>,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// Takes what channels tell as it happens.
    pub news: NewsGatherer,
    /// Where settlement files are kept.
    pub shelf: Shelf,
    /// What papers are drawn with.
    pub desk: Desk,
    /// What signing in needs.
    pub sign_in: Means,
}

/// Where papers are drawn: two at a time, off the threads that answer requests.
pub struct Desk {
    fonts: Arc<OnceLock<Fonts>>,
    places: Arc<Semaphore>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            fonts: Arc::default(),
            places: Arc::new(Semaphore::new(2)),
        }
    }
}

impl Desk {
    /// Draws a paper; the fonts are looked for when the first is asked for.
    pub async fn draw(
        &self,
        paper: impl FnOnce(&Fonts) -> Result<Vec<u8>, PaperError> + Send + 'static,
    ) -> Result<Vec<u8>, PaperError> {
        let fonts = Arc::clone(&self.fonts);
        let place = Arc::clone(&self.places).acquire_owned().await;
        let drawn = tokio::task::spawn_blocking(move || {
            let _place = place;
            if let Some(fonts) = fonts.get() {
                return paper(fonts);
            }
            let found = Fonts::find(None)?;
            paper(fonts.get_or_init(|| found))
        });
        drawn
            .await
            .unwrap_or_else(|died| Err(PaperError::Unwritable(died.to_string())))
    }
}

/// Mounts every slice; the server and the tests both call this.
pub fn routes(
    app: Data<App>,
    gate: Data<Gate>,
    metrics: Data<Metrics>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |cfg| {
        let known = Arc::new(KnownPaths::of(&document()));
        cfg.app_data(
            JsonConfig::default()
                .limit(app.body_limit)
                .error_handler(|error, _| Problem::of_json(&error).into()),
        )
        .app_data(PathConfig::default().error_handler(|error, _| Problem::of_path(&error).into()))
        .app_data(QueryConfig::default().error_handler(|error, _| Problem::of_query(&error).into()))
        .app_data(gate)
        .app_data(metrics)
        .app_data(app);
        slices(cfg);
        cfg.map(|cfg| {
            cfg.configure(system::docs)
                .default_service(to(move |request: HttpRequest| {
                    let refusal = known.refusal(&request).error_response();
                    async move { refusal }
                }))
        });
    }
}

/// The API description, assembled from the same registrations as the routes.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Description::openapi())
        .configure(slices)
        .split_for_parts();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT");
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    // A description that cannot be read back is shown as it was; a test would see it.
    set_right(&document).unwrap_or(document)
}

/// Every scope that some operation asks for, sorted.
#[must_use]
pub fn scopes() -> Vec<String> {
    let document = serde_json::to_value(document()).unwrap_or_default();
    let operations = document.get("paths").and_then(|paths| paths.as_object());
    let mut scopes: Vec<String> = operations
        .into_iter()
        .flat_map(|paths| paths.values())
        .filter_map(|methods| methods.as_object())
        .flat_map(|methods| methods.values())
        .filter_map(|operation| operation.pointer("/security/0/bearer/0")?.as_str())
        .map(str::to_owned)
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Every kind of background work and the slice that does it.
#[must_use]
pub fn handlers() -> Handlers {
    let handlers = payments::handlers(rent::handlers(Handlers::default()));
    due_lists::handlers(autopay::handlers(cssa::handlers(handlers)))
}

/// Every sealed column of every slice: what a rotation of keys seals anew.
#[must_use]
pub fn sealed_columns() -> Vec<SealedColumn> {
    [
        people::SEALED,
        privacy::SEALED,
        audit::SEALED,
        sign_in::SEALED,
        autopay::SEALED,
        payments::SEALED,
    ]
    .concat()
}

/// Queues what is due by the calendar.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), JobFailure> {
    rent::timetable(conn, now)?;
    payments::timetable(conn, now)?;
    cssa::timetable(conn, now)?;
    due_lists::timetable(conn, now)?;
    audit::timetable(conn, now)?;
    sign_in::timetable(conn, now)?;
    privacy::timetable(conn, now)?;
    messages::timetable(conn, now)?;
    Ok(ledger::timetable(conn, now)?)
}

/// What the holders of `posted` may do, and over which rows: the access table's answer.
#[must_use]
pub fn grants(posted: &[Posted]) -> BTreeMap<&'static str, Reach> {
    let posts: Vec<_> = posted
        .iter()
        .map(|held| Post {
            role: held.role,
            at: held.reach.clone(),
        })
        .collect();
    access::grants(&posts)
}

/// Headers of every answer, as the OWASP REST cheat sheet has them: nothing is cached, sniffed,
/// framed or run unless a handler says so. Browsers keep to TLS once a proxy speaks it for us.
#[must_use]
pub fn headers(behind_tls: bool) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("X-Frame-Options", "DENY"))
        .add(("Cache-Control", "no-store"))
        .add(("Content-Security-Policy", NOTHING_RUNS))
        .add(("Cross-Origin-Resource-Policy", "same-origin"))
        .add(("Permissions-Policy", NO_DEVICES))
        .add(("Referrer-Policy", "no-referrer"));
    if behind_tls {
        headers.add(("Strict-Transport-Security", "max-age=63072000"))
    } else {
        headers
    }
}

const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'";
const NO_DEVICES: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
    fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), \
    payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), \
    usb=(), web-share=(), xr-spatial-tracking=()";

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Kaifong",
    description = "Tenant services for public housing. Amounts are HKD with two decimal places; \
                   dates are Hong Kong dates; instants are UTC. Every error is an RFC 9457 problem.",
    license(name = "Apache-2.0", identifier = "Apache-2.0"),
),
// What parameters are made of: only bodies are gathered by themselves.
components(schemas(
    Cursor, EstateId, FlatId, Limit, Month, Scheme, TenancyKind, TenantCode, TransferKind,
    estates::ApplicationDistrict, payments::Channel,
)))]
struct Description;

fn slices(cfg: &mut ServiceConfig) {
    cfg.configure(system::routes);
    cfg.service(scope("/v1").configure(v1));
}

fn v1(cfg: &mut ServiceConfig) {
    cfg.configure(estates::routes);
    cfg.configure(tenancy::routes);
    cfg.configure(people::routes);
    cfg.configure(privacy::routes);
    cfg.configure(rent::routes);
    cfg.configure(payments::routes);
    cfg.configure(messages::routes);
    cfg.configure(cssa::routes);
    cfg.configure(autopay::routes);
    cfg.configure(counter::routes);
    cfg.configure(receipts::routes);
    cfg.configure(due_lists::routes);
    cfg.configure(audit_trail::routes);
    cfg.configure(break_glass::routes);
    cfg.configure(sign_in::routes);
}
