//! Requests that are signed: one fixed profile of HTTP Message Signatures (RFC 9421).
//!
//! ```text
//! Content-Digest: sha-256=:<SHA-256 of the body, base64>:
//! Signature-Input: sig=("@method" "@path" "content-digest");created=1795000000;keyid="<key>";nonce="<nonce>"
//! Signature: sig=:<signature, base64>:
//! ```
//!
//! * What is signed is fixed: method, path and body. The request chooses neither the parts nor
//!   the algorithm, which is that of the key.
//! * A signature is good for five minutes; its nonce, which the caller remembers, for once.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::jws;
use crate::platform::crypto::sha256;

/// How long a signature is good for, and how far two clocks may differ.
pub const WINDOW: TimeDelta = TimeDelta::minutes(5);
const PARTS: &str = r#"("@method" "@path" "content-digest")"#;

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub body: &'a [u8],
}

/// The three headers of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    pub content_digest: String,
    pub signature_input: String,
    pub signature: String,
}

/// What a request says of its signature. Nothing of it holds before [`Claim::holds`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub key: String,
    pub nonce: String,
    base: String,
    signature: String,
}

impl Claim {
    /// What `request` claims at `now` by its `headers`; `None` when it is not of this profile, is
    /// of another body, or too old.
    #[must_use]
    pub fn of(request: Request<'_>, headers: &Headers, now: DateTime<Utc>) -> Option<Self> {
        if headers.content_digest != digest(request.body) {
            return None;
        }
        let input = headers.signature_input.strip_prefix("sig=")?;
        let rest = input.strip_prefix(PARTS)?.strip_prefix(";created=")?;
        let (created, rest) = rest.split_once(";keyid=\"")?;
        let (key, rest) = rest.split_once("\";nonce=\"")?;
        let nonce = rest.strip_suffix('"')?;
        if !is_plain(key, 1) || !is_plain(nonce, 16) {
            return None;
        }
        let is_number = created.bytes().all(|byte| byte.is_ascii_digit());
        let created: i64 = created.parse().ok().filter(|_| is_number)?;
        let age = now - DateTime::from_timestamp(created, 0)?;
        if age.abs() > WINDOW {
            return None;
        }
        let signature = headers.signature.strip_prefix("sig=:")?.strip_suffix(':')?;
        let signature = STANDARD.decode(signature).ok()?;
        Some(Self {
            key: key.to_owned(),
            nonce: nonce.to_owned(),
            base: base(
                &[
                    ("@method", request.method),
                    ("@path", request.path),
                    ("content-digest", &headers.content_digest),
                ],
                input,
            ),
            signature: URL_SAFE_NO_PAD.encode(signature),
        })
    }

    /// Whether `key` signed it.
    #[must_use]
    pub fn holds(&self, key: (Algorithm, &DecodingKey)) -> bool {
        jws::holds(self.base.as_bytes(), &self.signature, key)
    }
}

/// The headers by which `key`, who signs with `sign`, signs `request` at `now`.
pub fn sign(
    request: Request<'_>,
    (key, nonce): (&str, &str),
    now: DateTime<Utc>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Headers {
    let created = now.timestamp();
    let input = format!("{PARTS};created={created};keyid=\"{key}\";nonce=\"{nonce}\"");
    let content_digest = digest(request.body);
    let parts = [
        ("@method", request.method),
        ("@path", request.path),
        ("content-digest", content_digest.as_str()),
    ];
    let signature = sign(base(&parts, &input).as_bytes());
    Headers {
        signature: format!("sig=:{}:", STANDARD.encode(signature)),
        signature_input: format!("sig={input}"),
        content_digest,
    }
}

/// The signature base (RFC 9421, 2.5).
pub(super) fn base(parts: &[(&str, &str)], input: &str) -> String {
    let mut base = String::new();
    for (name, value) in parts {
        // Writing to a String cannot fail.
        let _ = writeln!(base, "\"{name}\": {value}");
    }
    base + &format!("\"@signature-params\": {input}")
}

/// The digest of a body (RFC 9530).
fn digest(body: &[u8]) -> String {
    named(&sha256(&[body]))
}

/// SHA-256 digest `sha256` as a header field tells it (RFC 9530).
pub(super) fn named(sha256: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256))
}

/// Whether `text` is of letters, digits and hyphens, `least` of them or more.
pub(super) fn is_plain(text: &str, least: usize) -> bool {
    (least..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9421, appendix B.1.4.
    const KEY: &str = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";

    fn key() -> DecodingKey {
        DecodingKey::from_ed_components(KEY).unwrap()
    }

    /// RFC 9421, appendix B.2.6: other parts, the same base and signature.
    #[test]
    fn the_published_signature_holds() {
        let parts = [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ];
        let input = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \
                     \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
        let signature = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
        let claim = Claim {
            key: String::new(),
            nonce: String::new(),
            base: base(&parts, input),
            signature: URL_SAFE_NO_PAD.encode(STANDARD.decode(signature).unwrap()),
        };
        assert!(claim.holds((Algorithm::EdDSA, &key())));
        let other = Claim {
            base: claim.base.replace("/foo", "/bar"),
            ..claim
        };
        assert!(!other.holds((Algorithm::EdDSA, &key())));
    }

    #[test]
    fn only_this_profile_is_read_and_only_in_time() {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let request = Request {
            method: "POST",
            path: "/v1/payment-notices",
            body: b"{}",
        };
        let good = sign(request, ("channel-1", "0123456789abcdef"), now, |_| {
            vec![7; 64]
        });
        let claim = Claim::of(request, &good, now).unwrap();
        assert_eq!(claim.key, "channel-1");
        for late in [now + WINDOW, now - WINDOW] {
            assert!(Claim::of(request, &good, late).is_some());
        }
        for late in [
            now + WINDOW + TimeDelta::seconds(1),
            now - WINDOW - TimeDelta::seconds(1),
        ] {
            assert!(Claim::of(request, &good, late).is_none());
        }
        let other_body = Request {
            body: b"{ }",
            ..request
        };
        assert!(Claim::of(other_body, &good, now).is_none());
        let input = |from: &str, to: &str| {
            assert!(good.signature_input.contains(from), "{from}");
            Headers {
                signature_input: good.signature_input.replacen(from, to, 1),
                ..good.clone()
            }
        };
        for bad in [
            input("sig=", "sig1="),
            input(" \"content-digest\"", ""),
            input("\"@method\" \"@path\"", "\"@path\" \"@method\""),
            input(";created=", ";alg=\"none\";created="),
            input(";created=", ";created=+"),
            input("channel-1", ""),
            input("channel-1", "channel\\\"1"),
            input("0123456789abcdef", "0123456789abcde"),
            input("0123456789abcdef\"", "0123456789abcdef\";x"),
            Headers {
                signature: "sig=:!:".to_owned(),
                ..good.clone()
            },
            Headers {
                signature: good.signature.replace("sig=", ""),
                ..good.clone()
            },
        ] {
            assert_eq!(Claim::of(request, &bad, now), None, "{bad:?}");
        }
    }
}
