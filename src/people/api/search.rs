//! Finding people over HTTP. What is looked for is in the body: never in an address.

use actix_web::post;
use actix_web::web::{Data, Json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::SearchPeople;
use super::body::{Document, SearchIn};
use super::shown::{FoundOut, MembershipOut, PeopleFound, PersonOut, Showing};
use crate::app::App;
use crate::kernel::id::PersonId;
use crate::people::caller::Caller;
use crate::people::search::{Clue, find};
use crate::platform::auth::Authorized;
use crate::platform::http::page::{Cursor, after};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(search_people);
}

/// Find people within the caller's reach.
///
/// By one of: a whole document, a whole telephone number, the beginning of a name. A search by
/// name looks through so many at a time: a short or empty answer with `next` may go on.
#[utoipa::path(
    tag = "people",
    responses((status = 200, body = PeopleFound), (status = "4XX", body = Problem)),
    security(("bearer" = ["people:search"])),
)]
#[post("/people/search")]
async fn search_people(
    app: Data<App>,
    caller: Authorized<SearchPeople>,
    body: Json<SearchIn>,
) -> Result<Json<PeopleFound>, Problem> {
    let caller = Caller::of(&app, caller);
    let showing = Showing::to(&caller.reach);
    let body = body.into_inner();
    let place: Option<PersonId> = after(body.after.as_ref())?;
    let clue = clue(body)?;
    let found = caller.does(&app, move |conn, by| find(conn, by, &clue, place));
    let found = found.await?;
    let next = found.next.map(|last| Cursor::at(&last)).transpose();
    Ok(Json(PeopleFound {
        items: found
            .people
            .into_iter()
            .map(|(person, stays)| FoundOut {
                person: PersonOut::new(&person, showing),
                memberships: stays.into_iter().map(MembershipOut::from).collect(),
            })
            .collect(),
        next: next.map_err(Problem::internal)?,
    }))
}

fn clue(body: SearchIn) -> Result<Clue, Problem> {
    let clues = [
        body.document.map(|Document(read)| Clue::Document(read)),
        body.phone.map(Clue::Phone),
        body.name_zh.map(Clue::NameZh),
        body.name_en.map(Clue::NameEn),
    ];
    let mut clues = clues.into_iter().flatten();
    match (clues.next(), clues.next()) {
        (Some(clue), None) => Ok(clue),
        _ => Err(Problem::malformed(
            &"one of document, phone, name_zh and name_en",
        )),
    }
}
