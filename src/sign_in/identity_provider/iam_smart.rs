//! iAM Smart over HTTP.
//!
//! HTTPS is spoken by a proxy on this host: the addresses given here are the proxy's. Paths,
//! parameters and error codes are those seen in public code; what could not be read anywhere
//! (the letter case of some fields, the exact signing string) is ours, in one place.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::envelope::{Cek, Envelope, Kek, Signature, open, seal};
use super::{EnvelopeError, Filled, Identified, IdentityProvider, ProviderError};
use crate::kernel::clock::Clock;

/// Nobody waits longer at a sign-in page.
const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST: u64 = 256 * 1024;

/// How iAM Smart is reached, and as whom.
#[derive(Clone)]
pub struct Settings {
    /// Where browsers are sent.
    pub page: String,
    /// Where this program calls.
    pub api: String,
    pub client_id: String,
    pub client_secret: String,
    /// Where browsers come back to, as it was registered.
    pub redirect_uri: String,
    /// Where forms that were filled are sent, as it was registered.
    pub callback_uri: String,
}

/// iAM Smart, for one service.
pub struct IamSmart {
    settings: Settings,
    envelope: Envelope,
    kek: Kek,
    agent: ureq::Agent,
    clock: Arc<dyn Clock>,
    /// The content key, and until when it is good, in milliseconds since 1970.
    cek: Mutex<Option<(Cek, i64)>>,
}

/// Every answer: `D00000` is success.
#[derive(Deserialize)]
struct Answer {
    code: String,
    #[serde(default)]
    content: Option<serde_json::Value>,
}

