//! The public keys that tokens are checked with, as a JSON Web Key Set (RFC 7517, RFC 8037).

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::crypto::SigningKey;

/// One Ed25519 public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// The key's name, repeated in each token's header.
    pub kid: String,
    /// The public key, base64url.
    pub x: String,
}

/// The keys in use; old and new ones overlap while keys are changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    #[error("token keys: {0}")]
    File(#[from] std::io::Error),
    #[error("token keys: {0}")]
    Json(#[from] serde_json::Error),
    #[error("token key {0:?}: only Ed25519 keys of 32 bytes, each with a name of its own")]
    Key(String),
}

impl Jwks {
    /// The set of one key.
    #[must_use]
    pub fn of(key: &SigningKey) -> Self {
        Self {
            keys: vec![Jwk {
                kty: "OKP".into(),
                crv: "Ed25519".into(),
                kid: key.id(),
                x: URL_SAFE_NO_PAD.encode(key.public()),
            }],
        }
    }

    /// Whether `key` is among them.
    #[must_use]
    pub fn has(&self, key: &SigningKey) -> bool {
        let own = Self::of(key);
        own.keys.iter().all(|one| self.keys.contains(one))
    }

    /// Reads the set in `path`.
    pub fn read(path: &Path) -> Result<Self, JwksError> {
        let set: Self = serde_json::from_slice(&fs::read(path)?)?;
        for (place, key) in set.keys.iter().enumerate() {
            let named_before = set
                .keys
                .iter()
                .take(place)
                .any(|other| other.kid == key.kid);
            let length = URL_SAFE_NO_PAD.decode(&key.x).map(|bytes| bytes.len());
            if key.kty != "OKP" || key.crv != "Ed25519" || length != Ok(32) || named_before {
                return Err(JwksError::Key(key.kid.clone()));
            }
        }
        Ok(set)
    }
}
