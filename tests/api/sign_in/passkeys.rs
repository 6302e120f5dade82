//! Passkeys: enrolled, signed in with, proven again with, removed.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use serde_json::{Value, json};

use super::credentials::{PIN, household, issue, post, set_pin, staff};
use super::{access, own_sessions, pin_grant, refresh, refreshing, sign_in};
use crate::support::authenticator::Authenticator;
use crate::support::{Call, TestApp, count, start};

/// Begins a ceremony at `path`; what it answers.
pub async fn begin<S, B>(app: &TestApp<S>, path: &str, token: Option<&str>) -> Value
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let call = Call::post(path);
    let call = token.into_iter().fold(call, Call::bearer);
    app.send(call).await.expect(200)
}

pub const SIGN_IN: &str = "/v1/auth/passkey-sign-in";
pub const STEP_UP: &str = "/v1/auth/passkey-step-up";
pub const ENROLMENT: &str = "/v1/passkey-enrolments";

/// What finishes an enrolment.
pub fn enrolment(token: &str, begun: &Value, credential: &Value) -> Call {
    let body = json!({
        "ceremony": begun["ceremony"], "name": "  My phone ", "credential": credential,
    });
    Call::post("/v1/passkeys").bearer(token).json(body)
}

/// Enrols a new authenticator's passkey for whoever holds `token`; its id.
pub async fn enrol<S, B>(app: &TestApp<S>, token: &str) -> (Authenticator, String)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let mut authenticator = Authenticator::new();
    let begun = begin(app, ENROLMENT, Some(token)).await;
    let made = authenticator.make(&begun["options"]);
    let enrolled = app.send(enrolment(token, &begun, &made)).await.expect(201);
    (authenticator, enrolled["id"].as_str().unwrap().to_owned())
}

pub fn grant(begun: &Value, credential: &Value) -> Call {
    sign_in(json!({
        "grant_type": "urn:kaifong:passkey", "ceremony": begun["ceremony"],
        "credential": credential,
    }))
}

pub fn step_up(token: &str, begun: &Value, credential: &Value) -> Call {
    sign_in(json!({
        "grant_type": "urn:kaifong:passkey-step-up", "ceremony": begun["ceremony"],
        "credential": credential,
    }))
    .bearer(token)
}

/// Signs in by passkey; what is answered.
pub async fn try_passkey<S, B>(
    app: &TestApp<S>,
    authenticator: &mut Authenticator,
) -> crate::support::Answer
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let begun = begin(app, SIGN_IN, None).await;
    let proof = authenticator.prove(&begun["options"]);
    app.send(grant(&begun, &proof)).await
}

fn own(token: &str) -> Call {
    Call::get("/v1/passkeys").bearer(token)
}

fn removal(token: &str, id: &str) -> Call {
    Call::new("DELETE", &format!("/v1/passkeys/{id}")).bearer(token)
}

#[actix_web::test]
async fn a_tenant_enrols_a_passkey_and_signs_in_as_before() {
    let app = start().await;
    let code = household(&app).await;
    let by_pin = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut phone, id) = enrol(&app, access(&by_pin)).await;

    let by_passkey = try_passkey(&app, &mut phone).await.expect(200);
    app.send(refreshing(refresh(&by_passkey))).await.expect(200);
    try_passkey(&app, &mut phone).await.expect(200);

    let listed = app.send(own(access(&by_passkey))).await.expect(200);
    assert_eq!(listed["items"][0]["id"], id);
    assert_eq!(listed["items"][0]["name"], "My phone");
    assert_eq!(listed["items"][0]["used_at"], "2026-11-20T01:00:00Z");
    // The same caller as by PIN: one list of sessions.
    let sessions = app
        .send(own_sessions(access(&by_passkey)))
        .await
        .expect(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 3);
    let two_factors = "session WHERE amr = '{hwk,mfa}' AND kind = 'pin' AND household IS NOT NULL";
    assert_eq!(count(&mut app.database.connect(), two_factors), 2);
}

#[actix_web::test]
async fn an_authenticator_that_syncs_and_never_counts_is_taken() {
    let app = start().await;
    let code = household(&app).await;
    let by_pin = app.send(pin_grant(&code, PIN)).await.expect(200);
    let mut synced = Authenticator::new();
    synced.synced = true;
    let begun = begin(&app, ENROLMENT, Some(access(&by_pin))).await;
    let made = synced.make(&begun["options"]);
    app.send(enrolment(access(&by_pin), &begun, &made))
        .await
        .expect(201);
    for _ in 0..2 {
        try_passkey(&app, &mut synced).await.expect(200);
    }
    let amr = "session WHERE amr = '{swk,mfa}'";
    assert_eq!(count(&mut app.database.connect(), amr), 2);
}

