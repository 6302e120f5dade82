//! Whether files, bank and ledger say the same of a channel's day, over HTTP.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{PERIOD, Reconcile};
use crate::app::App;
use crate::kernel::choice::choice;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::day::Day;
use crate::kernel::id::{MovementId, PaymentFileId};
use crate::kernel::money::Money;
use crate::payments::model::{Channel, FileState, PaymentError};
use crate::payments::reconciliation::{
    self, Cause, Credit, DayFile, DayStanding, NamedLine, Period, WholeDay,
};
use crate::platform::auth::Authorized;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_reconciliations)
        .service(read_reconciliation)
        .service(list_reconciliation_lines);
}

choice! {
    /// In which order days come.
    pub enum DayOrder {
        /// The newest first.
        Newest = "newest",
        Oldest = "oldest",
        /// Where bank and ledger are furthest apart first.
        Difference = "difference",
    }
}

/// Which days, and how many of them. Up to 93 days are looked at.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DaysQuery {
    channel: Option<Channel>,
    #[param(inline)]
    state: Option<DayStanding>,
    /// The first day; a month before the last when absent.
    from: Option<Day>,
    /// The last day; today when absent.
    to: Option<Day>,
    #[param(inline)]
    sort: Option<DayOrder>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LinesQuery {
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// How many there are, and what they come to.
#[derive(Debug, Serialize, ToSchema)]
struct TotalOut {
    count: i64,
    /// HKD.
    amount: Money,
}

/// What each side says of a channel's day.
#[derive(Debug, Serialize, ToSchema)]
struct ReconciliationOut {
    channel: Channel,
    day: NaiveDate,
    state: DayStanding,
    files: i64,
    /// What the files say.
    lines: TotalOut,
    /// Of them, lines that were paid before: they pay nothing.
    duplicates: TotalOut,
    /// Of them, lines that are not entered yet.
    waiting: TotalOut,
    /// Payments that were told as they happened and are in no file yet.
    told: TotalOut,
    /// What the bank credited, in how many sums.
    bank: TotalOut,
    /// What the ledger holds, suspense included.
    ledger: TotalOut,
    /// Of it, what came into suspense.
    suspense: TotalOut,
    /// Payments that the ledger does not hold, or holds otherwise.
    unposted: i64,
    /// What the bank credited less what the ledger holds, HKD.
    bank_less_ledger: Money,
}

impl From<reconciliation::Day> for ReconciliationOut {
    fn from(day: reconciliation::Day) -> Self {
        let figures = day.figures;
        let total = |count, amount| TotalOut { count, amount };
        Self {
            channel: figures.channel,
            day: figures.day,
            state: day.standing,
            files: figures.files,
            bank_less_ledger: figures.bank_less_ledger(),
            lines: total(figures.lines, figures.amount),
            duplicates: total(figures.duplicates, figures.duplicate_amount),
            waiting: total(figures.waiting, figures.waiting_amount),
            told: total(figures.told, figures.told_amount),
            bank: total(figures.credits, figures.bank_amount),
            ledger: total(figures.payments, figures.ledger_amount),
            suspense: total(figures.in_suspense, figures.suspense_amount),
            unposted: figures.unposted,
        }
    }
}

/// A channel's day, and what each side consists of.
#[derive(Serialize, ToSchema)]
struct WholeDayOut {
    #[serde(flatten)]
    day: ReconciliationOut,
    of_files: Vec<DayFileOut>,
    of_bank: Vec<CreditOut>,
}

impl From<WholeDay> for WholeDayOut {
    fn from(whole: WholeDay) -> Self {
        Self {
            day: whole.day.into(),
            of_files: whole.files.into_iter().map(DayFileOut::from).collect(),
            of_bank: whole.credits.into_iter().map(CreditOut::from).collect(),
        }
    }
}

/// A settlement file of the day.
#[derive(Serialize, ToSchema)]
struct DayFileOut {
    id: PaymentFileId,
    name: String,
    sequence: i32,
    state: FileState,
    /// Why it is quarantined; it names the line.
    reason: Option<String>,
    lines: i32,
    /// HKD.
    amount: Money,
    /// Without what was paid before, HKD.
    net_amount: Money,
    /// No credit of the bank is just that, and together they differ.
    differs: bool,
}

impl From<DayFile> for DayFileOut {
    fn from(file: DayFile) -> Self {
        Self {
            id: file.id,
            name: file.name,
            sequence: file.sequence,
            state: file.state,
            reason: file.reason,
            lines: file.lines,
            amount: file.amount,
            net_amount: file.net_amount,
            differs: file.is_alone,
        }
    }
}

/// What the bank credited of the day.
#[derive(Serialize, ToSchema)]
struct CreditOut {
    /// Absent: the credits of a statement that are payments themselves.
    movement: Option<MovementId>,
    /// The statement.
    file: PaymentFileId,
    /// The bank's own; it may have none.
    reference: String,
    wording: String,
    /// HKD.
    amount: Money,
    booked_on: NaiveDate,
    /// No file is just that, and together they differ.
    differs: bool,
}

impl From<Credit> for CreditOut {
    fn from(credit: Credit) -> Self {
        Self {
            movement: credit.movement,
            file: credit.file,
            reference: credit.reference,
            wording: credit.wording,
            amount: credit.amount,
            booked_on: credit.booked_on,
            differs: credit.is_alone,
        }
    }
}

/// A line that makes a difference, or may.
#[derive(Serialize, ToSchema)]
struct NamedLineOut {
    cause: Cause,
    /// The channel's own.
    reference: String,
    /// As the payer gave it.
    account: String,
    /// HKD.
    amount: Money,
    /// Where it stands; absent when it was told as it happened.
    file: Option<PaymentFileId>,
    line: Option<i32>,
}

impl From<NamedLine> for NamedLineOut {
    fn from(named: NamedLine) -> Self {
        Self {
            cause: named.cause,
            reference: named.reference,
            account: named.account,
            amount: named.amount,
            file: named.file,
            line: named.line,
        }
    }
}

/// A place among days: how far apart, or nothing; the day; the channel.
type Place = (Money, NaiveDate, Channel);

impl DayOrder {
    fn place(self, day: &reconciliation::Day) -> Place {
        let figures = &day.figures;
        let apart = match self {
            Self::Difference => figures.bank_less_ledger().abs(),
            Self::Newest | Self::Oldest => Money::ZERO,
        };
        (apart, figures.day, figures.channel)
    }

    /// Whether `one` comes before `other`.
    fn compare(self, one: Place, other: Place) -> std::cmp::Ordering {
        let days = match self {
            Self::Oldest => one.1.cmp(&other.1),
            Self::Newest | Self::Difference => other.1.cmp(&one.1),
        };
        let apart = other.0.cmp(&one.0);
        apart.then(days).then_with(|| one.2.cmp(&other.2))
    }
}

/// Channels' days, and whether files, bank and ledger say the same of each.
#[utoipa::path(
    tag = "payments",
    params(DaysQuery),
    responses((status = 200, body = Page<ReconciliationOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:read"])),
)]
#[get("/reconciliations")]
async fn list_reconciliations(
    app: Data<App>,
    _caller: Authorized<Reconcile>,
    query: Query<DaysQuery>,
) -> Result<Json<Page<ReconciliationOut>>, Problem> {
    let query = query.into_inner();
    let ends = (query.from.map(Into::into), query.to.map(Into::into));
    let period = Period::of(query.channel, ends, hong_kong_date(app.clock.now()));
    let why = "from 1 to 93 days, the first before the last";
    let period = period.ok_or_else(|| Problem::new(PERIOD).detail(why))?;
    let after: Option<Place> = page::after(query.after.as_ref())?;
    let mut days = app
        .db
        .read(move |conn| reconciliation::days(conn, period).map_err(PaymentError::from))
        .await?;
    if let Some(state) = query.state {
        days.retain(|day| day.standing == state);
    }
    let order = query.sort.unwrap_or(DayOrder::Newest);
    if let Some(after) = after {
        days.retain(|day| order.compare(after, order.place(day)).is_lt());
    }
    days.sort_by(|one, other| order.compare(order.place(one), order.place(other)));
    Page::new(
        days,
        query.limit,
        |day| order.place(day),
        ReconciliationOut::from,
    )
    .map(Json)
}

/// A channel's day: what each side consists of, and which of it differs.
#[utoipa::path(
    tag = "payments",
    params(("channel" = Channel, Path), ("day" = Day, Path)),
    responses((status = 200, body = WholeDayOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:read"])),
)]
#[get("/reconciliations/{channel}/{day}")]
async fn read_reconciliation(
    app: Data<App>,
    _caller: Authorized<Reconcile>,
    path: Path<(Channel, Day)>,
) -> Result<Json<WholeDayOut>, Problem> {
    let (channel, day) = path.into_inner();
    let whole = app
        .db
        .read(move |conn| reconciliation::whole_day(conn, (channel, day.into())));
    Ok(Json(whole.await?.into()))
}

/// The lines of a channel's day that make a difference, or may: by cause and reference.
#[utoipa::path(
    tag = "payments",
    params(("channel" = Channel, Path), ("day" = Day, Path), LinesQuery),
    responses((status = 200, body = Page<NamedLineOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:read"])),
)]
#[get("/reconciliations/{channel}/{day}/lines")]
async fn list_reconciliation_lines(
    app: Data<App>,
    _caller: Authorized<Reconcile>,
    path: Path<(Channel, Day)>,
    query: Query<LinesQuery>,
) -> Result<Json<Page<NamedLineOut>>, Problem> {
    let (channel, day) = path.into_inner();
    let LinesQuery { after, limit } = query.into_inner();
    let after = page::after(after.as_ref())?;
    let whose = (channel, day.into());
    let lines = app
        .db
        .read(move |conn| reconciliation::lines(conn, whose, after, limit.rows()));
    let key = |line: &NamedLine| (line.cause, line.reference.clone(), line.file, line.line);
    Page::new(lines.await?, limit, key, NamedLineOut::from).map(Json)
}
