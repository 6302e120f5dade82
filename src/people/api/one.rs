//! One person over HTTP.

use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::body::{PersonChange, UnmaskIn};
use super::shown::{FoundOut, MembershipOut, PersonOut, Showing, UnmaskedOut};
use super::{ReadPeople, UnmaskPeople, WritePeople};
use crate::app::App;
use crate::kernel::id::PersonId;
use crate::kernel::reach::Reach;
use crate::people::caller::Caller;
use crate::people::emergency::Shown;
use crate::people::model::{Correction, PeopleError};
use crate::people::{commands, emergency};
use crate::platform::auth::Authorized;
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(read_person)
        .service(correct_person)
        .service(unmask_person);
}

/// Read a person, and their memberships within the caller's reach.
#[utoipa::path(
    tag = "people",
    params(("id" = PersonId, Path)),
    responses(
        (status = 200, body = FoundOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["people:read"])),
)]
#[get("/people/{id}")]
async fn read_person(
    app: Data<App>,
    caller: Authorized<ReadPeople>,
    id: Path<PersonId>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(&app, caller);
    let showing = Showing::to(&caller.reach);
    let read = caller.does(&app, move |conn, by| emergency::person(conn, by, *id));
    let Shown { found, fields } = read.await?;
    let (person, stays) = found;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(person.revision)))
        .json(FoundOut {
            person: PersonOut::of(&person, showing, &fields),
            memberships: stays.into_iter().map(MembershipOut::from).collect(),
        }))
}

/// Correct what is known of a person.
#[utoipa::path(
    tag = "people",
    params(("id" = PersonId, Path), IfMatch),
    responses(
        (status = 200, body = PersonOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["people:write"])),
)]
#[patch("/people/{id}")]
async fn correct_person(
    app: Data<App>,
    caller: Authorized<WritePeople>,
    if_match: IfMatch,
    id: Path<PersonId>,
    body: Json<PersonChange>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(&app, caller);
    let showing = Showing::to(&caller.reach);
    let read = (*id, if_match.version());
    let correction = Correction::from(body.into_inner());
    let changed = caller.does(&app, move |conn, by| {
        commands::correct(conn, by, read, correction)
    });
    let person = changed.await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(person.revision)))
        .json(PersonOut::new(&person, showing)))
}

/// See masked fields of a person whole, for a reason that goes on record.
#[utoipa::path(
    tag = "people",
    params(("id" = PersonId, Path)),
    responses((status = 200, body = UnmaskedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["people:unmask"])),
)]
#[post("/people/{id}/unmask")]
async fn unmask_person(
    app: Data<App>,
    caller: Authorized<UnmaskPeople>,
    id: Path<PersonId>,
    body: Json<UnmaskIn>,
) -> Result<Json<UnmaskedOut>, Problem> {
    let caller = Caller::of(&app, caller);
    // A household sees its own names, and never a whole number: whatever its role is granted.
    if matches!(caller.reach, Reach::Household(_)) {
        return Err(Problem::forbidden());
    }
    let UnmaskIn {
        fields,
        reason,
        note,
    } = body.into_inner();
    if !(1..=8).contains(&fields.len()) {
        return Err(Problem::malformed(&"fields: from 1 to 8 of them"));
    }
    let asked = fields.clone();
    let person = caller.does(&app, move |conn, by| {
        emergency::unmask(conn, by, *id, &asked, (reason, note.as_ref()))
    });
    let known = person.await?.particulars;
    let known = known.ok_or(PeopleError::Erased)?;
    Ok(Json(UnmaskedOut::new(&known, &fields)))
}
