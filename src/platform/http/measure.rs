//! Every answer is counted, timed by route, and carries its request's id.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use tracing_actix_web::RequestId;

use crate::platform::telemetry::Metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Measures one request; for `actix_web::middleware::from_fn`.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let metrics = request.app_data::<Data<Metrics>>().cloned();
    let id = request.extensions().get::<RequestId>().copied();
    let method = request.method().clone();
    // The pattern, never the path: a path may hold an identifier.
    let route = request
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let mut response = next.call(request).await?;
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if let Some(metrics) = metrics {
        metrics.answered(&method, &route, response.status(), started.elapsed());
    }
    Ok(response)
}
