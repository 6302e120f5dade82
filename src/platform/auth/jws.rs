//! Texts that are signed (JWS in compact form, RFC 7515): header, payload and signature.
//!
//! The algorithm is that of the key. What the header says of it is the caller's to judge; here
//! it decides nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::verify;
use jsonwebtoken::{Algorithm, DecodingKey};

/// Whether `signature`, base64url, is one of `message` by `algorithm` under `key`.
#[must_use]
pub fn holds(message: &[u8], signature: &str, (algorithm, key): (Algorithm, &DecodingKey)) -> bool {
    verify(signature, message, key, algorithm).unwrap_or(false)
}

/// What `text` says, if it is in three parts and its signature holds.
#[must_use]
pub fn payload(text: &str, by: (Algorithm, &DecodingKey)) -> Option<Vec<u8>> {
    let (message, signature) = text.rsplit_once('.')?;
    let (_, payload) = message.split_once('.')?;
    if !holds(message.as_bytes(), signature, by) {
        return None;
    }
    // A part too many is no base64url: it has a dot.
    URL_SAFE_NO_PAD.decode(payload).ok()
}
