//! Sign-in through iAM Smart, with the mock on a real socket.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service as ActixService, ServiceResponse};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use kaifong::kernel::clock::SystemClock;
use kaifong::sign_in::identity_provider::{
    IamSmart, IdentityProvider, Kek, ProviderError, Settings, Signature,
};
use kaifong::sign_in::mock_iam_smart::{Mock, Service, routes};
use serde_json::{Value, json};

use super::credentials::{PIN, household};
use super::passkeys::{enrol, try_passkey};
use super::{access, own_sessions, pin_grant, sign_in};
use crate::support::{Call, TestApp, count, start_with_provider};

const REDIRECT: &str = "https://tenant.example/back";

/// A mock on a port of its own, and who speaks to it; filled forms go to `callback`.
pub fn iam_smart(callback: &str) -> Arc<dyn IdentityProvider> {
    let kek = Kek::generate().unwrap();
    let service = Service {
        client_id: "kaifong".to_owned(),
        client_secret: "a secret".to_owned(),
        redirect_uri: REDIRECT.to_owned(),
        public_key: kek.public().unwrap(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mock = Data::new(Mock::new(service).unwrap());
    std::thread::spawn(move || {
        let server = HttpServer::new(move || App::new().configure(routes(mock.clone())));
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        actix_web::rt::System::new().block_on(server.run()).unwrap();
    });
    let settings = Settings {
        page: url.clone(),
        api: url,
        client_id: "kaifong".to_owned(),
        client_secret: "a secret".to_owned(),
        redirect_uri: REDIRECT.to_owned(),
        callback_uri: callback.to_owned(),
    };
    Arc::new(IamSmart::new(settings, kek, Arc::new(SystemClock)))
}

/// What a browser does: opens the page, lets `person` approve, and is sent back.
fn approve(page: &str, person: &str) -> (String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .max_redirects(0)
        .build()
        .into();
    let shown = agent
        .get(page)
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(shown.contains(person));
    let state = page
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let origin = page.split("/api/").next().unwrap();
    let approved = agent
        .post(format!("{origin}/approve"))
        .send_form([("person", person), ("state", state)])
        .unwrap();
    let back = approved.headers()["location"].to_str().unwrap().to_owned();
    let query = back.strip_prefix(&format!("{REDIRECT}?code=")).unwrap();
    let (code, state) = query.split_once("&state=").unwrap();
    (code.to_owned(), state.to_owned())
}

/// Comes back from iAM Smart as `person`: code, state and nonce.
pub async fn come_back<S, B>(app: &TestApp<S>, person: &'static str) -> Value
where
    S: ActixService<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let begun = app.send(Call::post("/v1/auth/iam-smart")).await.expect(200);
    let page = begun["authorise_url"].as_str().unwrap().to_owned();
    let (code, state) = actix_web::rt::task::spawn_blocking(move || approve(&page, person))
        .await
        .unwrap();
    assert_eq!(state, begun["state"].as_str().unwrap());
    json!({ "code": code, "state": state, "nonce": begun["nonce"] })
}

pub fn grant(arrival: &Value) -> Call {
    let mut body = arrival.clone();
    body["grant_type"] = json!("authorization_code");
    sign_in(body)
}

#[actix_web::test]
async fn a_tenant_links_an_identity_by_pin_and_then_signs_in_with_it() {
    let app = start_with_provider(|_| iam_smart("http://127.0.0.1:1/")).await;
    let code = household(&app).await;
    let stranger = come_back(&app, "chan").await;
    app.send(grant(&stranger)).await.expect(400);

    let by_pin = app.send(pin_grant(&code, PIN)).await.expect(200);
    let linking = |arrival: Value| {
        Call::post("/v1/identity-links/own")
            .bearer(access(&by_pin))
            .json(arrival)
    };
    let linked = app
        .send(linking(come_back(&app, "chan").await))
        .await
        .expect(201);
    assert_eq!(linked["tenant_code"], code);
    let again = app.send(linking(come_back(&app, "chan").await)).await;
    assert_eq!(again.problem(), "linked-already");
    let tokens = app
        .send(grant(&come_back(&app, "chan").await))
        .await
        .expect(200);
    app.send(own_sessions(access(&tokens))).await.expect(200);
    app.send(grant(&come_back(&app, "wong").await))
        .await
        .expect(400);

    let path = format!("/v1/identity-links/own/{}", linked["id"].as_str().unwrap());
    let ending = Call::new("DELETE", &path).bearer(access(&by_pin));
    app.send(ending).await.expect(204);
    app.send(grant(&come_back(&app, "chan").await))
        .await
        .expect(400);
}

#[actix_web::test]
async fn a_code_state_or_nonce_that_is_anothers_or_used_is_refused() {
    let app = start_with_provider(|_| iam_smart("http://127.0.0.1:1/")).await;
    let code = household(&app).await;
    let at_counter = |mut arrival: Value| {
        arrival["tenant_code"] = json!(code);
        Call::post("/v1/identity-links")
            .scope("identity:write")
            .json(arrival)
    };
    app.send(at_counter(come_back(&app, "chan").await))
        .await
        .expect(201);

    let used = come_back(&app, "chan").await;
    app.send(grant(&used)).await.expect(200);
    app.send(grant(&used)).await.expect(400);
    let (one, two) = (come_back(&app, "chan").await, come_back(&app, "chan").await);
    for (name, of) in [("nonce", &two), ("state", &two)] {
        let mut mixed = one.clone();
        mixed[name] = of[name].clone();
        app.send(grant(&mixed)).await.expect(400);
    }
    // A code that was used, under a state that was not.
    let mut replayed = come_back(&app, "chan").await;
    replayed["code"] = used["code"].clone();
    app.send(grant(&replayed)).await.expect(400);
    let late = come_back(&app, "chan").await;
    app.clock.advance(600);
    app.send(grant(&late)).await.expect(400);
}

#[actix_web::test]
async fn a_delegate_acts_in_part_until_ended_and_the_household_may_not_give_more() {
    let app = start_with_provider(|_| iam_smart("http://127.0.0.1:1/")).await;
    let code = household(&app).await;
    let tenant = app.send(pin_grant(&code, PIN)).await.expect(200);
    let naming = |scopes: Value, expires: &str| {
        let body = json!({ "kind": "carer", "scopes": scopes, "expires_on": expires });
        Call::post("/v1/delegates")
            .bearer(access(&tenant))
            .json(body)
    };
    for (scopes, expires) in [
        (json!(["staff:write"]), "2026-12-31"),
        (json!([]), "2026-12-31"),
        (json!(["session:own"]), "2026-11-19"),
        (json!(["session:own"]), "2027-11-21"),
    ] {
        app.send(naming(scopes, expires)).await.expect(422);
    }
    let named = app
        .send(naming(json!(["session:own"]), "2026-12-31"))
        .await
        .expect(201);
    let claiming = |mut arrival: Value| {
        arrival["invitation"] = named["invitation"].clone();
        Call::post("/v1/auth/delegations").json(arrival)
    };
    app.send(claiming(come_back(&app, "wong").await))
        .await
        .expect(201);
    app.send(claiming(come_back(&app, "chan").await))
        .await
        .expect(400);
    let carer = app
        .send(grant(&come_back(&app, "wong").await))
        .await
        .expect(200);
    app.send(own_sessions(access(&carer))).await.expect(200);
    let listing = Call::get("/v1/delegates").bearer(access(&carer));
    app.send(listing).await.expect(403);

    let path = format!("/v1/delegates/{}", named["id"].as_str().unwrap());
    let ending = Call::new("DELETE", &path).bearer(access(&tenant));
    app.send(ending).await.expect(204);
    app.send(grant(&come_back(&app, "wong").await))
        .await
        .expect(400);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    app.send(own_sessions(access(&carer))).await.expect(401);
}

#[test]
fn a_form_is_filled_by_callback_and_a_changed_or_forged_one_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let provider = iam_smart(&format!("http://{}/", listener.local_addr().unwrap()));
    let (code, _) = approve(&provider.authorise_url("abc"), "chan");
    let who = provider.exchange(&code).unwrap();
    assert!(matches!(
        provider.exchange(&code),
        Err(ProviderError::Refused)
    ));

    provider.request_form(&who, "form-1", &["enName"]).unwrap();
    let (signature, body) = called_back(&listener);
    let filled = provider.open_form(&body, &signature).unwrap();
    assert_eq!(
        (filled.business_id.as_str(), filled.tokenised_id),
        ("form-1", who.tokenised_id)
    );
    assert_eq!(filled.fields.len(), 1);
    assert_eq!(filled.fields["enName"], "CHAN TAI MAN");

    let changed = body.replacen("\":\"", "\":\"A", 1);
    assert!(provider.open_form(&changed, &signature).is_err());
    let later = Signature {
        timestamp: signature.timestamp + 1,
        ..signature.clone()
    };
    assert!(provider.open_form(&body, &later).is_err());
    let forged = Signature {
        nonce: "another".to_owned(),
        ..signature
    };
    assert!(provider.open_form(&body, &forged).is_err());
}

/// The next request to `listener`.
pub fn called_back(listener: &TcpListener) -> (Signature, String) {
    let (mut stream, _) = listener.accept().unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    let (head, body) = loop {
        let read = stream.read(&mut buffer).unwrap();
        text += std::str::from_utf8(&buffer[..read]).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && header(head, "content-length").parse::<usize>().unwrap() == body.len()
        {
            break (head, body.to_owned());
        }
    };
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    let signature = Signature {
        timestamp: header(head, "timestamp").parse().unwrap(),
        nonce: header(head, "nonce"),
        signature: header(head, "signature"),
    };
    (signature, body)
}

fn header(head: &str, name: &str) -> String {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.unwrap().1.trim().to_owned()
}

/// A carer's passkey is the carer's: it does as little and ends as soon.
#[actix_web::test]
async fn a_delegates_passkey_gives_no_more_and_no_longer_than_the_delegation() {
    let app = start_with_provider(|_| iam_smart("http://127.0.0.1:1/")).await;
    let code = household(&app).await;
    let tenant = app.send(pin_grant(&code, PIN)).await.expect(200);
    let body = json!({
        "kind": "carer", "scopes": ["session:own", "passkey:own"], "expires_on": "2026-11-20",
    });
    let naming = Call::post("/v1/delegates").bearer(access(&tenant));
    let named = app.send(naming.json(body)).await.expect(201);
    let mut arrival = come_back(&app, "wong").await;
    arrival["invitation"] = named["invitation"].clone();
    app.send(Call::post("/v1/auth/delegations").json(arrival))
        .await
        .expect(201);
    let carer = app
        .send(grant(&come_back(&app, "wong").await))
        .await
        .expect(200);
    let (mut phone, _) = enrol(&app, access(&carer)).await;

    let by_passkey = try_passkey(&app, &mut phone).await.expect(200);
    app.send(own_sessions(access(&by_passkey)))
        .await
        .expect(200);
    let listing = Call::get("/v1/delegates").bearer(access(&by_passkey));
    app.send(listing).await.expect(403);
    app.clock.set("2026-11-20T15:59:59Z");
    try_passkey(&app, &mut phone).await.expect(200);
    app.clock.set("2026-11-20T16:00:00Z");
    try_passkey(&app, &mut phone).await.expect(400);
    assert_eq!(count(&mut app.database.connect(), "passkey"), 1);

    let mut conn = app.database.connect();
    let longer = "UPDATE delegate SET expires_on = '2026-11-30'";
    kaifong::platform::db::execute(&mut conn, longer).unwrap();
    try_passkey(&app, &mut phone).await.expect(200);
    let tenant = app.send(pin_grant(&code, PIN)).await.expect(200);
    let path = format!("/v1/delegates/{}", named["id"].as_str().unwrap());
    let ending = Call::new("DELETE", &path).bearer(access(&tenant));
    app.send(ending).await.expect(204);
    try_passkey(&app, &mut phone).await.expect(400);
    assert_eq!(count(&mut conn, "passkey"), 0);
}