#[actix_web::test]
async fn staff_prove_again_by_passkey_who_they_are() {
    let app = start().await;
    let admin = staff(&app, "admin.one").await;
    post(&app, &admin, "administrator", json!(null)).await;
    let tokens = admin.sign_in(&app).await;
    let (mut key, _) = enrol(&app, access(&tokens)).await;
    let making = |token: &str, login: &str| {
        let body = json!({ "login": login });
        let call = Call::post("/v1/staff-accounts").bearer(token).key(login);
        call.json(body)
    };
    app.clock.advance(301);
    let tokens = app.send(refreshing(refresh(&tokens))).await.expect(200);
    let stale = app.send(making(access(&tokens), "new.one")).await;
    assert_eq!(stale.problem(), "step-up-required");

    let begun = begin(&app, STEP_UP, Some(access(&tokens))).await;
    let allowed = &begun["options"]["publicKey"]["allowCredentials"];
    assert_eq!(allowed, &json!([{ "type": "public-key", "id": key.id() }]));
    let proof = key.prove(&begun["options"]);
    let stepped = app
        .send(step_up(access(&tokens), &begun, &proof))
        .await
        .expect(200);

    assert_eq!(stepped["session"], tokens["session"]);
    assert!(stepped.get("refresh_token").is_none());
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    app.send(making(access(&stepped), "new.one"))
        .await
        .expect(201);
    // By passkey they sign in with all that they may do.
    let by_passkey = try_passkey(&app, &mut key).await.expect(200);
    app.send(making(access(&by_passkey), "new.two"))
        .await
        .expect(201);
}

#[actix_web::test]
async fn to_enrol_and_remove_takes_a_fresh_proof_and_to_look_does_not() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (_, id) = enrol(&app, access(&tokens)).await;
    let begun = begin(&app, ENROLMENT, Some(access(&tokens))).await;
    let made = Authenticator::new().make(&begun["options"]);
    app.clock.advance(301);
    let tokens = app.send(refreshing(refresh(&tokens))).await.expect(200);

    for call in [
        Call::post(ENROLMENT).bearer(access(&tokens)),
        enrolment(access(&tokens), &begun, &made),
        removal(access(&tokens), &id),
    ] {
        assert_eq!(app.send(call).await.problem(), "step-up-required");
    }
    app.send(own(access(&tokens))).await.expect(200);
}

#[actix_web::test]
async fn a_removed_passkey_and_the_sessions_it_opened_are_over() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut lost, id) = enrol(&app, access(&tokens)).await;
    let (mut kept, _) = enrol(&app, access(&tokens)).await;
    let thief = try_passkey(&app, &mut lost).await.expect(200);
    let owner = try_passkey(&app, &mut kept).await.expect(200);

    let stranger = household(&app).await;
    let stranger = app.send(pin_grant(&stranger, PIN)).await.expect(200);
    let absent = app.send(removal(
        access(&stranger),
        "01940000-0000-7000-8000-000000000001",
    ));
    let absent = absent.await;
    let others = app.send(removal(access(&stranger), &id)).await;
    assert_eq!(
        (others.status.as_u16(), &others.bytes),
        (404, &absent.bytes)
    );
    app.send(removal(access(&tokens), &id)).await.expect(204);
    app.send(removal(access(&tokens), &id)).await.expect(404);

    assert_eq!(
        try_passkey(&app, &mut lost).await.problem(),
        "sign-in-refused"
    );
    app.send(refreshing(refresh(&thief))).await.expect(400);
    app.send(refreshing(refresh(&owner))).await.expect(200);
    app.send(refreshing(refresh(&tokens))).await.expect(200);
    let told = "audit_entry WHERE action = 'passkey.removed'";
    assert_eq!(count(&mut app.database.connect(), told), 1);
}

#[actix_web::test]
async fn a_passkey_ends_with_the_credential_it_was_enrolled_with() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut phone, _) = enrol(&app, access(&tokens)).await;
    set_pin(&app, &code, "271828").await;
    try_passkey(&app, &mut phone).await.expect(400);

    let officer = staff(&app, "chan.tm").await;
    post(&app, &officer, "auditor", json!(null)).await;
    let tokens = officer.sign_in(&app).await;
    let (mut key, _) = enrol(&app, access(&tokens)).await;
    try_passkey(&app, &mut key).await.expect(200);
    issue(&app, &officer.id).await;
    try_passkey(&app, &mut key).await.expect(400);
    assert_eq!(count(&mut app.database.connect(), "passkey"), 0);
}
