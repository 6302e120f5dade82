//! Estates over HTTP. Public: nothing here is of a person.

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header, IfNoneMatch, VARY};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{ApplicationDistrict, Block, Details, Estate, EstateError, EstateType, Flat};
use super::store::{self, Wanted};
use crate::app::App;
use crate::kernel::id::{BlockId, EstateId, FlatId};
use crate::kernel::language::{Language, Trilingual};
use crate::kernel::text::Line;
use crate::platform::http::language::Reads;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_estates)
        .service(read_estate)
        .service(list_blocks)
        .service(list_flats);
}

/// Which estates, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EstatesQuery {
    /// A part of the name, in any language.
    #[param(value_type = Option<String>, example = "彩虹")]
    q: Option<Line<100>>,
    /// The district's name, in any language.
    #[param(value_type = Option<String>, example = "Wong Tai Sin")]
    district: Option<Line<100>>,
    /// Where its flats are applied for.
    application_district: Option<ApplicationDistrict>,
    /// The previous page's `next`.
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Which page of a block's flats.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FlatsQuery {
    /// The previous page's `next`.
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// An estate in short.
#[derive(Debug, Serialize, ToSchema)]
struct EstateSummary {
    id: EstateId,
    /// Its name in the language the caller reads.
    display_name: String,
    name: Trilingual,
    /// One of the eighteen districts.
    district: Trilingual,
    region: Trilingual,
    /// Where its flats are applied for; absent when unknown.
    application_district: Option<ApplicationDistrict>,
    application_district_name: Option<Trilingual>,
    types: Vec<EstateType>,
    /// The years its flats were first let, as far as published.
    intake_years: Vec<i32>,
    /// Rental flats, rounded to hundreds.
    rental_flats: Option<i32>,
    /// The date of that count.
    flats_as_at: Option<NaiveDate>,
    latitude: Option<Decimal>,
    longitude: Option<Decimal>,
}

/// An estate.
#[derive(Debug, Serialize, ToSchema)]
struct EstateOut {
    #[serde(flatten)]
    summary: EstateSummary,
    /// The number of blocks published; the blocks named may be more or fewer.
    stated_blocks: Option<i32>,
    /// Flat sizes as published.
    flat_size: String,
    /// The smallest flat's internal floor area in square metres, when published readably.
    ifa_min: Option<Decimal>,
    /// The largest flat's.
    ifa_max: Option<Decimal>,
    details: Details,
}

/// The blocks of an estate.
#[derive(Debug, Serialize, ToSchema)]
struct BlocksOut {
    items: Vec<BlockOut>,
}

/// A block.
#[derive(Debug, Serialize, ToSchema)]
struct BlockOut {
    id: BlockId,
    /// Its name in the language the caller reads.
    display_name: String,
    name: Trilingual,
    /// The day the publisher first left it out; absent while it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_on: Option<NaiveDate>,
}

/// A flat.
#[derive(Debug, Serialize, ToSchema)]
struct FlatOut {
    id: FlatId,
    floor: i16,
    unit: String,
    /// Internal floor area in square metres.
    ifa: Decimal,
}

/// List estates by English name.
#[utoipa::path(
    tag = "estates",
    params(EstatesQuery, Reads),
    responses((status = 200, body = Page<EstateSummary>), (status = "4XX", body = Problem)),
)]
#[get("/estates")]
async fn list_estates(
    app: Data<App>,
    Reads(language): Reads,
    query: Query<EstatesQuery>,
) -> Result<Json<Page<EstateSummary>>, Problem> {
    let query = query.into_inner();
    let wanted = Wanted {
        text: query.q.map(String::from),
        district: query.district.map(String::from),
        application_district: query.application_district,
        after: page::after::<Line<200>>(query.after.as_ref())?.map(String::from),
    };
    let limit = query.limit;
    let rows = app
        .db
        .query(move |conn| store::list(conn, &wanted, limit.rows()))
        .await?;
    let key = |estate: &Estate| estate.name.en.clone();
    Page::new(rows, limit, key, |estate| summary(&estate, language)).map(Json)
}

