//! Text messages and the app, by a gateway over HTTP: one `POST` of JSON for each.
//!
//! `{"id", "medium", "to", "title", "text"}`, with the id in `Idempotency-Key` too. It is taken by
//! any 2xx. TLS is spoken by a proxy on this host.

use std::time::Duration;

use serde_json::json;

use super::{Carrier, Letter, Receipt, Refusal, kept};
use crate::messages::address::Address;

/// A gateway that takes longer is tried again later.
const PATIENCE: Duration = Duration::from_secs(20);
const LARGEST: u64 = 16 * 1024;

/// A gateway.
pub struct Gateway {
    url: String,
    token: Option<String>,
    agent: ureq::Agent,
}

impl Gateway {
    /// The gateway at `url`, which knows us by `token`.
    #[must_use]
    pub fn new(url: &str, token: Option<&str>) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            url: url.to_owned(),
            token: token.map(str::to_owned),
            agent: agent.into(),
        }
    }
}

impl Carrier for Gateway {
    fn send(&self, letter: &Letter) -> Result<Receipt, Refusal> {
        let away = |_| Refusal::Away("http away".to_owned());
        let (medium, to) = match &letter.to {
            Address::Phone(phone) => ("sms", phone.reveal().to_owned()),
            Address::Household(code) => ("push", code.to_string()),
            Address::Email(_) => return Err(Refusal::Never("no telephone number".to_owned())),
        };
        let body = json!({
            "id": letter.id, "medium": medium, "to": to, "title": letter.subject,
            "text": letter.text,
        });
        let mut asked = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", letter.id.to_string());
        if let Some(token) = &self.token {
            asked = asked.header("Authorization", format!("Bearer {token}"));
        }
        let mut answer = asked.send(body.to_string()).map_err(away)?;
        let status = answer.status().as_u16();
        match refusal(status) {
            None => Ok(Receipt(receipt(&mut answer, status))),
            Some(refusal) => Err(refusal),
        }
    }
}

/// What `status` says of the letter; `None` when it was taken. Only what is said of the letter
/// itself is for ever: another may be our clock, our rate, our token, the first try that is still
/// under way, or a gateway whose address was set wrong.
fn refusal(status: u16) -> Option<Refusal> {
    match status {
        200..=299 => None,
        400 | 410 | 413 | 422 => Some(Refusal::Never(format!("http {status}"))),
        _ => Some(Refusal::Later(format!("http {status}"))),
    }
}

/// What the gateway calls it.
fn receipt(answer: &mut ureq::http::Response<ureq::Body>, status: u16) -> String {
    let text = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
    let named = text
        .ok()
        .and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok())
        .and_then(|body| body.get("receipt")?.as_str().map(kept));
    named.unwrap_or_else(|| format!("http {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_of_the_letter_is_for_ever() {
        for status in [200, 202, 204] {
            assert_eq!(refusal(status), None);
        }
        for status in [400, 410, 413, 422] {
            let never = Refusal::Never(format!("http {status}"));
            assert_eq!(refusal(status), Some(never));
        }
        for status in [
            301, 302, 401, 403, 404, 405, 408, 409, 415, 425, 429, 500, 503,
        ] {
            let later = Refusal::Later(format!("http {status}"));
            assert_eq!(refusal(status), Some(later));
        }
    }
}
