//! The audit trail over HTTP.

use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, Query};
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::app::App;
use crate::kernel::clock::hong_kong_time;
use crate::kernel::day::Day;
use crate::kernel::text::Line;
use crate::platform::audit::{self, Place, Recorded, Wanted};
use crate::platform::auth::{Authorized, permissions};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

permissions! {
    /// Read the audit trail.
    ReadAudit = "audit:read" everywhere;
}

/// The longest name of an actor, an action or a subject.
const NAME: usize = 200;
/// Seconds of a day: Hong Kong has no other days.
const DAY: u32 = 24 * 60 * 60;

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_audit_entries)
        .service(read_audit_checkpoint);
}

/// Which entries, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntriesQuery {
    /// Who did it.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    actor: Option<Line<NAME>>,
    /// What it was done to: an identifier.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    subject: Option<Line<NAME>>,
    /// What was done, such as `tenancy.started`.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    action: Option<Line<NAME>>,
    /// The person whom it is about.
    person: Option<Uuid>,
    /// The first day, in Hong Kong.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Day>,
    /// The last day, in Hong Kong.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Day>,
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// One entry of the trail.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEntryOut {
    id: Uuid,
    at: DateTime<Utc>,
    actor: String,
    action: String,
    subject: String,
    /// The person whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Uuid>,
    /// The household through which the person was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    household: Option<String>,
    /// The sealed fields that were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Uuid>,
    /// Whether more is kept, sealed under the person's key.
    sealed_detail: bool,
}

impl From<Recorded> for AuditEntryOut {
    fn from(entry: Recorded) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            person: entry.person,
            household: entry.household,
            fields: entry.fields,
            purpose: entry.purpose,
            on_behalf_of: entry.on_behalf_of,
            request: entry.request,
            sealed_detail: entry.detail_hash.is_some(),
        }
    }
}

/// List the entries of the audit trail, the newest first.
#[utoipa::path(
    tag = "audit",
    params(EntriesQuery),
    responses((status = 200, body = Page<AuditEntryOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["audit:read"])),
)]
#[get("/audit/entries")]
async fn list_audit_entries(
    app: Data<App>,
    _: Authorized<ReadAudit>,
    query: Query<EntriesQuery>,
) -> Result<Json<Page<AuditEntryOut>>, Problem> {
    let query = query.into_inner();
    let start = |day: Day, seconds| hong_kong_time(NaiveDate::from(day), seconds);
    let wanted = Wanted {
        actor: query.actor.map(String::from),
        subject: query.subject.map(String::from),
        action: query.action.map(String::from),
        person: query.person,
        from: query.from.map(|day| start(day, 0)),
        to: query.to.map(|day| start(day, DAY)),
        after: place(query.after.as_ref())?,
    };
    let limit = query.limit;
    let rows = app
        .db
        .query(move |conn| audit::entries(conn, &wanted, limit.rows()))
        .await?;
    Page::new(rows, limit, |last| (last.at, last.id), AuditEntryOut::from).map(Json)
}

/// The place a page starts after; one that PostgreSQL cannot keep was made up.
fn place(cursor: Option<&Cursor>) -> Result<Option<Place>, Problem> {
    let place: Option<Place> = page::after(cursor)?;
    let kept = |(at, _): &Place| (1900..=2199).contains(&at.year());
    if place.as_ref().is_none_or(kept) {
        Ok(place)
    } else {
        Err(Problem::malformed(&"after: not a place in this list"))
    }
}

/// The newest signed checkpoint of the audit trail.
///
/// A C2SP tlog-checkpoint in a signed note. Whoever keeps it can show later that entries were
/// removed or changed.
#[utoipa::path(
    tag = "audit",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = "4XX", body = Problem),
    ),
)]
#[get("/audit/checkpoint")]
async fn read_audit_checkpoint(app: Data<App>) -> Result<HttpResponse, Problem> {
    let note = app.db.query(audit::newest_note).await?;
    let note = note.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(note))
}
