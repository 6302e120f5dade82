//! Devices and clients sign in with their own key; a second person lets them.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::clock::Clock;
use kaifong::platform::crypto::SigningKey;
use serde_json::{Value, json};

use super::credentials::{PIN, assertion, claims, household, key_grant, public_key};
use super::{access, own_sessions, pin_grant};
use crate::support::{Answer, Call, TestApp, fixture, start};

struct Device {
    id: String,
    name: String,
    key: SigningKey,
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "JWT" })
}

/// A kiosk that someone added and enrolled.
async fn enrolled<S, B>(app: &TestApp<S>, kind: &str) -> Device
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let estate = fixture::estate(&mut app.database.connect());
    let body = json!({ "kind": kind, "estate": estate });
    let adding = Call::post("/v1/devices")
        .scope("devices:write")
        .key(&estate.to_string());
    let added = app.send(adding.json(body)).await.expect(201);
    let id = added["id"].as_str().unwrap().to_owned();
    let key = SigningKey::generate().unwrap();
    let code = code(app, &id).await;
    app.send(enrolling(&code, &key)).await.expect(201);
    Device {
        name: format!("device:{id}"),
        id,
        key,
    }
}

async fn code<S, B>(app: &TestApp<S>, id: &str) -> String
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let path = format!("/v1/devices/{id}/code");
    let issued = app
        .send(Call::post(&path).scope("devices:write"))
        .await
        .expect(200);
    issued["code"].as_str().unwrap().to_owned()
}

fn enrolling(code: &str, key: &SigningKey) -> Call {
    let body = json!({ "public_key": public_key(key) });
    Call::post(&format!("/v1/auth/enrolments/{code}")).json(body)
}

async fn change<S, B>(app: &TestApp<S>, device: &Device, by: &str, change: &str) -> Answer
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let path = format!("/v1/devices/{}", device.id);
    let read = app.send(Call::get(&path).scope("devices:read")).await;
    let changing = Call::post(&format!("{path}/change"))
        .scope("devices:approve")
        .by(by);
    let changing = changing.header("If-Match", read.header("etag"));
    app.send(changing.json(json!({ "change": change }))).await
}

/// The token of a kiosk that works.
pub async fn working<S, B>(app: &TestApp<S>, kind: &str) -> String
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let device = enrolled(app, kind).await;
    change(app, &device, "officer-8", "approve")
        .await
        .expect(200);
    let tokens = signing_in(app, &device, "working-1").await.expect(200);
    access(&tokens).to_owned()
}

async fn signing_in<S, B>(app: &TestApp<S>, device: &Device, jti: &str) -> Answer
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let now = app.clock.now().timestamp();
    let made = assertion(&device.key, &header(), &claims(&device.name, jti, now));
    app.send(key_grant(&made)).await
}

#[actix_web::test]
async fn a_device_works_once_a_second_person_approved_it_until_it_is_suspended_or_lost() {
    let app = start().await;
    let kiosk = enrolled(&app, "kiosk").await;
    signing_in(&app, &kiosk, "pending-1").await.expect(400);
    let own = change(&app, &kiosk, "officer-7", "approve").await;
    assert_eq!(own.problem(), "needs-another-person");
    change(&app, &kiosk, "officer-8", "approve")
        .await
        .expect(200);

    let tokens = signing_in(&app, &kiosk, "active-1").await.expect(200);
    assert_eq!(tokens["expires_in"], 60);
    assert!(tokens["refresh_token"].is_null());
    app.send(own_sessions(access(&tokens))).await.expect(200);

    change(&app, &kiosk, "officer-7", "suspend")
        .await
        .expect(200);
    signing_in(&app, &kiosk, "suspended-1").await.expect(400);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    app.send(own_sessions(access(&tokens))).await.expect(401);
    change(&app, &kiosk, "officer-8", "approve")
        .await
        .expect(200);
    signing_in(&app, &kiosk, "active-2").await.expect(200);
    change(&app, &kiosk, "officer-7", "lost").await.expect(200);
    signing_in(&app, &kiosk, "lost-0001").await.expect(400);
    let back = change(&app, &kiosk, "officer-8", "approve").await;
    assert_eq!(back.problem(), "not-in-this-state");
}

#[actix_web::test]
async fn an_enrolment_code_serves_once_for_ten_minutes() {
    let app = start().await;
    let kiosk = enrolled(&app, "handheld").await;
    let key = SigningKey::generate().unwrap();
    let path = format!("/v1/devices/{}/code", kiosk.id);
    let again = app.send(Call::post(&path).scope("devices:write")).await;
    assert_eq!(again.problem(), "not-in-this-state");

    let estate = fixture::estate(&mut app.database.connect());
    let body = json!({ "kind": "kiosk", "estate": estate });
    let adding = Call::post("/v1/devices")
        .scope("devices:write")
        .key("late")
        .json(body);
    let added = app.send(adding).await.expect(201);
    let id = added["id"].as_str().unwrap();
    let first = code(&app, id).await;
    let second = code(&app, id).await;
    app.send(enrolling(&first, &key)).await.expect(400);
    app.clock.advance(600);
    app.send(enrolling(&second, &key)).await.expect(400);
    let third = code(&app, id).await;
    app.send(enrolling(&third, &key)).await.expect(201);
    app.send(enrolling(&third, &key)).await.expect(400);
}

