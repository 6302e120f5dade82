//! Requests for tokens, and tokens, that are not what they should be.

use kaifong::kernel::clock::Clock;
use serde_json::{Value, json};

use super::credentials::{PIN, assertion, household, staff};
use super::passkeys::{enrol, try_passkey};
use super::{access, own_sessions, pin_grant, sign_in};
use crate::support::{Call, start};

#[actix_web::test]
async fn what_is_not_a_token_request_is_400_and_is_not_repeated() {
    let app = start().await;
    for body in [
        json!({}),
        json!([]),
        json!("pin"),
        json!({ "grant_type": "implicit" }),
        json!({ "grant_type": "pin", "tenant_code": "1000000018" }),
        json!({ "grant_type": "pin", "tenant_code": "1000000019", "pin": "hunter2" }),
        json!({ "grant_type": "pin", "tenant_code": "1000000018", "pin": "hunter2", "scope": "x" }),
        json!({ "grant_type": "pin", "tenant_code": "1000000018", "pin": "" }),
        json!({ "grant_type": "pin", "tenant_code": "1000000018", "pin": "hunter2".repeat(200) }),
        json!({ "grant_type": "refresh_token", "refresh_token": ["hunter2"] }),
    ] {
        let answer = app.send(sign_in(body.clone())).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (400, "malformed-request"),
            "{body}"
        );
        assert_eq!(answer.body["error"], "invalid_request");
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("hunter2"));
    }
    let twice = r#"{"grant_type":"pin","pin":"1","pin":"2","tenant_code":"1000000018"}"#;
    let json = |text: &str| {
        let call = Call::post("/v1/auth/token").header("Content-Type", "application/json");
        call.bytes(text.as_bytes())
    };
    app.send(json(twice)).await.expect(400);
    app.send(json(&"[".repeat(10_000))).await.expect(400);
    app.send(json(&" ".repeat(40_000))).await.expect(413);
    let xml = Call::post("/v1/auth/token")
        .header("Content-Type", "text/xml")
        .bytes("<x/>");
    app.send(xml).await.expect(415);
    let form = |text: &str| {
        let call = Call::post("/v1/auth/token");
        call.header("Content-Type", "application/x-www-form-urlencoded")
            .bytes(text.as_bytes())
    };
    app.send(form("grant_type=pin&grant_type=password"))
        .await
        .expect(400);
    app.send(form("%ff%fe=%00")).await.expect(400);
}

#[actix_web::test]
async fn a_token_that_is_not_ours_and_now_is_401_and_never_our_fault() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (sid, now) = (tokens["session"].clone(), app.clock.now().timestamp());
    let sub = {
        let payload = payload(access(&tokens));
        assert!(payload.get("roles").is_none() && payload.get("scope").is_none());
        payload["sub"].clone()
    };
    let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": app.key.id() });
    let claims = json!({ "iss": "kaifong", "aud": "kaifong", "sub": sub, "sid": sid,
                         "iat": now, "nbf": now, "exp": now + 60 });
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    let made = |header: &Value, claims: &Value| assertion(&app.key, header, claims);
    app.send(own_sessions(&made(&header, &claims)))
        .await
        .expect(200);

    let stranger = kaifong::platform::crypto::SigningKey::generate().unwrap();
    let good = made(&header, &claims);
    let segments: Vec<&str> = good.split('.').collect();
    let mut bad = vec![
        assertion(&stranger, &header, &claims),
        format!("{}.{}.", segments[0], segments[1]),
        format!("{}.{}", segments[0], segments[1]),
        format!("{good}.{}.{}", segments[0], segments[1]),
        good.clone() + "=",
        good.replace('.', ". "),
        format!("x{good}"),
    ];
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("alg", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!("at+JWT ")),
        ("kid", json!("../../etc/passwd")),
        ("kid", json!(null)),
        ("jwk", super::credentials::public_key(&stranger)),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/keys")),
        ("x5c", json!(["MII"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("p2c", json!(1_000_000_000)),
    ] {
        bad.push(made(&with(&header, name, value), &claims));
    }
    for (name, value) in [
        ("aud", json!("someone-else")),
        ("aud", json!(["kaifong"])),
        ("aud", json!(null)),
        ("iss", json!("kaifong ")),
        ("exp", json!("9999999999")),
        ("exp", json!(1e10)),
        ("exp", serde_json::from_str(&format!("{now}60.5")).unwrap()),
        ("exp", json!(-1)),
        ("exp", json!(now - 11)),
        ("nbf", json!(now + 11)),
        ("nbf", json!("0")),
        ("nbf", json!(null)),
        ("iat", json!(now + 3600)),
        ("iat", json!([now])),
        ("sid", json!("not-a-uuid")),
        ("sid", json!("01940000-0000-7000-8000-000000000001")),
        ("sub", json!("staff:01940000-0000-7000-8000-000000000001")),
        ("scope", json!("session:own")),
    ] {
        bad.push(made(&header, &with(&claims, name, value)));
    }
    let text = claims.to_string();
    let doubled = text.replacen('{', &format!("{{\"exp\":{},", now + 999), 1);
    bad.push(raw(&app.key, &header.to_string(), &doubled));
    let doubled = header.to_string().replacen('{', "{\"alg\":\"EdDSA\",", 1);
    bad.push(raw(&app.key, &doubled, &text));
    // A JWE has five parts.
    bad.push(format!("{}.a.b.c.d", segments[0]));
    bad.push("x".repeat(1_000_000));
    bad.push("é".to_owned());
    for token in bad {
        let answer = app.send(own_sessions(&token)).await;
        let start: String = token.chars().take(200).collect();
        assert_eq!(answer.status, 401, "{start}");
    }
}

#[actix_web::test]
async fn a_token_says_how_its_holder_proved_who_they_are() {
    let app = start().await;
    let code = household(&app).await;
    let by_pin = app.send(pin_grant(&code, PIN)).await.expect(200);
    let (mut phone, _) = enrol(&app, access(&by_pin)).await;
    let by_passkey = try_passkey(&app, &mut phone).await.expect(200);
    let by_password = staff(&app, "chan.tm").await.sign_in(&app).await;
    for (tokens, acr, amr) in [
        (&by_pin, "aal1", json!(["pin"])),
        (&by_passkey, "aal2", json!(["hwk", "mfa"])),
        (&by_password, "aal2", json!(["pwd", "otp", "mfa"])),
    ] {
        let said = payload(access(tokens));
        assert_eq!((&said["acr"], &said["amr"]), (&json!(acr), &amr));
    }
}

fn payload(token: &str) -> Value {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(payload).unwrap()).unwrap()
}

/// A token of exactly these texts.
fn raw(key: &kaifong::platform::crypto::SigningKey, header: &str, claims: &str) -> String {
    use base64::Engine;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(message.as_bytes());
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signature);
    format!("{message}.{signature}")
}
