//! What a household chose: the language it reads, and what it would rather not be told.

use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{ChooseMessages, ReadMessages};
use crate::app::App;
use crate::kernel::language::Language;
use crate::kernel::tenant_code::TenantCode;
use crate::messages::commands;
use crate::messages::model::{Choice, MessageError, MessageKind};
use crate::messages::store::choices as store;
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;

/// The most kinds that a body names: more than there are.
const KINDS: usize = 16;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(read_message_choice).service(choose_messages);
}

/// What a household is told, and in which language.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageChoice {
    /// Absent, messages are in Traditional Chinese and in English.
    language: Option<Language>,
    /// What it would rather not be told.
    #[schema(max_items = 16)]
    refused: Vec<MessageKind>,
}

fn shown(choice: Choice) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(choice.version)))
        .json(MessageChoice {
            language: choice.language,
            refused: choice.refused,
        })
}

/// Read what a household chose about messages.
#[utoipa::path(
    tag = "messages",
    params(("code" = TenantCode, Path)),
    responses(
        (status = 200, body = MessageChoice, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["messages:read"])),
)]
#[get("/rent-accounts/{code}/message-choice")]
async fn read_message_choice(
    app: Data<App>,
    caller: Authorized<ReadMessages>,
    code: Path<TenantCode>,
) -> Result<HttpResponse, Problem> {
    let (code, now) = (*code, app.clock.now());
    let chosen = app.db.read(move |conn| {
        reach_in(conn, &caller.reach)?;
        commands::admit(conn, &caller.reach, code, now)?;
        Ok::<_, MessageError>(store::of(conn, code)?)
    });
    Ok(shown(chosen.await?))
}

/// Choose a household's language, and what it would rather not be told.
///
/// Whoever has chosen nothing yet has version 0. What the tenant must know is told anyway.
#[utoipa::path(
    tag = "messages",
    params(("code" = TenantCode, Path), IfMatch),
    responses(
        (status = 200, body = MessageChoice, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["messages:choose"])),
)]
#[put("/rent-accounts/{code}/message-choice")]
async fn choose_messages(
    app: Data<App>,
    caller: Authorized<ChooseMessages>,
    code: Path<TenantCode>,
    seen: IfMatch,
    body: Json<MessageChoice>,
) -> Result<HttpResponse, Problem> {
    let (code, now, body) = (*code, app.clock.now(), body.into_inner());
    let mut refused = body.refused;
    if refused.len() > KINDS {
        return Err(Problem::malformed(&"refused: at most 16 kinds"));
    }
    refused.sort_unstable();
    refused.dedup();
    let choice = Choice {
        language: body.language,
        refused,
        version: seen.version(),
    };
    let chosen = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let by = (&caller.actor, &caller.reach);
        commands::choose(conn, by, code, choice, now)
    });
    Ok(shown(chosen.await?))
}
