//! People over HTTP.

mod bad_input;
mod change;
mod emergency;
mod guards;
mod head;
mod join;
mod reach;
mod rotation;
mod search;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use diesel::prelude::*;
use kaifong::kernel::id::EstateId;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, fixture, start};

/// Somebody's particulars, with an identity card.
pub fn person(name_en: &str, hkid: &str) -> Value {
    json!({
        "name_zh": "陳大文", "name_en": name_en, "birth_date": "1980-05-06", "sex": "male",
        "document": { "kind": "hkid", "number": hkid }, "symbols": "***AZ",
        "phone": "9123 4567", "email": "chan@example.com",
    })
}

pub fn member(person: &Value, role: &str) -> Value {
    json!({ "person": person, "role": role, "starts_on": "2026-01-01" })
}

pub fn joining(code: TenantCode, key: &str, body: Value) -> Call {
    Call::post(&format!("/v1/households/{code}/members"))
        .scope("people:write")
        .key(key)
        .json(body)
}

fn members(code: TenantCode) -> Call {
    Call::get(&format!("/v1/households/{code}/members")).scope("people:read")
}

pub fn leaving(code: TenantCode, person: &str, key: &str, version: i64, body: Value) -> Call {
    Call::post(&format!("/v1/households/{code}/members/{person}/end"))
        .scope("people:write")
        .key(key)
        .header("If-Match", &format!("\"{version}\""))
        .json(body)
}

fn searching(body: Value) -> Call {
    Call::post("/v1/people/search")
        .scope("people:search")
        .json(body)
}

fn correcting(person: &str, revision: i64, body: Value) -> Call {
    Call::new("PATCH", &format!("/v1/people/{person}"))
        .scope("people:write")
        .header("If-Match", &format!("\"{revision}\""))
        .json(body)
}

/// A household with a tenancy in an estate of its own.
pub async fn house<S, B>(app: &TestApp<S>, conn: &mut PgConnection) -> (TenantCode, EstateId)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let estate = fixture::estate(conn);
    let block = fixture::block(conn, estate);
    let flat = fixture::flat_in(conn, (estate, block), "35.50");
    let body = json!({
        "flat_id": flat, "kind": "prh", "starts_on": "2026-01-01", "household_size": 1,
    });
    let start = Call::post("/v1/tenancies")
        .scope("tenancy:write")
        .key(&flat.to_string())
        .json(body);
    let started = app.send(start).await.expect(201);
    (
        started["tenant_code"].as_str().unwrap().parse().unwrap(),
        estate,
    )
}

/// The app with one household, its head a CHAN with card A123456(3).
pub async fn start_with_household() -> (
    TestApp<
        impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
    >,
    PgConnection,
    Household,
) {
    let app = start().await;
    let mut conn = app.database.connect();
    let (code, estate) = house(&app, &mut conn).await;
    let head = member(&person("CHAN Tai Man", "A123456(3)"), "head");
    let joined = app.send(joining(code, "head", head)).await.expect(201);
    let head = joined["person_id"].as_str().unwrap().to_owned();
    let household = Household { code, estate, head };
    (app, conn, household)
}

pub struct Household {
    pub code: TenantCode,
    pub estate: EstateId,
    pub head: String,
}

impl Household {
    pub fn office(&self) -> Reach {
        Reach::Estates([self.estate].into())
    }
}

#[track_caller]
pub fn refused(answer: &Answer, status: u16, problem: &str) {
    let found = (answer.status.as_u16(), answer.problem());
    assert_eq!(found, (status, problem), "{:?}", answer.body);
}
