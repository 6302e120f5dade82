//! Keys of devices and clients, and the assertions by which they sign in (RFC 7523,
//! `private_key_jwt`).
//!
//! The algorithm is that of the key as it was enrolled; what the assertion says of it must
//! agree and decides nothing. Nothing in it can carry or fetch a key.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::commands::keys::Asserted;
use super::model::SessionKind;
use crate::platform::auth::jws;
use crate::platform::crypto::sha256;

/// Clocks of two machines may differ by this much.
const LEEWAY: TimeDelta = TimeDelta::seconds(10);
/// An assertion is made for the occasion.
const LONGEST: TimeDelta = TimeDelta::minutes(5);
const LONGEST_TEXT: usize = 4096;

/// A public key as a JSON Web Key: Ed25519, or P-256 where hardware knows no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "crv", deny_unknown_fields)]
pub enum PublicKey {
    Ed25519 {
        /// Always `OKP`.
        #[schema(pattern = "^OKP$")]
        kty: String,
        /// The key, base64url.
        #[schema(max_length = 43)]
        x: String,
    },
    #[serde(rename = "P-256")]
    P256 {
        /// Always `EC`.
        #[schema(pattern = "^EC$")]
        kty: String,
        /// The point, base64url.
        #[schema(max_length = 43)]
        x: String,
        #[schema(max_length = 43)]
        y: String,
    },
}

/// It is no usable public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 or P-256 public key")]
pub struct NotAKey;

impl PublicKey {
    /// Refuses what could never check a signature.
    pub fn checked(self) -> Result<Self, NotAKey> {
        let whole = |text: &str| {
            URL_SAFE_NO_PAD
                .decode(text)
                .is_ok_and(|bytes| bytes.len() == 32)
        };
        let fits = match &self {
            Self::Ed25519 { kty, x } => kty == "OKP" && whole(x),
            Self::P256 { kty, x, y } => kty == "EC" && whole(x) && whole(y),
        };
        if fits { Ok(self) } else { Err(NotAKey) }
    }

    fn algorithm(&self) -> (Algorithm, &'static str) {
        match self {
            Self::Ed25519 { .. } => (Algorithm::EdDSA, "EdDSA"),
            Self::P256 { .. } => (Algorithm::ES256, "ES256"),
        }
    }

    /// What `text` says, if this key signed it.
    pub(super) fn signed(&self, text: &str) -> Option<Vec<u8>> {
        let (algorithm, key) = self.by()?;
        jws::payload(text, (algorithm, &key))
    }

    /// The key, and the algorithm that is its own.
    pub(super) fn by(&self) -> Option<(Algorithm, DecodingKey)> {
        Some((self.algorithm().0, self.decoding()?))
    }

    /// Which key it is (RFC 7638), base64url.
    pub(super) fn thumbprint(&self) -> Option<String> {
        // Its members as they are declared here are in the order that the standard asks for.
        let members = serde_json::to_vec(self).ok()?;
        Some(URL_SAFE_NO_PAD.encode(sha256(&[&members])))
    }

    fn decoding(&self) -> Option<DecodingKey> {
        match self {
            Self::Ed25519 { x, .. } => DecodingKey::from_ed_components(x).ok(),
            Self::P256 { x, y, .. } => DecodingKey::from_ec_components(x, y).ok(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Whom `assertion` says it is of; nothing of it is checked yet.
pub fn claimed(assertion: &str) -> Option<(SessionKind, Uuid)> {
    if assertion.len() > LONGEST_TEXT {
        return None;
    }
    let payload = assertion.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let (kind, id) = claims.sub.split_once(':')?;
    let kind = match kind {
        "device" => SessionKind::Device,
        "client" => SessionKind::Client,
        _ => return None,
    };
    Some((kind, id.parse().ok()?))
}

/// `assertion`, if `key`'s owner made it for `audience` just now.
pub fn checked(
    assertion: &str,
    key: &PublicKey,
    audience: &str,
    now: DateTime<Utc>,
) -> Option<Asserted> {
    let (kind, holder) = claimed(assertion)?;
    let mut segments = assertion.split('.');
    let header: Header =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segments.next()?).ok()?).ok()?;
    let (_, name) = key.algorithm();
    let typ = header.typ.as_deref().unwrap_or("JWT");
    if header.alg != name || typ != "JWT" || segments.count() != 2 {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&key.signed(assertion)?).ok()?;
    let at = |seconds| DateTime::from_timestamp(seconds, 0);
    let (made, expires) = (at(claims.iat)?, at(claims.exp)?);
    let timely = made <= now + LEEWAY
        && now < expires + LEEWAY
        && expires.signed_duration_since(made) <= LONGEST;
    let named = claims.iss == claims.sub && claims.aud == audience;
    let nonce = (8..=128).contains(&claims.jti.len());
    (timely && named && nonce).then_some(Asserted {
        kind,
        holder,
        jti: claims.jti,
        expires: expires + LEEWAY,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 8037, appendix A.3.
    #[test]
    fn a_key_is_named_by_the_standard_s_thumbprint() {
        let key = json!({
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kty": "OKP", "crv": "Ed25519",
        });
        let key: PublicKey = serde_json::from_value(key).unwrap();
        let thumbprint = key.thumbprint().unwrap();
        assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