#[actix_web::test]
async fn an_assertion_is_its_holders_for_us_now_and_once() {
    let app = start().await;
    let kiosk = enrolled(&app, "kiosk").await;
    change(&app, &kiosk, "officer-8", "approve")
        .await
        .expect(200);
    let stranger = SigningKey::generate().unwrap();
    let now = app.clock.now().timestamp();
    let good = claims(&kiosk.name, "good-0001", now);
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        assertion(&kiosk.key, &header(), &changed)
    };
    let headed = |header: Value| assertion(&kiosk.key, &header, &good);
    for bad in [
        assertion(&stranger, &header(), &good),
        headed(json!({ "alg": "none" })),
        headed(json!({ "alg": "HS256" })),
        headed(json!({ "alg": "ES256" })),
        headed(json!({ "alg": "EdDSA", "typ": "at+jwt" })),
        headed(json!({ "alg": "EdDSA", "jwk": public_key(&stranger) })),
        headed(json!({ "alg": "EdDSA", "jku": "https://evil.example" })),
        with("aud", json!("someone-else")),
        with("iss", json!("device:01940000-0000-7000-8000-000000000001")),
        with("sub", json!(format!("staff:{}", kiosk.id))),
        with("exp", json!(now - 11)),
        with("exp", json!(now + 301)),
        with("exp", json!("9999999999")),
        with("iat", json!(now + 11)),
        with("jti", json!("short")),
        assertion(&kiosk.key, &header(), &good) + "=",
        assertion(&kiosk.key, &header(), &good) + ".x",
        "x".repeat(1000),
    ] {
        let answer = app.send(key_grant(&bad)).await;
        let found = (answer.status.as_u16(), answer.body["error"].as_str());
        assert_eq!(found, (400, Some("invalid_client")), "{bad}");
    }
    let good = assertion(&kiosk.key, &header(), &good);
    app.send(key_grant(&good)).await.expect(200);
    app.send(key_grant(&good)).await.expect(400);
}

#[actix_web::test]
async fn a_tenant_at_a_kiosk_has_a_minute_and_the_next_one_ends_it() {
    let app = start().await;
    let kiosk = enrolled(&app, "kiosk").await;
    change(&app, &kiosk, "officer-8", "approve")
        .await
        .expect(200);
    let device = signing_in(&app, &kiosk, "host-0001").await.expect(200);
    let (one, two) = (household(&app).await, household(&app).await);
    let phone = app.send(pin_grant(&one, PIN)).await.expect(200);

    let first = app
        .send(pin_grant(&one, PIN).bearer(access(&device)))
        .await
        .expect(200);
    assert_eq!(first["expires_in"], 60);
    assert!(first["refresh_token"].is_null());
    app.send(pin_grant(&two, PIN).bearer(access(&device)))
        .await
        .expect(200);

    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    app.send(own_sessions(access(&first))).await.expect(401);
    app.send(own_sessions(access(&phone))).await.expect(200);
    app.send(own_sessions(access(&device))).await.expect(200);
    // A tenant is no device.
    app.send(pin_grant(&two, PIN).bearer(access(&phone)))
        .await
        .expect(403);
    app.send(pin_grant(&two, PIN).bearer("nonsense"))
        .await
        .expect(401);
}

#[actix_web::test]
async fn a_client_signs_in_with_its_key_once_approved_by_another() {
    let app = start().await;
    let key = SigningKey::generate().unwrap();
    let body = json!({ "kind": "payment_channel", "name": "Bank", "public_key": public_key(&key) });
    let adding = Call::post("/v1/clients")
        .scope("clients:write")
        .key("bank")
        .json(body);
    let added = app.send(adding).await;
    let etag = added.header("etag").to_owned();
    let id = added.expect(201)["id"].as_str().unwrap().to_owned();
    let bank = Device {
        name: format!("client:{id}"),
        id,
        key,
    };
    signing_in(&app, &bank, "pending-1").await.expect(400);
    let changing = |by: &str| {
        Call::post(&format!("/v1/clients/{}/change", bank.id))
            .scope("clients:approve")
            .by(by)
            .header("If-Match", &etag)
            .json(json!({ "change": "approve" }))
    };
    app.send(changing("officer-7")).await.expect(403);
    app.send(changing("officer-8")).await.expect(200);
    let tokens = signing_in(&app, &bank, "active-1").await.expect(200);
    app.send(own_sessions(access(&tokens))).await.expect(200);
}
