//! One's own sessions: listed, ended.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::OwnSession;
use crate::app::App;
use crate::platform::auth::Authorized;
use crate::platform::db::DbError;
use crate::platform::http::problem::Problem;
use crate::sign_in::commands::sessions as commands;
use crate::sign_in::model::{Session, SessionEnd, SessionKind};
use crate::sign_in::store::sessions as store;

/// Ended sessions are listed for so long: whoever lost one to a thief learns why.
const LOOK_BACK: TimeDelta = TimeDelta::days(30);

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_sessions).service(end_session);
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
struct SessionOut {
    id: Uuid,
    kind: SessionKind,
    /// Whether it is the one that asks.
    current: bool,
    /// Whether it takes place at a kiosk or on the telephone.
    at_device: bool,
    signed_in_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    /// `token_reused`: someone else had its refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<SessionEnd>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionsOut {
    items: Vec<SessionOut>,
}

/// List one's own sessions, newest first: those that are open, and those of the last month.
#[utoipa::path(
    tag = "sign-in",
    responses((status = 200, body = SessionsOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["session:own"])),
)]
#[get("/auth/sessions")]
async fn list_sessions(
    app: Data<App>,
    caller: Authorized<OwnSession>,
) -> Result<Json<SessionsOut>, Problem> {
    let Some(current) = caller.session else {
        return Ok(Json(SessionsOut { items: Vec::new() }));
    };
    let now = app.clock.now();
    let found = app.db.read(move |conn| {
        let Some(session) = store::session(conn, current)? else {
            return Ok::<_, DbError>(Vec::new());
        };
        store::recent_of(conn, session.principal, now - LOOK_BACK)
    });
    let show = |session: Session| SessionOut {
        id: session.id,
        kind: session.kind,
        current: session.id == current,
        at_device: session.device_id.is_some(),
        signed_in_at: session.signed_in_at,
        ends_at: session.ends_at,
        ended_at: session.ended_at,
        end_reason: session.end_reason,
    };
    let items = found.await?.into_iter().map(show).collect();
    Ok(Json(SessionsOut { items }))
}

/// End one of one's own sessions, on every replica within a second.
#[utoipa::path(
    tag = "sign-in",
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)),
    security(("bearer" = ["session:own"])),
)]
#[delete("/auth/sessions/{id}")]
async fn end_session(
    app: Data<App>,
    caller: Authorized<OwnSession>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let ended = app
        .db
        .write(move |conn| commands::end_own(conn, &caller.actor, *id, now))
        .await?;
    if ended {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found())
    }
}
