//! PINs, set at the estate office.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, put};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{NO_HOUSEHOLD, SetPins, UNFIT};
use crate::app::App;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::problem::Problem;
use crate::platform::password::Remembered;
use crate::sign_in::commands::pins as commands;
use crate::sign_in::model::SignInError;
use crate::sign_in::rules::pin::may_be;
use crate::sign_in::store;
use crate::tenancy;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(set_pin);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PinIn {
    tenant_code: TenantCode,
    /// Six digits that the tenant chose, and typed without anyone looking.
    pin: Remembered,
}

/// Set a household's PIN.
///
/// Also opens a PIN that too many wrong guesses closed. Whoever signed in with the old one is
/// signed out.
#[utoipa::path(
    tag = "sign-in",
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)),
    security(("bearer" = ["pins:write"])),
)]
#[put("/tenant-pins")]
async fn set_pin(
    app: Data<App>,
    caller: Authorized<SetPins>,
    body: Json<PinIn>,
) -> Result<HttpResponse, Problem> {
    let PinIn { tenant_code, pin } = body.into_inner();
    may_be(pin.reveal()).map_err(|why| Problem::new(UNFIT).detail(why))?;
    let (now, rows) = (app.clock.now(), caller.reach.clone());
    let found = app.db.read(move |conn| {
        let within = tenancy::reaches(conn, &rows, tenant_code, hong_kong_date(now))?;
        Ok::<_, SignInError>((within, store::cost(conn, "pin", now)?))
    });
    let (within, cost) = found.await?;
    if !within {
        return Err(Problem::new(NO_HOUSEHOLD));
    }
    let hash = app.sign_in.hasher.hash(pin, cost).await?;
    app.db
        .write(move |conn| {
            reach_in(conn, &caller.reach)?;
            commands::set(conn, &caller.actor, tenant_code, &hash, now)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
