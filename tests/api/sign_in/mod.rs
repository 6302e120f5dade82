//! Signing in over HTTP.

mod credentials;
mod devices;
mod forms;
mod guards;
mod guessing;
mod iam_smart;
mod passkey_bounds;
mod passkeys;
mod pins;
mod redis_away;
mod refresh;
mod revocation;
mod staff;
mod token_keys;
mod tokens;

use serde_json::{Value, json};

use crate::support::Call;

fn sign_in(body: Value) -> Call {
    Call::post("/v1/auth/token").json(body)
}

fn pin_grant(code: &str, pin: &str) -> Call {
    sign_in(json!({ "grant_type": "pin", "tenant_code": code, "pin": pin }))
}

fn refreshing(token: &str) -> Call {
    sign_in(json!({ "grant_type": "refresh_token", "refresh_token": token }))
}

fn own_sessions(token: &str) -> Call {
    Call::get("/v1/auth/sessions").bearer(token)
}

fn access(body: &Value) -> &str {
    body["access_token"].as_str().unwrap()
}

fn refresh(body: &Value) -> &str {
    body["refresh_token"].as_str().unwrap()
}
