//! An iAM Smart of our own, for development and tests: it speaks the real one's shape and
//! knows two invented people. It approves whoever asks, so it listens where nobody else is.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::identity_provider::envelope::{open, seal, wrap};
use super::identity_provider::{Envelope, Signature};
use crate::kernel::clock::{Clock, SystemClock};
use crate::platform::password::random;

/// The people it knows: a name to sign in as, a tokenised id, and what fills forms.
const PEOPLE: [(&str, &str, &str, &str); 2] = [
    ("chan", "MOCK-CHAN-7Qm2", "CHAN TAI MAN", "陳大文"),
    ("wong", "MOCK-WONG-x4Kp", "WONG SIU YING", "黃小英"),
];

/// The one service it serves.
pub struct Service {
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    /// The service's RSA key (X.509 `SubjectPublicKeyInfo`).
    pub public_key: Vec<u8>,
}

/// The mock's state.
pub struct Mock {
    service: Service,
    envelope: Envelope,
    cek: [u8; 32],
    given: Mutex<Given>,
}

#[derive(Default)]
struct Given {
    codes: HashMap<String, &'static str>,
    tokens: HashMap<String, &'static str>,
}

impl Mock {
    /// Serves `service`; none when there is no randomness.
    #[must_use]
    pub fn new(service: Service) -> Option<Self> {
        Some(Self {
            envelope: Envelope::new(&service.client_id, &service.client_secret),
            service,
            cek: random().ok()?,
            given: Mutex::default(),
        })
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The content of `body`, if `request` is signed by the service.
    fn content(&self, request: &HttpRequest, body: &str) -> Option<Value> {
        self.envelope
            .check(&signature(request)?, body, millis())
            .ok()?;
        let body: Value = serde_json::from_str(body).ok()?;
        let Some(sealed) = body.get("content").and_then(Value::as_str) else {
            return Some(Value::Null);
        };
        serde_json::from_slice(&open(&self.cek, sealed).ok()?).ok()
    }

    fn sealed(&self, content: &Value) -> HttpResponse {
        match seal(&self.cek, content.to_string().as_bytes()) {
            Ok(sealed) => answer("D00000", &json!(sealed)),
            Err(_) => answer("D90000", &Value::Null),
        }
    }
}

/// Adds the mock's endpoints.
pub fn routes(mock: Data<Mock>) -> impl FnOnce(&mut ServiceConfig) {
    move |cfg| {
        cfg.app_data(mock)
            .service(get_qr)
            .service(approve)
            .service(get_key)
            .service(get_token)
            .service(fill_form);
    }
}

fn answer(code: &str, content: &Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "code": code, "message": "", "content": content }))
}

fn refused() -> HttpResponse {
    answer("D20002", &Value::Null)
}

fn millis() -> i64 {
    SystemClock.now().timestamp_millis()
}

