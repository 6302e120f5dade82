//! Forms that iAM Smart fills, with the mock on a real socket and its callback carried by hand.

use std::net::TcpListener;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use futures_util::future::join;
use kaifong::kernel::clock::Clock;
use kaifong::sign_in::identity_provider::Signature;
use serde_json::{Value, json};

use super::credentials::{PIN, household};
use super::iam_smart::{called_back, come_back, iam_smart};
use super::{access, pin_grant, refresh, refreshing};
use crate::support::{Call, TestApp, count, start_with_provider};

/// What iAM Smart sends to the callback.
fn callback((signature, body): &(Signature, String)) -> Call {
    Call::post("/v1/auth/iam-smart/forms")
        .header("Content-Type", "application/json")
        .header("timestamp", &signature.timestamp.to_string())
        .header("nonce", &signature.nonce)
        .header("signature", &signature.signature)
        .bytes(body.as_bytes())
}

/// A household signed in by PIN, with the identity of `person` linked; the tokens.
async fn linked<S, B>(app: &TestApp<S>, person: &'static str) -> Value
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let code = household(app).await;
    let by_pin = app.send(pin_grant(&code, PIN)).await.expect(200);
    let linking = Call::post("/v1/identity-links/own").bearer(access(&by_pin));
    let arrival = come_back(app, person).await;
    app.send(linking.json(arrival)).await.expect(201);
    by_pin
}

/// Asks for a form of `person` with `fields`.
async fn asking<S, B>(app: &TestApp<S>, token: &str, person: &'static str, fields: Value) -> Call
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let mut body = come_back(app, person).await;
    body["fields"] = fields;
    Call::post("/v1/form-fillings").bearer(token).json(body)
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

fn read(token: &str, id: &str) -> Call {
    Call::get(&format!("/v1/form-fillings/{id}")).bearer(token)
}

fn collecting(token: &str, id: &str) -> Call {
    Call::post(&format!("/v1/form-fillings/{id}/collect")).bearer(token)
}

const NOBODYS: &str = "01940000-0000-7000-8000-000000000001";

#[actix_web::test]
async fn a_form_is_filled_by_callback_and_collected_once_by_who_asked() {
    let (listener, url) = listener();
    let app = start_with_provider(|_| iam_smart(&url)).await;
    let tokens = linked(&app, "chan").await;
    let token = access(&tokens);
    let fields = json!(["enName", "mobileNumber"]);
    let asked = app.send(asking(&app, token, "chan", fields).await).await;
    let asked = asked.expect(201);
    let id = asked["id"].as_str().unwrap();
    assert_eq!(
        (asked["ready"].clone(), &asked["erased_at"]),
        (json!(false), &json!("2026-11-20T02:00:00Z"))
    );
    let early = app.send(collecting(token, id)).await;
    assert_eq!(early.problem(), "not-in-this-state");

    let filled = called_back(&listener);
    // Delivered twice at once, and later again: one result.
    let (one, two) = join(app.send(callback(&filled)), app.send(callback(&filled))).await;
    assert_eq!(one.expect(200)["code"], "D00000");
    two.expect(200);
    let mut conn = app.database.connect();
    assert_eq!(
        count(&mut conn, "audit_entry WHERE action = 'form.filled'"),
        1
    );
    let clear = "form_filling WHERE position('CHAN TAI MAN'::bytea IN content) > 0";
    assert_eq!(count(&mut conn, clear), 0);
    assert_eq!(
        count(&mut conn, "form_filling WHERE length(content) >= 256"),
        1
    );
    assert_eq!(app.send(read(token, id)).await.expect(200)["ready"], true);

    let other = linked(&app, "wong").await;
    let other = access(&other);
    for call in [read, collecting] {
        let absent = app.send(call(other, NOBODYS)).await;
        let others = app.send(call(other, id)).await;
        assert_eq!(
            (others.status.as_u16(), &others.bytes),
            (404, &absent.bytes)
        );
    }
    let collected = app.send(collecting(token, id)).await.expect(200);
    assert_eq!(
        collected["fields"],
        json!({ "enName": "CHAN TAI MAN", "mobileNumber": "51000001" })
    );
    app.send(collecting(token, id)).await.expect(404);
    app.send(callback(&filled)).await.expect(200);
    app.send(collecting(token, id)).await.expect(404);
    assert_eq!(
        count(&mut conn, "form_filling WHERE content IS NOT NULL"),
        0
    );
}

#[actix_web::test]
async fn what_is_not_signed_not_asked_for_late_or_of_someone_else_is_not_kept() {
    let (listener, url) = listener();
    let provider = iam_smart(&url);
    let app = start_with_provider(|_| provider.clone()).await;
    let tokens = linked(&app, "chan").await;
    let token = access(&tokens);
    let ask = async || {
        let asking = asking(&app, token, "chan", json!(["enName"])).await;
        app.send(asking).await.expect(201);
        called_back(&listener)
    };
    let (signature, body) = ask().await;
    let changed = body.replacen("\":\"", "\":\"A", 1);
    let later = Signature {
        timestamp: signature.timestamp + 1,
        ..signature.clone()
    };
    let refused = |name: &'static str, call: Call| {
        let answering = app.send(call);
        async move {
            let answer = answering.await;
            assert_eq!(answer.problem(), "sign-in-refused", "{name}");
        }
    };
    refused("changed", callback(&(signature.clone(), changed))).await;
    refused("signed for another time", callback(&(later, body.clone()))).await;
    let bare = Call::post("/v1/auth/iam-smart/forms").bytes(body.as_bytes());
    refused("without a signature", bare).await;
    let bytes = Call::post("/v1/auth/iam-smart/forms").bytes(b"\xff\xfe".to_vec());
    refused("not text", bytes).await;

    // Asked for by another service's number, under the same keys.
    let arrival = come_back(&app, "chan").await;
    let code = arrival["code"].as_str().unwrap().to_owned();
    let elsewhere = provider.clone();
    actix_web::rt::task::spawn_blocking(move || {
        let who = elsewhere.exchange(&code).unwrap();
        elsewhere.request_form(&who, "form-1", &["enName"]).unwrap();
    })
    .await
    .unwrap();
    refused("not ours", callback(&called_back(&listener))).await;

    let mut conn = app.database.connect();
    let mut run = |sql: &str| kaifong::platform::db::execute(&mut conn, sql).unwrap();
    run("UPDATE identity_link SET identity_hash = sha256(identity_hash)");
    refused(
        "someone else's",
        callback(&(signature.clone(), body.clone())),
    )
    .await;
    // Linked anew, as only the test can know that it is the same.
    let again = Call::post("/v1/identity-links/own").bearer(token);
    app.send(again.json(come_back(&app, "chan").await))
        .await
        .expect(201);
    let late = ask().await;
    app.clock.advance(600);
    refused("late", callback(&late)).await;
    assert_eq!(
        count(&mut conn, "form_filling WHERE filled_at IS NOT NULL"),
        0
    );
}

