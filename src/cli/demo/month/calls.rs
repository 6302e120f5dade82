//! The served API, as those call it who have signed in.

use std::time::Duration;

use serde_json::Value;

use crate::cli::Failure;
use crate::cli::demo::callers::SignedIn;
use crate::kernel::role::Role;
use crate::platform::auth::signed_request::Headers;
use crate::sign_in::Signer;

/// The API, and who may call it.
pub struct Api<'a> {
    agent: ureq::Agent,
    base_url: String,
    signed_in: &'a [SignedIn],
}

impl<'a> Api<'a> {
    pub fn at(base_url: &str, signed_in: &'a [SignedIn]) -> Self {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build()
            .into();
        Self {
            agent,
            base_url: base_url.to_owned(),
            signed_in,
        }
    }

    /// What `who` is told.
    pub fn get(&self, who: Role, path: &str) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(&self.bytes(who, path)?).unwrap_or_default())
    }

    /// The bytes that `who` is given.
    pub fn bytes(&self, who: Role, path: &str) -> Result<Vec<u8>, Failure> {
        let call = self.agent.get(format!("{}{path}", self.base_url));
        told(call.header("Authorization", self.bearer(who)?).call())
    }

    /// Posts `body` as `who`, once.
    pub fn post(&self, who: Role, path: &str, body: &Value) -> Result<Value, Failure> {
        let call = self.agent.post(format!("{}{path}", self.base_url));
        let call = call
            .header("Authorization", self.bearer(who)?)
            .header("Idempotency-Key", uuid::Uuid::now_v7().to_string())
            .header("Content-Type", "application/json");
        let answer = told(call.send(body.to_string()))?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// Posts `body` with these signed headers and no token.
    pub fn tell(&self, path: &str, headers: &Headers, body: &[u8]) -> Result<Value, Failure> {
        let call = self.agent.post(format!("{}{path}", self.base_url));
        let call = call
            .header("Content-Type", "application/json")
            .header("Content-Digest", &headers.content_digest)
            .header("Signature-Input", &headers.signature_input)
            .header("Signature", &headers.signature);
        Ok(serde_json::from_slice(&told(call.send(body))?).unwrap_or_default())
    }

    /// The payment channel's program, by whose key notices are signed.
    pub fn program(&self) -> Result<&'a Signer, Failure> {
        let who = Role::PaymentChannel;
        let signer = self.find(who)?.credential.signer.as_ref();
        signer.ok_or_else(|| Failure::Usage(format!("no {who} of the demo has a key")))
    }

    fn bearer(&self, who: Role) -> Result<String, Failure> {
        Ok(format!("Bearer {}", self.find(who)?.token))
    }

    fn find(&self, who: Role) -> Result<&'a SignedIn, Failure> {
        let mut callers = self.signed_in.iter();
        let found = callers.find(|caller| caller.credential.role == who);
        found.ok_or_else(|| Failure::Usage(format!("no {who} of the demo has signed in")))
    }
}

/// The answer; a refusal is a failure of the demo.
fn told(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>, Failure> {
    let lost = |error: ureq::Error| {
        let error = std::io::Error::other(error.to_string());
        Failure::io("call the demo's own API")(error)
    };
    let mut answer = answer.map_err(lost)?;
    let body = answer.body_mut().read_to_vec().map_err(lost)?;
    if !answer.status().is_success() {
        let text = String::from_utf8_lossy(&body);
        let why = format!("the API answers {}: {text}", answer.status());
        return Err(Failure::Usage(why));
    }
    Ok(body)
}

/// The items of a page.
pub fn items(page: &Value) -> &[Value] {
    let items = page.get("items").and_then(Value::as_array);
    items.map_or(&[], Vec::as_slice)
}

/// The text called `name`; nothing where there is none.
pub fn word<'a>(item: &'a Value, name: &str) -> &'a str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The number called `name`.
pub fn number(item: &Value, name: &str) -> i64 {
    item.get(name).and_then(Value::as_i64).unwrap_or_default()
}
