//! Files that are signed: one fixed profile of HTTP Message Signatures (RFC 9421), of the content
//! alone.
//!
//! ```text
//! Content-Digest: sha-256=:<SHA-256 of the file, base64>:
//! Signature-Input: sig=("content-digest");created=1795000000;keyid="<key>";tag="kaifong-file"
//! Signature: sig=:<signature, base64>:
//! ```
//!
//! * The three are the header fields of the request that brings the file, or the lines of a file
//!   beside it, called as it is and `.sig`.
//! * What is signed is the content, by whatever way and name it comes. Neither the parts nor the
//!   algorithm, which is that of the key, are the signature's to choose; its tag keeps it apart
//!   from that of a request.
//! * It is good for as long as its key: whoever takes such a file takes the same bytes once.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::jws;
use super::signed_request::{Headers, WINDOW, base, is_plain, named};

const PARTS: &str = r#"("content-digest")"#;
const TAG: &str = r#"";tag="kaifong-file""#;
/// What the three are called, in the order of their lines.
const FIELDS: [&str; 3] = ["Content-Digest", "Signature-Input", "Signature"];

/// Which of the three is wrong, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the signature, {}: {what}; ask the channel to sign the file anew", self.field())]
pub struct Flaw {
    /// Counted from 1.
    pub line: u8,
    pub what: &'static str,
}

impl Flaw {
    /// It is signed by a key that does not hold, whatever else it says.
    pub const KEY: Self = Self {
        line: 2,
        what: "the key is not one of the channel's in force",
    };
    /// The key is known, and did not sign this.
    pub const SIGNATURE: Self = Self {
        line: 3,
        what: "the key did not sign this",
    };
    /// There is none.
    pub const MISSING: Self = Self {
        line: 1,
        what: "the channel signs its files, and this one is not signed",
    };

    /// What its line is called.
    #[must_use]
    pub fn field(&self) -> &'static str {
        let line = usize::from(self.line).saturating_sub(1);
        FIELDS.get(line).copied().unwrap_or_default()
    }
}

/// What a signature claims of a file. Nothing of it holds before [`FileClaim::holds`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileClaim {
    pub key: String,
    pub created: DateTime<Utc>,
    base: String,
    signature: String,
}

impl FileClaim {
    /// What `signature`, which came by `now`, claims of the file whose digest is `sha256`.
    pub fn of(signature: &Headers, sha256: &[u8], now: DateTime<Utc>) -> Result<Self, Flaw> {
        let flaw = |line, what| Flaw { line, what };
        if signature.content_digest != named(sha256) {
            return Err(flaw(1, "it is of another file, or of no such form"));
        }
        let form = flaw(2, "it is not of the one form that is taken");
        let input = signature.signature_input.strip_prefix("sig=").ok_or(form)?;
        let rest = input.strip_prefix(PARTS).ok_or(form)?;
        let rest = rest.strip_prefix(";created=").ok_or(form)?;
        let (created, rest) = rest.split_once(";keyid=\"").ok_or(form)?;
        let key = rest.strip_suffix(TAG).ok_or(form)?;
        let is_number = created.bytes().all(|byte| byte.is_ascii_digit());
        let created: i64 = created.parse().ok().filter(|_| is_number).ok_or(form)?;
        let created = DateTime::from_timestamp(created, 0).ok_or(form)?;
        if !is_plain(key, 1) {
            return Err(form);
        }
        if created - now > WINDOW {
            return Err(flaw(2, "it was made in the future: look at the clocks"));
        }
        let bytes = signature.signature.strip_prefix("sig=:");
        let bytes = bytes.and_then(|rest| STANDARD.decode(rest.strip_suffix(':')?).ok());
        let bytes = bytes.ok_or(flaw(3, "it is not sig=:<base64>:"))?;
        Ok(Self {
            key: key.to_owned(),
            created,
            base: base(&[("content-digest", &signature.content_digest)], input),
            signature: URL_SAFE_NO_PAD.encode(bytes),
        })
    }

    /// Whether `key` signed it.
    #[must_use]
    pub fn holds(&self, key: (Algorithm, &DecodingKey)) -> bool {
        jws::holds(self.base.as_bytes(), &self.signature, key)
    }
}