#[actix_web::test]
async fn what_was_not_asked_for_is_not_kept() {
    let (listener, url) = listener();
    let app = start_with_provider(|_| iam_smart(&url)).await;
    let tokens = linked(&app, "chan").await;
    let token = access(&tokens);
    let fields = json!(["chName", "enName"]);
    let asked = app.send(asking(&app, token, "chan", fields).await).await;
    let asked = asked.expect(201);
    // As if iAM Smart had sent one more than this.
    let mut conn = app.database.connect();
    let less = "UPDATE form_filling SET fields = '{chName}'";
    kaifong::platform::db::execute(&mut conn, less).unwrap();
    app.send(callback(&called_back(&listener)))
        .await
        .expect(200);
    let id = asked["id"].as_str().unwrap();
    let collected = app.send(collecting(token, id)).await.expect(200);
    assert_eq!(collected["fields"], json!({ "chName": "陳大文" }));
}

#[actix_web::test]
async fn after_an_hour_it_is_erased() {
    let (listener, url) = listener();
    let app = start_with_provider(|_| iam_smart(&url)).await;
    let tokens = linked(&app, "chan").await;
    let token = access(&tokens);
    let asked = app.send(asking(&app, token, "chan", json!(["enName"])).await);
    let asked = asked.await.expect(201);
    let id = asked["id"].as_str().unwrap();
    app.send(callback(&called_back(&listener)))
        .await
        .expect(200);
    let mut conn = app.database.connect();
    let due = |conn: &mut _| kaifong::app::timetable(conn, app.clock.now()).unwrap();
    app.clock.set("2026-11-20T01:59:59Z");
    due(&mut conn);
    assert_eq!(
        count(&mut conn, "form_filling WHERE content IS NOT NULL"),
        1
    );
    app.clock.set("2026-11-20T02:00:00Z");
    let tokens = app.send(refreshing(refresh(&tokens))).await.expect(200);
    app.send(read(access(&tokens), id)).await.expect(404);
    app.send(collecting(access(&tokens), id)).await.expect(404);
    due(&mut conn);
    assert_eq!(count(&mut conn, "form_filling"), 0);
}

#[actix_web::test]
async fn a_form_is_asked_of_an_identity_of_ones_own_household_and_of_known_fields() {
    let (_listener, url) = listener();
    let app = start_with_provider(|_| iam_smart(&url)).await;
    let chan = linked(&app, "chan").await;
    let chan = access(&chan);
    let wong = linked(&app, "wong").await;
    let wong = access(&wong);
    let answer = app.send(asking(&app, chan, "wong", json!(["enName"])).await);
    assert_eq!(answer.await.problem(), "sign-in-refused");
    for (fields, status) in [
        (json!([]), 422),
        (json!(["shoeSize"]), 400),
        (json!("enName"), 400),
    ] {
        let answer = app.send(asking(&app, wong, "wong", fields).await).await;
        assert_eq!(answer.status.as_u16(), status);
    }
    assert_eq!(count(&mut app.database.connect(), "form_filling"), 0);
}
