//! Who viewed my record, over HTTP.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadSelfService;
use super::shown::{ViewOut, place};
use crate::app::App;
use crate::people::Caller;
use crate::platform::auth::Authorized;
use crate::platform::http::page::{Cursor, Limit, Page};
use crate::platform::http::problem::Problem;
use crate::privacy::bundle::{self, Seen};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_own_views);
}

/// Which page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ViewsQuery {
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// List who read the records of the own household's members, the newest first.
///
/// What kind of caller, when, what for and which fields; never which member of staff.
#[utoipa::path(
    tag = "privacy",
    params(ViewsQuery),
    responses((status = 200, body = Page<ViewOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["self-service:read"])),
)]
#[get("/self-service/views")]
async fn list_own_views(
    app: Data<App>,
    caller: Authorized<ReadSelfService>,
    query: Query<ViewsQuery>,
) -> Result<Json<Page<ViewOut>>, Problem> {
    let (after, limit) = (place(query.after.as_ref())?, query.limit);
    let seen = Caller::of(&app, caller).does(&app, move |conn, by| {
        bundle::of_household(conn, by, after, limit.rows())
    });
    let place = |seen: &Seen| (seen.at, seen.id);
    Page::new(seen.await?, limit, place, ViewOut::from).map(Json)
}
