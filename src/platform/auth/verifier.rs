//! Access tokens: how they are made in development and checked everywhere.
//!
//! A token is a JWT signed with Ed25519, whose header is exactly `alg`, `typ` and `kid`: a
//! header that could fetch or carry a key does not parse. The key set is in memory; an
//! unknown key is refused, never fetched. Checking a signature costs some 40 us, so a
//! checked token is remembered until it ends; its times are looked at on every use.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Actor, Jwks, jws};
use crate::kernel::clock::Clock;
use crate::platform::crypto::{Digest, SigningKey, sha256};

/// Clocks of two machines may differ by this many seconds.
const LEEWAY: i64 = 10;
const LONGEST_TOKEN: usize = 4096;
const REMEMBERED_TOKENS: u64 = 100_000;

/// A token's payload.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: Actor,
    /// The session that the token belongs to: what it may do is the session's standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// Space-separated scopes: an operator's token only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How sure it is who the caller is, for services behind: `aal1` or `aal2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// What the caller proved it with (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// Seconds since 1970.
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
}

/// What a token says of a session.
#[derive(Debug, Clone, Copy)]
pub struct SessionClaims<'a> {
    pub sub: &'a str,
    pub sid: Uuid,
    pub acr: &'a str,
    pub amr: &'a [String],
}

/// A header with anything else in it is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// Who signs tokens, and for whom.
#[derive(Debug, Clone)]
pub struct Issuer {
    pub issuer: String,
    pub audience: String,
}

impl Issuer {
    /// An operator's token for `sub`, valid from now for `seconds`: for development, tests and
    /// the demo.
    pub fn mint(
        &self,
        key: &SigningKey,
        sub: &str,
        scope: &str,
        now: i64,
        seconds: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sid: None,
            scope: Some(scope.to_owned()),
            ..self.claims(sub, now, seconds)
        };
        Self::sign(key, &claims)
    }

    /// The token of `session`.
    pub fn mint_for_session(
        &self,
        key: &SigningKey,
        session: &SessionClaims<'_>,
        now: i64,
        seconds: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sid: Some(session.sid),
            acr: Some(session.acr.to_owned()),
            amr: session.amr.to_vec(),
            ..self.claims(session.sub, now, seconds)
        };
        Self::sign(key, &claims)
    }

    fn claims(&self, sub: &str, now: i64, seconds: i64) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: Actor(sub.to_owned()),
            sid: None,
            scope: None,
            acr: None,
            amr: Vec::new(),
            iat: now,
            nbf: now,
            exp: now.saturating_add(seconds),
        }
    }

    fn sign(key: &SigningKey, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header {
            typ: Some("at+jwt".into()),
            kid: Some(key.id()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, claims, &EncodingKey::from_ed_der(key.pkcs8()))
    }
}

/// Checks access tokens.
pub struct Verifier {
    issuer: Issuer,
    keys: HashMap<String, DecodingKey>,
    published: Jwks,
    remembered: Cache<Digest, Arc<Claims>>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// Accepts tokens of `issuer` signed with one of `keys`.
    #[must_use]
    pub fn new(issuer: Issuer, keys: Jwks, clock: Arc<dyn Clock>) -> Self {
        let decoding = keys.keys.iter().filter_map(|key| {
            let decoding = DecodingKey::from_ed_components(&key.x).ok()?;
            Some((key.kid.clone(), decoding))
        });
        Self {
            issuer,
            keys: decoding.collect(),
            remembered: Cache::builder()
                .max_capacity(REMEMBERED_TOKENS)
                .time_to_live(Duration::from_mins(10))
                .build(),
            clock,
            published: keys,
        }
    }

    /// The public keys, for whoever else checks our tokens.
    #[must_use]
    pub fn published(&self) -> &Jwks {
        &self.published
    }

