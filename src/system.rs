//! What operators and machines ask: alive, ready, figures, keys, documentation.
//!
//! `/healthz` says the process answers; `/readyz` that it can do its work (database reached,
//! migrations applied, keys loaded). None of them tells anything of a tenant.

use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, ServiceConfig as Plain};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::{self, App};
use crate::platform::auth::{Gate, Jwks};
use crate::platform::db::{DbError, missing_migrations};
use crate::platform::http::problem::{Kind, Problem};
use crate::platform::telemetry::Metrics;

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
    cfg.service(actix_web::web::redirect("/docs", "/docs/"))
        .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", app::document()));
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
    let missing: Result<_, DbError> = app.db.query(missing_migrations).await;
    match missing {
        Ok(missing) if missing.is_empty() => Ok(Json(Health { status: "ok" })),
        Ok(missing) => {
            let detail = format!("migrations not applied: {}", missing.join(", "));
            Err(Problem::new(NOT_READY).detail(detail))
        }
        Err(error) => {
            tracing::warn!(error.cause = %error, "not ready");
            Err(Problem::new(NOT_READY).detail("the database does not answer"))
        }
    }
}

/// Figures for Prometheus.
#[utoipa::path(tag = "system", responses((status = 200, body = String, content_type = "text/plain")))]
#[get("/metrics")]
async fn metrics(app: Data<App>, metrics: Data<Metrics>) -> Result<HttpResponse, Problem> {
    let text = metrics.text(app.db.waiting()).map_err(Problem::internal)?;
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
