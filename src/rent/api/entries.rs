//! The entries of a rent account.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadRent;
use crate::app::App;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::TransferId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{self, Extract, Order, Transfer, TransferKind};
use crate::platform::auth::Authorized;
use crate::platform::http::language::Reads;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::{Kind, Problem};
use crate::rent::model::RentError;
use crate::rent::{store, tell, words};

/// How many months are told when nobody says.
pub(super) const MONTHS_TOLD: u32 = 6;

const DATES: Kind = Kind::new("dates-in-disorder", 422, "The first date is after the last");

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_rent_entries);
}

/// Which entries, in which order.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EntriesQuery {
    /// The first day; the first of the month five months ago when absent.
    from: Option<NaiveDate>,
    /// The last day; today when absent.
    to: Option<NaiveDate>,
    /// Only entries of this kind.
    #[param(value_type = Option<String>)]
    kind: Option<TransferKind>,
    /// `newest` first, which is the default, or `oldest` first.
    #[serde(default)]
    #[param(inline, required = false)]
    order: Sorted,
    /// The previous page's `next`.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(value_type = u8, minimum = 1, maximum = 100, default = 25, required = false)]
    limit: Limit,
}

#[derive(Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sorted {
    #[default]
    Newest,
    Oldest,
}

/// One entry of a rent account.
#[derive(Serialize, ToSchema)]
struct EntryOut {
    id: TransferId,
    /// The date it counts from.
    effective_on: NaiveDate,
    kind: TransferKind,
    /// In the caller's language.
    label: &'static str,
    /// Positive is owed, below zero is paid, HKD.
    amount: Money,
    /// When it was booked.
    booked_at: DateTime<Utc>,
    /// The entry that it undoes.
    reverses: Option<TransferId>,
}

/// What was charged and paid; six months unless asked otherwise.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path), EntriesQuery, Reads),
    responses((status = 200, body = Page<EntryOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:read"])),
)]
#[get("/rent-accounts/{code}/entries")]
async fn list_rent_entries(
    app: Data<App>,
    caller: Authorized<ReadRent>,
    code: Path<TenantCode>,
    query: Query<EntriesQuery>,
    Reads(language): Reads,
) -> Result<Json<Page<EntryOut>>, Problem> {
    let (code, query) = (*code, query.into_inner());
    let now = app.clock.now();
    let today = hong_kong_date(now);
    let (from, to) = range(query.from, query.to, today)?;
    let extract = Extract {
        household: code,
        from,
        to,
        kind: query.kind,
        known_at: None,
        order: match query.order {
            Sorted::Newest => Order::NewestFirst,
            Sorted::Oldest => Order::OldestFirst,
        },
        after: page::after(query.after.as_ref())?,
        rows: query.limit.rows(),
    };
    let entries = app.db.read(move |conn| {
        tell::admit(conn, &caller.reach, code, now)?;
        if store::tenures_of(conn, code)?.is_empty() {
            return Err(RentError::NoSuchAccount);
        }
        Ok(ledger::entries(conn, &extract)?)
    });
    let key = |entry: &Transfer| (entry.effective_on, entry.id);
    let show = |entry: Transfer| EntryOut {
        id: entry.id,
        effective_on: entry.effective_on,
        kind: entry.kind,
        label: words::entry(entry.kind, language),
        amount: entry.onto(code.number()),
        booked_at: entry.booked_at,
        reverses: entry.reverses,
    };
    Page::new(entries.await?, query.limit, key, show).map(Json)
}

/// The days asked for, within what a ledger can hold.
fn range(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<(NaiveDate, NaiveDate), Problem> {
    let to = to.unwrap_or(today);
    let from = from.unwrap_or_else(|| Month::of(to).minus(MONTHS_TOLD - 1).first());
    for day in [from, to] {
        let month = Month::of(day);
        if month < Month::earliest() || month > Month::of(today).plus(12) {
            return Err(RentError::OutsideLedger(month).into());
        }
    }
    if from > to {
        return Err(Problem::new(DATES).detail(format!("{from} is after {to}")));
    }
    Ok((from, to))
}