fn signature(request: &HttpRequest) -> Option<Signature> {
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    Some(Signature {
        timestamp: header("timestamp")?.parse().ok()?,
        nonce: header("nonce")?,
        signature: header("signature")?,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QrQuery {
    #[serde(rename = "clientID")]
    client_id: String,
    response_type: String,
    #[serde(rename = "redirectURI")]
    redirect_uri: String,
    state: String,
}

#[derive(Serialize, Deserialize)]
struct Approval {
    person: String,
    state: String,
}

/// The page that would show a QR code: here a button for each person.
#[get("/api/v1/auth/getQR")]
async fn get_qr(mock: Data<Mock>, query: Query<QrQuery>) -> HttpResponse {
    let known = query.client_id == mock.service.client_id
        && query.redirect_uri == mock.service.redirect_uri
        && query.response_type == "code";
    // It goes into the page.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !known || !query.state.bytes().all(plain) {
        return HttpResponse::BadRequest().finish();
    }
    let buttons = PEOPLE.map(|(person, _, english, chinese)| {
        format!(
            "<form method=post action=/approve><input type=hidden name=state value={}>\
             <button name=person value={person}>{chinese} {english}</button></form>",
            query.state
        )
    });
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(format!(
            "<!doctype html><title>智方便 (mock)</title>{}",
            buttons.concat()
        ))
}

/// Approves as one of the people, and sends the browser back.
#[post("/approve")]
async fn approve(mock: Data<Mock>, form: Form<Approval>) -> HttpResponse {
    let person = PEOPLE.iter().find(|(name, ..)| *name == form.person);
    let (Some((_, id, ..)), Ok(code)) = (person, random::<16>()) else {
        return HttpResponse::BadRequest().finish();
    };
    let code = URL_SAFE_NO_PAD.encode(code);
    mock.given().codes.insert(code.clone(), id);
    let back = &mock.service.redirect_uri;
    HttpResponse::Found()
        .insert_header((LOCATION, format!("{back}?code={code}&state={}", form.state)))
        .finish()
}

#[post("/security/getKey")]
async fn get_key(mock: Data<Mock>, request: HttpRequest, body: String) -> HttpResponse {
    if mock.content(&request, &body).is_none() {
        return answer("D10001", &Value::Null);
    }
    match wrap(&mock.service.public_key, &mock.cek) {
        Ok(wrapped) => {
            let content =
                json!({ "secretKey": wrapped, "issueAt": millis(), "expiresIn": 600_000 });
            answer("D00000", &content)
        }
        Err(_) => answer("D90000", &Value::Null),
    }
}

/// Changes a code, once.
#[post("/api/v1/auth/getToken")]
async fn get_token(mock: Data<Mock>, request: HttpRequest, body: String) -> HttpResponse {
    let content = mock.content(&request, &body);
    let code = content
        .as_ref()
        .and_then(|content| content.get("code")?.as_str());
    let id = code.and_then(|code| mock.given().codes.remove(code));
    let (Some(id), Ok(token)) = (id, random::<16>()) else {
        return refused();
    };
    let token = URL_SAFE_NO_PAD.encode(token);
    mock.given().tokens.insert(token.clone(), id);
    mock.sealed(&json!({ "accessToken": token, "openID": id, "expiresIn": 600_000 }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormAsked {
    access_token: String,
    #[serde(rename = "openID")]
    open_id: String,
    #[serde(rename = "businessID")]
    business_id: String,
    #[serde(rename = "redirectURI")]
    callback: String,
    state: String,
    eme_fields: Vec<String>,
}

/// Takes an order for a form; fills it a moment later, to the callback.
#[post("/account/eme/initiateRequest")]
async fn fill_form(mock: Data<Mock>, request: HttpRequest, body: String) -> HttpResponse {
    let content = mock.content(&request, &body);
    let asked = content.and_then(|content| serde_json::from_value::<FormAsked>(content).ok());
    let Some(asked) = asked else { return refused() };
    let known = mock.given().tokens.get(&asked.access_token).copied();
    let person = PEOPLE.iter().find(|(_, id, ..)| known == Some(*id));
    let Some((_, id, english, chinese)) = person.filter(|(_, id, ..)| *id == asked.open_id) else {
        return refused();
    };
    let all = BTreeMap::from([
        ("enName", *english),
        ("chName", *chinese),
        ("mobileNumber", "51000001"),
    ]);
    let fields: BTreeMap<_, _> = all
        .into_iter()
        .filter(|(name, _)| asked.eme_fields.iter().any(|one| one == name))
        .collect();
    let filled = json!({
        "businessID": asked.business_id, "openID": id, "state": asked.state, "emeFields": fields,
    });
    std::thread::spawn(move || call_back(&mock, &asked.callback, &filled));
    answer("D00000", &Value::Null)
}

fn call_back(mock: &Mock, callback: &str, filled: &Value) {
    let Ok(content) = seal(&mock.cek, filled.to_string().as_bytes()) else {
        return;
    };
    let body = json!({ "content": content }).to_string();
    let Ok(signature) = mock.envelope.sign(millis(), &body) else {
        return;
    };
    let called = ureq::post(callback)
        .header("Content-Type", "application/json")
        .header("timestamp", signature.timestamp.to_string())
        .header("nonce", &signature.nonce)
        .header("signature", &signature.signature)
        .send(&body);
    if let Err(error) = called {
        tracing::warn!(error.cause = %error, "the callback is not taken");
    }
}
