//! What operators and machines ask: alive, ready, figures, keys, documentation.
//!
//! `/healthz` says the process answers; `/readyz` that it can do its work (database reached,
//! migrations applied, keys loaded). None of them tells anything of a tenant.

use actix_web::http::header::ContentType;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Data, Json, ServiceConfig as Plain};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::{self, App};
use crate::platform::auth::{Gate, Jwks};
use crate::platform::db::missing_migrations;
use crate::platform::http::problem::{Kind, Problem};
use crate::platform::telemetry::Metrics;
use crate::platform::vault::VaultError;

const NOT_READY: Kind = Kind::new("not-ready", 503, "Not ready to work");

/// Adds the operators' endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(health)
        .service(ready)
        .service(metrics)
        .service(keys);
}

/// Adds the API's documentation, which loads nothing from outside.
pub fn docs(cfg: &mut Plain) {
    let page = SwaggerUi::new("/{_:.*}").config(Config::from("/openapi.json"));
    let policy = DefaultHeaders::new().add(("Content-Security-Policy", DOCS_POLICY));
    cfg.service(actix_web::web::redirect("/docs", "/docs/"))
        .service(actix_web::web::scope("/docs").wrap(policy).service(page))
        .app_data(Data::new(Description(app::document())))
        .service(description);
}

/// The page runs its own scripts, and styles what it draws.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Description(OpenApi);

/// The description itself; it is not a part of what it describes.
#[get("/openapi.json")]
async fn description(description: Data<Description>) -> Json<OpenApi> {
    Json(description.0.clone())
}

/// The state of the process.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`: a process that cannot say so does not answer.
    status: &'static str,
}

/// Is the process alive?
#[utoipa::path(tag = "system", responses((status = 200, body = Health)))]
#[get("/healthz")]
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Can it do its work?
#[utoipa::path(tag = "system", responses((status = 200, body = Health), (status = 503, body = Problem)))]
#[get("/readyz")]
async fn ready(app: Data<App>, gate: Data<Gate>) -> Result<Json<Health>, Problem> {
    if gate.verifier.published().keys.is_empty() {
        return Err(Problem::new(NOT_READY).detail("no token keys are loaded"));
    }
    let vault = app.vault.clone();
    let hindrance = app.db.query(move |conn| {
        let missing = missing_migrations(conn)?;
        if !missing.is_empty() {
            let missing = format!("migrations not applied: {}", missing.join(", "));
            return Ok(Some(missing));
        }
        vault.readiness(conn)
    });
    let detail = match hindrance.await {
        Ok(None) => return Ok(Json(Health { status: "ok" })),
        Ok(Some(hindrance)) => hindrance,
        Err(error) => {
            tracing::warn!(error.cause = %error, "not ready");
            match error {
                VaultError::Db(_) => "the database does not answer",
                _ => "the keys of sealed data cannot be used",
            }
            .to_owned()
        }
    };
    Err(Problem::new(NOT_READY).detail(detail))
}

/// Figures for Prometheus.
#[utoipa::path(tag = "system", responses((status = 200, body = String, content_type = "text/plain")))]
#[get("/metrics")]
async fn metrics(app: Data<App>, metrics: Data<Metrics>) -> Result<HttpResponse, Problem> {
    let unopenable = app.vault.unopenable();
    let text = metrics
        .text(app.db.waiting(), unopenable)
        .map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(text))
}

/// The public keys that access tokens are checked with.
#[utoipa::path(tag = "system", responses((status = 200, body = Jwks)))]
#[get("/.well-known/jwks.json")]
async fn keys(gate: Data<Gate>) -> Json<Jwks> {
    Json(gate.verifier.published().clone())
}