/// The signature by which `key`, who signs with `sign`, signs the file of digest `sha256` at `now`.
pub fn sign(
    sha256: &[u8],
    key: &str,
    now: DateTime<Utc>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Headers {
    let created = now.timestamp();
    let input = format!("{PARTS};created={created};keyid=\"{key}{TAG}");
    let content_digest = named(sha256);
    let base = base(&[("content-digest", &content_digest)], &input);
    Headers {
        signature: format!("sig=:{}:", STANDARD.encode(sign(base.as_bytes()))),
        signature_input: format!("sig={input}"),
        content_digest,
    }
}

/// The text of a file beside the one that is signed.
#[must_use]
pub fn write(signature: &Headers) -> String {
    let lines = FIELDS.into_iter().zip(texts(signature));
    let lines = lines.map(|(field, text)| format!("{field}: {text}\n"));
    lines.collect::<Vec<_>>().concat()
}

/// What a file beside the one that is signed says.
pub fn read(text: &str) -> Result<Headers, Flaw> {
    let mut lines = text.lines();
    let mut found = [(); 3].map(|()| String::new());
    for ((line, field), place) in (1..).zip(FIELDS).zip(&mut found) {
        let said = lines.next().and_then(|said| said.strip_prefix(field));
        let said = said.and_then(|said| said.strip_prefix(": "));
        let missing = Flaw {
            line,
            what: "the line is not there, or begins otherwise",
        };
        said.ok_or(missing)?.clone_into(place);
    }
    let [content_digest, signature_input, signature] = found;
    let read = Headers {
        content_digest,
        signature_input,
        signature,
    };
    // Nothing else is in it that nobody would look at.
    let more = Flaw {
        line: 3,
        what: "there is more than three lines",
    };
    lines.next().map_or(Ok(read), |_| Err(more))
}

fn texts(signature: &Headers) -> [&str; 3] {
    [
        &signature.content_digest,
        &signature.signature_input,
        &signature.signature,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::auth::signed_request::{self, Request};
    use crate::platform::crypto::{SigningKey, sha256};

    fn now() -> DateTime<Utc> {
        "2026-11-20T01:00:00Z".parse().unwrap()
    }

    fn decoding(key: &SigningKey) -> DecodingKey {
        DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(key.public())).unwrap()
    }

    #[test]
    fn a_signature_reads_back_and_holds_for_its_file_and_key_only() {
        let (key, other) = (
            SigningKey::generate().unwrap(),
            SigningKey::generate().unwrap(),
        );
        let (file, another) = (sha256(&[b"H|"]), sha256(&[b"H"]));
        let signature = sign(&file, "program-1", now(), |base| key.sign(base));
        let text = write(&signature);
        assert!(text.starts_with("Content-Digest: sha-256=:") && text.ends_with(":\n"));
        assert_eq!(read(&text), Ok(signature.clone()));
        let claim = FileClaim::of(&signature, &file, now()).unwrap();
        assert_eq!((claim.key.as_str(), claim.created), ("program-1", now()));
        assert!(claim.holds((Algorithm::EdDSA, &decoding(&key))));
        assert!(!claim.holds((Algorithm::EdDSA, &decoding(&other))));
        assert!(!claim.holds((Algorithm::ES256, &decoding(&key))));
        let of_another = FileClaim::of(&signature, &another, now()).unwrap_err();
        assert_eq!((of_another.line, of_another.field()), (1, "Content-Digest"));
        // It says more than was signed: another key, another time.
        for (from, to) in [("program-1", "program-2"), ("created=1", "created=0")] {
            let input = signature.signature_input.replace(from, to);
            let claimed = Headers {
                signature_input: input,
                ..signature.clone()
            };
            let claim = FileClaim::of(&claimed, &file, now()).unwrap();
            assert!(!claim.holds((Algorithm::EdDSA, &decoding(&key))), "{to}");
        }
    }

    #[test]
    fn what_is_not_of_the_form_says_in_which_line() {
        let file = sha256(&[b"H|"]);
        let good = sign(&file, "program-1", now(), |_| vec![0; 64]);
        let text = write(&good);
        for (from, to, line) in [
            ("sha-256", "sha-512", 1),
            ("(\"content-digest\")", "(\"@path\")", 2),
            ("kaifong-file", "other", 2),
            (";created=1", ";created=+1", 2),
            (";created=1", ";created=9", 2),
            ("program-1", "", 2),
            ("program-1", "pro gram", 2),
            ("Signature: sig=:", "Signature: sig=::", 3),
            ("Signature: sig=:", "Signature: ", 3),
        ] {
            let changed = read(&text.replace(from, to)).unwrap();
            let flaw = FileClaim::of(&changed, &file, now()).unwrap_err();
            assert_eq!(flaw.line, line, "{from} -> {to}: {}", flaw.what);
        }
        for (changed, line) in [
            (String::new(), 1),
            (text.replace("Content-Digest", "Digest"), 1),
            (text.lines().take(2).collect::<Vec<_>>().join("\n"), 3),
            (format!("{text}Comment: x\n"), 3),
        ] {
            assert_eq!(read(&changed).unwrap_err().line, line, "{changed}");
        }
    }

    #[test]
    fn a_file_s_signature_is_no_request_s() {
        let key = SigningKey::generate().unwrap();
        let file = sha256(&[b"H|"]);
        let of_file = sign(&file, "program-1", now(), |base| key.sign(base));
        let request = Request {
            method: "POST",
            path: "/v1/payment-files",
            body: b"H|",
        };
        assert!(signed_request::Claim::of(request, &of_file, now()).is_none());
        let of_request = signed_request::sign(
            request,
            ("program-1", "nonce-0123456789abcdef"),
            now(),
            |base| key.sign(base),
        );
        let flaw = FileClaim::of(&of_request, &file, now()).unwrap_err();
        assert_eq!(flaw.line, 2);
    }
}
