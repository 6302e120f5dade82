//! Secrets in memory.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::platform::crypto::{Digest, sha256};

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// Random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A random secret, handed out once; only its digest is kept.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A new one, of 256 bits.
    pub fn fresh() -> Result<Self, NoRandomness> {
        let bytes = Zeroizing::new(random::<32>()?);
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// The secret itself, for whoever it is made for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        sha256(&[self.0.as_bytes()])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A secret that someone sent: a password, a PIN, a code, a token.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Remembered(Zeroizing<String>);

impl Remembered {
    /// The longest that is looked at: hashing takes time by length.
    pub const LONGEST: usize = 1024;

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The digest of a random token.
    #[must_use]
    pub fn digest(&self) -> Digest {
        sha256(&[self.0.as_bytes()])
    }
}

impl TryFrom<String> for Remembered {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = Zeroizing::new(text);
        if text.is_empty() || text.len() > Self::LONGEST {
            return Err("a secret has 1 to 1024 bytes");
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembered(***)")
    }
}

impl utoipa::PartialSchema for Remembered {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::Password,
            )))
            .min_length(Some(1))
            .max_length(Some(Self::LONGEST))
            .into()
    }
}

impl utoipa::ToSchema for Remembered {
    fn name() -> std::borrow::Cow<'static, str> {
        "Remembered".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let secret = Secret::fresh().unwrap();
        let sent = Remembered::try_from("hunter2".to_owned()).unwrap();
        let printed = format!("{secret:?} {sent:?}");
        assert_eq!(printed, "Secret(***) Remembered(***)");
    }

    #[test]
    fn a_fresh_secret_has_256_bits_and_reads_back_to_its_digest() {
        let secret = Secret::fresh().unwrap();
        assert_eq!(secret.reveal().len(), 43);
        let sent = Remembered::try_from(secret.reveal().to_owned()).unwrap();
        assert_eq!(sent.digest(), secret.digest());
        assert_ne!(Secret::fresh().unwrap().digest(), secret.digest());
    }
}