const SUCCESS: &str = "D00000";
/// What is wrong is with the code or token sent.
const REFUSED: &str = "D20002";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyContent {
    secret_key: String,
    issue_at: i64,
    expires_in: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenContent {
    access_token: String,
    #[serde(rename = "openID")]
    open_id: String,
}

#[derive(Deserialize)]
struct FormBody {
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormContent {
    #[serde(rename = "businessID")]
    business_id: String,
    #[serde(rename = "openID")]
    open_id: String,
    state: String,
    eme_fields: std::collections::BTreeMap<String, String>,
}

impl IamSmart {
    #[must_use]
    pub fn new(settings: Settings, kek: Kek, clock: Arc<dyn Clock>) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            envelope: Envelope::new(&settings.client_id, &settings.client_secret),
            settings,
            kek,
            agent: agent.into(),
            clock,
            cek: Mutex::new(None),
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }

    /// Posts `body`, signed; the content of the answer.
    fn post(&self, path: &str, body: &str) -> Result<serde_json::Value, ProviderError> {
        let away = |error: ureq::Error| ProviderError::Away(error.to_string());
        let signature = self.envelope.sign(self.now(), body)?;
        let answered = self
            .agent
            .post(format!("{}{path}", self.settings.api))
            .header("Content-Type", "application/json")
            .header("clientID", &self.settings.client_id)
            .header("signatureMethod", "HmacSHA256")
            .header("timestamp", signature.timestamp.to_string())
            .header("nonce", &signature.nonce)
            .header("signature", &signature.signature)
            .send(body);
        let mut answered = answered.map_err(away)?;
        let text = answered
            .body_mut()
            .with_config()
            .limit(LARGEST)
            .read_to_string()
            .map_err(away)?;
        let answer: Answer = parsed(text.as_bytes())?;
        match (answer.code.as_str(), answer.content) {
            (SUCCESS, content) => Ok(content.unwrap_or_default()),
            (REFUSED, _) => Err(ProviderError::Refused),
            (code, _) => Err(ProviderError::Away(format!("it says {code:?}"))),
        }
    }

    /// The content key, fetched when there is none that is good.
    fn content_key(&self) -> Result<Cek, ProviderError> {
        let now = self.now();
        let kept = |kept: &Option<(Cek, i64)>| {
            let good = kept.as_ref().filter(|(_, until)| now < *until);
            good.map(|(cek, _)| cek.clone())
        };
        if let Some(cek) = kept(&self.cek.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(cek);
        }
        let content = self.post("/security/getKey", "{}")?;
        let content: KeyContent = value(content)?;
        let cek = self.kek.unwrap(&content.secret_key)?;
        let until = content.issue_at.saturating_add(content.expires_in);
        *self.cek.lock().unwrap_or_else(PoisonError::into_inner) = Some((cek.clone(), until));
        Ok(cek)
    }

    /// Posts `content`, sealed; what the answer held, if it held anything.
    fn post_sealed(
        &self,
        path: &str,
        content: &impl Serialize,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, ProviderError> {
        let cek = self.content_key()?;
        let text = serde_json::to_vec(content).map_err(disagree)?;
        let body = serde_json::json!({ "content": seal(&cek, &text)? });
        let answer = self.post(path, &body.to_string())?;
        answer
            .as_str()
            .map(|sealed| open(&cek, sealed).map_err(ProviderError::from))
            .transpose()
    }
}

impl IdentityProvider for IamSmart {
    fn authorise_url(&self, state: &str) -> String {
        let Settings {
            page,
            client_id,
            redirect_uri,
            ..
        } = &self.settings;
        format!(
            "{page}/api/v1/auth/getQR?clientID={}&responseType=code&source=PC_Browser\
             &redirectURI={}&scope=eidapi_auth%20eidapi_formFilling&state={}&lang=zh-HK\
             &brokerPage=true",
            escaped(client_id),
            escaped(redirect_uri),
            escaped(state),
        )
    }

    fn exchange(&self, code: &str) -> Result<Identified, ProviderError> {
        let asked = serde_json::json!({ "code": code, "grantType": "authorization_code" });
        let content = self.post_sealed("/api/v1/auth/getToken", &asked)?;
        let content = content.ok_or_else(|| ProviderError::Away("no content".to_owned()))?;
        let content: TokenContent = parsed(&content)?;
        Ok(Identified {
            tokenised_id: content.open_id,
            access_token: content.access_token,
        })
    }

    fn request_form(
        &self,
        who: &Identified,
        business_id: &str,
        fields: &[&str],
    ) -> Result<(), ProviderError> {
        let asked = serde_json::json!({
            "accessToken": who.access_token,
            "openID": who.tokenised_id,
            "businessID": business_id,
            "source": "PC_Browser",
            "redirectURI": self.settings.callback_uri,
            "state": business_id,
            "emeFields": fields,
        });
        self.post_sealed("/account/eme/initiateRequest", &asked)?;
        Ok(())
    }

    fn open_form(&self, body: &str, signature: &Signature) -> Result<Filled, ProviderError> {
        self.envelope.check(signature, body, self.now())?;
        let unreadable = |_| EnvelopeError::Content;
        let FormBody { content } = serde_json::from_str(body).map_err(unreadable)?;
        let content = open(&self.content_key()?, &content)?;
        let content: FormContent = serde_json::from_slice(&content).map_err(unreadable)?;
        if content.state != content.business_id {
            return Err(EnvelopeError::Content.into());
        }
        Ok(Filled {
            business_id: content.business_id,
            tokenised_id: content.open_id,
            fields: content.eme_fields,
        })
    }
}

fn parsed<T: DeserializeOwned>(text: &[u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(text).map_err(disagree)
}

fn value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, ProviderError> {
    serde_json::from_value(value).map_err(disagree)
}

/// What does not read may hold personal data: only where it went wrong is kept.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn disagree(error: serde_json::Error) -> ProviderError {
    ProviderError::Away(format!("line {} column {}", error.line(), error.column()))
}

/// `text` as a query value (RFC 3986).
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |url, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url + char::from(byte).to_string().as_str()
        } else {
            url + &format!("%{byte:02X}")
        }
    })
}