    /// The time it judges by.
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// What `token` says, if it is genuine and in force.
    #[must_use]
    pub fn claims(&self, token: &str) -> Option<Arc<Claims>> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let name = sha256(&[token.as_bytes()]);
        let claims = match self.remembered.get(&name) {
            Some(claims) => claims,
            None => Arc::new(self.genuine(token)?),
        };
        let now = self.clock.now().timestamp();
        let in_force = now <= claims.exp.saturating_add(LEEWAY)
            && now >= claims.nbf.saturating_sub(LEEWAY)
            && now >= claims.iat.saturating_sub(LEEWAY);
        if !in_force {
            self.remembered.invalidate(&name);
            return None;
        }
        self.remembered.insert(name, Arc::clone(&claims));
        Some(claims)
    }

    fn genuine(&self, token: &str) -> Option<Claims> {
        let mut segments = token.split('.');
        let header = URL_SAFE_NO_PAD.decode(segments.next()?).ok()?;
        let StrictHeader { alg, typ, kid } = serde_json::from_slice(&header).ok()?;
        if alg != "EdDSA" || typ != "at+jwt" || segments.count() != 2 {
            return None;
        }
        let payload = jws::payload(token, (Algorithm::EdDSA, self.keys.get(&kid)?))?;
        let claims: Claims = serde_json::from_slice(&payload).ok()?;
        let ours = claims.iss == self.issuer.issuer && claims.aud == self.issuer.audience;
        ours.then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::*;

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(self.0, 0).unwrap()
        }
    }

    const NOW: i64 = 1_800_000_000;

    fn issuer() -> Issuer {
        Issuer {
            issuer: "kaifong".into(),
            audience: "kaifong".into(),
        }
    }

    fn verifier(key: &SigningKey, now: i64) -> Verifier {
        Verifier::new(issuer(), Jwks::of(key), Arc::new(At(now)))
    }

    /// A token signed with `key` whose header and claims are as given.
    fn forged(key: &SigningKey, header: &serde_json::Value, claims: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        format!(
            "{message}.{}",
            URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()))
        )
    }

    #[test]
    fn a_genuine_token_is_accepted_while_in_force() {
        let key = SigningKey::generate().unwrap();
        let token = issuer()
            .mint(&key, "officer-7", "rent:read", NOW, 300)
            .unwrap();
        for (now, accepted) in [
            (NOW - 11, false),
            (NOW - 10, true),
            (NOW + 310, true),
            (NOW + 311, false),
        ] {
            let verifier = verifier(&key, now);
            assert_eq!(verifier.claims(&token).is_some(), accepted, "at {now}");
            // Remembered or not, the answer is the same.
            assert_eq!(
                verifier.claims(&token).is_some(),
                accepted,
                "again at {now}"
            );
        }
    }

    #[test]
    fn forged_and_confused_tokens_are_refused() {
        let (key, stranger) = (
            SigningKey::generate().unwrap(),
            SigningKey::generate().unwrap(),
        );
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": key.id() });
        let claims = json!({ "iss": "kaifong", "aud": "kaifong", "sub": "x", "scope": "rent:read",
                             "iat": NOW, "nbf": NOW, "exp": NOW + 60 });
        let with = |base: &serde_json::Value, name: &str, value: serde_json::Value| {
            let mut changed = base.clone();
            changed[name] = value;
            changed
        };
        let verifier = verifier(&key, NOW);
        assert!(verifier.claims(&forged(&key, &header, &claims)).is_some());
        for bad in [
            forged(&stranger, &header, &claims),
            forged(&key, &with(&header, "alg", json!("none")), &claims),
            forged(&key, &with(&header, "alg", json!("HS256")), &claims),
            forged(&key, &with(&header, "typ", json!("JWT")), &claims),
            forged(&key, &with(&header, "kid", json!("other")), &claims),
            forged(
                &key,
                &with(&header, "jku", json!("https://evil.example")),
                &claims,
            ),
            forged(&key, &with(&header, "crit", json!(["exp"])), &claims),
            forged(&key, &header, &with(&claims, "aud", json!("someone-else"))),
            forged(&key, &header, &with(&claims, "aud", json!(["kaifong"]))),
            forged(&key, &header, &with(&claims, "iss", json!("someone-else"))),
            forged(&key, &header, &with(&claims, "exp", json!("9999999999"))),
            forged(&key, &header, &with(&claims, "exp", json!(null))),
            forged(&key, &header, &with(&claims, "nbf", json!(NOW + 60))),
            forged(&key, &header, &claims) + ".x",
            forged(&key, &header, &claims) + "=",
            "x".repeat(5000),
            String::new(),
        ] {
            assert!(verifier.claims(&bad).is_none(), "{bad}");
        }
    }
}
