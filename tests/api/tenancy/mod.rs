//! Tenancies over HTTP.

mod bad_input;
mod change;
mod list;
mod replay;
mod start;
mod transfer;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use diesel::prelude::*;
use kaifong::kernel::id::FlatId;
use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, count, fixture, start};

const NOBODY: &str = "01940000-0000-7000-8000-000000000001";

fn body(flat: FlatId, starts_on: &str) -> Value {
    json!({ "flat_id": flat, "kind": "prh", "starts_on": starts_on, "household_size": 3 })
}

fn starting(key: &str, body: Value) -> Call {
    Call::post("/v1/tenancies")
        .scope("tenancy:write")
        .key(key)
        .json(body)
}

/// A change of tenancy `id` read at version `version`.
fn changing(method: &str, path: &str, version: i32, body: Value) -> Call {
    Call::new(method, path)
        .scope("tenancy:write")
        .header("If-Match", &format!("\"{version}\""))
        .json(body)
}

fn ending(id: &str, key: &str, version: i32, ends_on: &str) -> Call {
    let body = json!({ "ends_on": ends_on, "reason": "surrender" });
    changing("POST", &format!("/v1/tenancies/{id}/end"), version, body).key(key)
}

fn transferring(id: &str, key: &str, flat: FlatId, starts_on: &str) -> Call {
    let body = json!({ "flat_id": flat, "starts_on": starts_on });
    changing("POST", &format!("/v1/tenancies/{id}/transfer"), 1, body).key(key)
}

fn resizing(id: &str, version: i32, household_size: i32) -> Call {
    let body = json!({ "household_size": household_size });
    changing("PATCH", &format!("/v1/tenancies/{id}"), version, body)
}

fn reading(path: &str) -> Call {
    Call::get(path).scope("tenancy:read")
}

/// The app with one tenancy that started on 1 November 2026.
async fn start_with_tenancy() -> (
    TestApp<
        impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
    >,
    PgConnection,
    Value,
) {
    let app = start().await;
    let mut conn = app.database.connect();
    let flat = fixture::flat(&mut conn, "35.50");
    let started = app.send(starting("first", body(flat, "2026-11-01"))).await;
    (app, conn, started.expect(201))
}

/// Everything that a refused request must leave as it was.
fn rows(conn: &mut PgConnection) -> [i64; 5] {
    [
        "tenancy",
        "household",
        "audit_entry",
        "idempotency_key",
        "job",
    ]
    .map(|table| count(conn, table))
}

fn id(tenancy: &Value) -> &str {
    tenancy["id"].as_str().unwrap()
}

#[track_caller]
fn refused(answer: &Answer, status: u16, problem: &str) {
    let found = (answer.status.as_u16(), answer.problem());
    assert_eq!(found, (status, problem), "{:?}", answer.body);
}
