//! Callers for tests: households with a PIN, staff, devices.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kaifong::kernel::clock::Clock;
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::password::TotpSeed;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::sign_in;
use crate::support::{Call, TestApp, fixture};

pub const PIN: &str = "481516";
pub const PASSWORD: &str = "correct horse battery";

/// A household with a PIN; its tenant code.
pub async fn household<S, B>(app: &TestApp<S>) -> String
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let flat = fixture::flat(&mut app.database.connect(), "35.50");
    let body =
        json!({ "flat_id": flat, "kind": "prh", "starts_on": "2026-11-01", "household_size": 3 });
    let key = flat.to_string();
    let starting = Call::post("/v1/tenancies").scope("tenancy:write").key(&key);
    let started = app.send(starting.json(body)).await.expect(201);
    let code = started["tenant_code"].as_str().unwrap().to_owned();
    set_pin(app, &code, PIN).await;
    code
}

pub async fn set_pin<S, B>(app: &TestApp<S>, code: &str, pin: &str)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let body = json!({ "tenant_code": code, "pin": pin });
    let setting = Call::new("PUT", "/v1/tenant-pins").scope("pins:write");
    app.send(setting.json(body)).await.expect(204);
}

/// A member of staff who has an authenticator.
pub struct Staff {
    pub id: String,
    pub login: String,
    pub seed: TotpSeed,
}

impl Staff {
    /// What the authenticator shows.
    pub fn code<S>(&self, app: &TestApp<S>) -> String {
        self.seed.code(app.clock.now().timestamp() / 30)
    }

    pub fn grant(&self, password: &str, code: &str) -> Value {
        json!({ "grant_type": "password", "username": self.login, "password": password, "otp": code })
    }

    /// Signs in; the tokens. A minute later, so that the code is a new one.
    pub async fn sign_in<S, B>(&self, app: &TestApp<S>) -> Value
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        app.clock.advance(60);
        let grant = self.grant(PASSWORD, &self.code(app));
        app.send(sign_in(grant)).await.expect(200)
    }
}

/// An account whose secrets were issued and whose password was changed.
pub async fn staff<S, B>(app: &TestApp<S>, login: &str) -> Staff
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let creating = Call::post("/v1/staff-accounts")
        .scope("staff:write")
        .key(login);
    let created = app
        .send(creating.json(json!({ "login": login })))
        .await
        .expect(201);
    let id = created["id"].as_str().unwrap().to_owned();
    let (password, seed) = issue(app, &id).await;
    let staff = Staff {
        id,
        login: login.to_owned(),
        seed,
    };
    app.clock.advance(60);
    let mut first = staff.grant(&password, &staff.code(app));
    first["new_password"] = json!(PASSWORD);
    app.send(sign_in(first)).await.expect(200);
    staff
}

/// Issues a one-time password and a seed for account `id`.
pub async fn issue<S, B>(app: &TestApp<S>, id: &str) -> (String, TotpSeed)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let path = format!("/v1/staff-accounts/{id}/secrets");
    let issued = app
        .send(Call::post(&path).scope("staff:write"))
        .await
        .expect(200);
    let uri = issued["totp_uri"].as_str().unwrap();
    let secret = uri
        .split("secret=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let password = issued["password"].as_str().unwrap().to_owned();
    (
        password,
        TotpSeed::from_bytes(Zeroizing::new(unbase32(secret))),
    )
}

/// Gives `staff` a role, asked for and approved by two others; where is JSON.
pub async fn post<S, B>(app: &TestApp<S>, staff: &Staff, role: &str, place: Value) -> String
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let mut body = json!({ "role": role, "from": "2026-11-01" });
    if !place.is_null() {
        body["estates"] = place;
    }
    let path = format!("/v1/staff-accounts/{}/roles", staff.id);
    let key = format!("{}-{role}", staff.login);
    let asking = Call::post(&path).scope("staff:write").key(&key).json(body);
    let asked = app.send(asking).await.expect(201);
    let id = asked["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/staff-roles/{id}/approve");
    let approving = Call::post(&path).scope("staff:approve").by("officer-8");
    app.send(approving).await.expect(200);
    id
}

fn unbase32(text: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = text.bytes().flat_map(|letter| {
        let value = letters.iter().position(|one| *one == letter).unwrap();
        (0..5).rev().map(move |place| (value >> place) & 1 == 1)
    });
    let byte = || (0..8).try_fold(0_u8, |byte, _| Some((byte << 1) | u8::from(bits.next()?)));
    std::iter::from_fn(byte).collect()
}

/// An assertion signed with `key`.
pub fn assertion(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub fn public_key(key: &SigningKey) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key.public()) })
}

/// The claims by which `holder` signs in now.
pub fn claims(holder: &str, jti: &str, now: i64) -> Value {
    json!({ "iss": holder, "sub": holder, "aud": "kaifong", "jti": jti, "iat": now, "exp": now + 60 })
}

pub fn key_grant(assertion: &str) -> Call {
    sign_in(json!({
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }))
}