/// Read an estate.
///
/// Its `ETag` changes with it: send it as `If-None-Match` to be told that nothing changed.
#[utoipa::path(
    tag = "estates",
    params(
        ("id" = EstateId, Path),
        Reads,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer"),
    ),
    responses(
        (status = 200, body = EstateOut, headers(("ETag" = String))),
        (status = 304, description = "Not changed"),
        (status = "4XX", body = Problem),
    ),
)]
#[get("/estates/{id}")]
async fn read_estate(
    app: Data<App>,
    Reads(language): Reads,
    id: Path<EstateId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let estate = app.db.query(move |conn| store::estate(conn, *id)).await?;
    let estate = estate.ok_or_else(Problem::not_found)?;
    // The language is in the answer, so it is in its tag.
    let tag = EntityTag::new_strong(format!("{}-{}", estate.version, language.tag()));
    let known = is_known(&request, &tag);
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((ETAG, tag.to_string()))
        .insert_header((CACHE_CONTROL, "public, no-cache"))
        .insert_header((VARY, "Accept-Language"));
    if known {
        return Ok(response.finish());
    }
    Ok(response.json(EstateOut {
        summary: summary(&estate, language),
        stated_blocks: estate.stated_blocks,
        flat_size: estate.flat_size,
        ifa_min: estate.ifa_min,
        ifa_max: estate.ifa_max,
        details: estate.details,
    }))
}

/// List an estate's blocks, in published order.
///
/// Blocks no longer published are listed with the day they were withdrawn.
#[utoipa::path(
    tag = "estates",
    params(("id" = EstateId, Path), Reads),
    responses((status = 200, body = BlocksOut), (status = "4XX", body = Problem)),
)]
#[get("/estates/{id}/blocks")]
async fn list_blocks(
    app: Data<App>,
    Reads(language): Reads,
    id: Path<EstateId>,
) -> Result<Json<BlocksOut>, Problem> {
    let blocks = app.db.read(move |conn| match store::estate(conn, *id)? {
        Some(_) => Ok(store::blocks(conn, *id)?),
        None => Err(EstateError::NotFound),
    });
    let show = |block: Block| BlockOut {
        id: block.id,
        display_name: block.name.get(language).to_owned(),
        name: block.name,
        withdrawn_on: block.withdrawn_on,
    };
    let items = blocks.await?.into_iter().map(show).collect();
    Ok(Json(BlocksOut { items }))
}

/// List a block's flats, by floor and unit.
#[utoipa::path(
    tag = "estates",
    params(("id" = BlockId, Path), FlatsQuery),
    responses((status = 200, body = Page<FlatOut>), (status = "4XX", body = Problem)),
)]
#[get("/blocks/{id}/flats")]
async fn list_flats(
    app: Data<App>,
    id: Path<BlockId>,
    query: Query<FlatsQuery>,
) -> Result<Json<Page<FlatOut>>, Problem> {
    let limit = query.limit;
    let after: Option<(i16, Line<10>)> = page::after(query.after.as_ref())?;
    let after = after.map(|(floor, unit)| (floor, String::from(unit)));
    let flats = app.db.read(move |conn| {
        if store::has_block(conn, *id)? {
            Ok(store::flats(conn, *id, after, limit.rows())?)
        } else {
            Err(EstateError::NotFound)
        }
    });
    let key = |flat: &Flat| (flat.floor, flat.unit.clone());
    Page::new(flats.await?, limit, key, |flat| FlatOut {
        id: flat.id,
        floor: flat.floor,
        unit: flat.unit,
        ifa: flat.ifa,
    })
    .map(Json)
}

fn summary(estate: &Estate, language: Language) -> EstateSummary {
    EstateSummary {
        id: estate.id,
        display_name: estate.name.get(language).to_owned(),
        name: estate.name.clone(),
        district: estate.district.clone(),
        region: estate.region.clone(),
        application_district: estate.application_district,
        application_district_name: estate.application_district.map(ApplicationDistrict::name),
        types: estate.estate_types.clone(),
        intake_years: estate.intake_years.clone(),
        rental_flats: estate.rental_flats,
        flats_as_at: estate.flats_as_at,
        latitude: estate.latitude,
        longitude: estate.longitude,
    }
}

/// Whether the caller holds the answer tagged `tag`. A header that cannot be read holds none.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(held)) => held.iter().any(|held| held.weak_eq(tag)),
        Err(_) => false,
    }
}

impl From<EstateError> for Problem {
    fn from(error: EstateError) -> Self {
        match error {
            EstateError::NotFound => Self::not_found(),
            EstateError::FlatExists | EstateError::Canonical(_) => Self::internal(error),
            EstateError::Db(error) => error.into(),
        }
    }
}
