//! Privacy rights over HTTP.

mod bundle;
mod erasure;
mod guards;
mod requests;
mod retention;
mod unopenable;
mod views;

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::Call;

/// A change by `name`, a privacy officer.
fn change(name: &str, path: &str, body: Value) -> Call {
    Call::post(&format!("/v1/privacy/{path}"))
        .scope("privacy:write")
        .by(name)
        .key(&uuid::Uuid::now_v7().to_string())
        .json(body)
}

fn read(path: &str) -> Call {
    Call::get(&format!("/v1/privacy/{path}")).scope("privacy:read")
}

fn ask_access(person: &str) -> Call {
    Call::post("/v1/privacy/access-requests")
        .key(&uuid::Uuid::now_v7().to_string())
        .json(json!({ "person_id": person }))
}

fn version(call: Call, version: i32) -> Call {
    call.header("If-Match", &format!("\"{version}\""))
}

/// A claim that a test looks for where it must not be.
const CLAIM: &str = "My name is spelt CHAN Tai Mann";

fn claim(person: &str) -> Call {
    let body = json!({ "person_id": person, "claim": CLAIM });
    change("officer-1", "correction-requests", body)
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// The tables with a column that names a person or a household, from the catalogue; of a
/// partitioned one, the whole.
fn named_tables(owner: &mut PgConnection) -> Vec<String> {
    diesel::dsl::sql::<diesel::sql_types::Text>(
        "SELECT DISTINCT c.relname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') \
           AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped \
           AND (a.attname IN ('person', 'person_id', 'household', 'household_id', 'tenant_code') \
                OR c.relname IN ('person', 'household') AND a.attname IN ('id', 'number') \
                OR c.relname IN ('data_key', 'key_tombstone') AND a.attname = 'subject')",
    )
    .load(owner)
    .unwrap()
}
