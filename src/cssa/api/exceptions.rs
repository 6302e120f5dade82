//! What of a month does not agree, estate by estate.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadMonths;
use crate::app::App;
use crate::cssa::model::{CssaError, ExceptionKind, Found};
use crate::cssa::store::exceptions::{self, ExceptionOrder, Listed, Wanted};
use crate::cssa::store::reconciliations;
use crate::kernel::id::{EstateId, PaymentFileId, ReconciliationId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_cssa_exceptions);
}

/// Which exceptions, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExceptionsQuery {
    /// Only of this kind.
    #[param(inline)]
    kind: Option<ExceptionKind>,
    /// Only of households of this estate.
    estate: Option<EstateId>,
    /// By what they are sorted; by household when it is left out.
    #[param(inline)]
    sort: Option<ExceptionOrder>,
    /// The previous page's `next`, of the same sort.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Something of a month that does not agree.
#[derive(Serialize, ToSchema)]
struct ExceptionOut {
    /// Its number in the reconciliation.
    number: i32,
    kind: ExceptionKind,
    tenant_code: Option<TenantCode>,
    /// The tenant code as the department gave it.
    account: String,
    /// Where the household lives, or lived last.
    estate: Option<EstateId>,
    /// What is granted for the month, or by the line that it is about, HKD.
    allowance: Option<Money>,
    /// What was paid, HKD.
    paid: Option<Money>,
    /// The month's rent, HKD.
    rent: Option<Money>,
    /// The settlement file, and the line of it, where it is about one.
    file: Option<PaymentFileId>,
    line: Option<i32>,
}

impl From<Found> for ExceptionOut {
    fn from(found: Found) -> Self {
        Self {
            number: found.number,
            kind: found.kind,
            tenant_code: found.household,
            account: found.account,
            estate: found.estate_id,
            allowance: found.allowance,
            paid: found.paid,
            rent: found.rent,
            file: found.file,
            line: found.line,
        }
    }
}

/// What of a month does not agree: of the caller's estates, and for the whole Authority's work the
/// lines that are nobody's as well.
#[utoipa::path(
    tag = "cssa",
    params(("id" = ReconciliationId, Path), ExceptionsQuery),
    responses((status = 200, body = Page<ExceptionOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa-month:read"])),
)]
#[get("/cssa/reconciliations/{id}/exceptions")]
async fn list_cssa_exceptions(
    app: Data<App>,
    caller: Authorized<ReadMonths>,
    id: Path<ReconciliationId>,
    query: Query<ExceptionsQuery>,
) -> Result<Json<Page<ExceptionOut>>, Problem> {
    let limit = query.limit;
    let wanted = Wanted {
        reconciliation: *id,
        kind: query.kind,
        estate: query.estate,
        order: query.sort.unwrap_or(ExceptionOrder::Household),
        after: page::after(query.after.as_ref())?,
        reach: caller.reach.clone(),
    };
    let listed = app.db.read(move |conn| {
        reach_in(conn, &wanted.reach)?;
        reconciliations::one(conn, wanted.reconciliation)?;
        Ok::<_, CssaError>(exceptions::list(conn, &wanted, limit.rows())?)
    });
    let key = |one: &Listed| (one.place.clone(), one.found.number);
    Page::new(listed.await?, limit, key, |one| one.found.into()).map(Json)
}
