//! Published vectors of JSON web signatures, through the functions that check our tokens and
//! assertions: Project Wycheproof's and RFC 8037's.
//!
//! We take Ed25519, and P-256 of devices that know no other. Each test says how many vectors it
//! met, so that an empty run fails. Nothing is encrypted to a public key here: HPKE (RFC 9180)
//! is not used.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use wycheproof::TestResult::Invalid;
use wycheproof::{ecdsa, eddsa};

use super::assertion::{PublicKey, checked};
use crate::kernel::clock::Clock;
use crate::platform::auth::{Issuer, Jwk, Jwks, Verifier, jws};

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    public: Option<PublicKey>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "tcId")]
    id: u32,
    jws: String,
    result: String,
}

fn vectors() -> Vec<Group> {
    let text = include_str!("../../tests/data/json_web_signature.json");
    serde_json::from_str::<Vectors>(text).unwrap().groups
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-20T04:00:00Z".parse().unwrap()
    }
}

/// The public key and the message of RFC 8037, appendix A.
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const SIGNED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn ed25519(x: &str) -> PublicKey {
    PublicKey::Ed25519 {
        kty: "OKP".to_owned(),
        x: x.to_owned(),
    }
}

/// A verifier that knows Ed25519 keys by the names the vectors use: that of RFC 8037, and the
/// bytes of their own keys taken for one.
fn verifier() -> Verifier {
    let confused = "04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY";
    let key = |kid: &str, x: &str| Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        kid: kid.to_owned(),
        x: x.to_owned(),
    };
    let keys = vec![
        key("kid-ec-sign", confused),
        key("kid-aes-sign", X),
        key("hs256-key", X),
    ];
    let issuer = Issuer {
        issuer: "kaifong".to_owned(),
        audience: "kaifong".to_owned(),
    };
    Verifier::new(issuer, Jwks { keys }, Arc::new(Noon))
}

#[test]
fn only_what_the_keys_own_algorithm_signed_holds_and_none_is_a_token() {
    let (verifier, stranger) = (verifier(), ed25519(X));
    let (mut held, mut refused) = (0, 0);
    for group in vectors() {
        for Vector { id, jws, result } in group.tests {
            assert!(verifier.claims(&jws).is_none(), "{id}");
            assert!(stranger.signed(&jws).is_none(), "{id}");
            assert!(checked(&jws, &stranger, "kaifong", Noon.now()).is_none());
            // We have no symmetric keys: what HMAC made is nobody's.
            let Some(key) = &group.public else {
                refused += 1;
                continue;
            };
            let payload = key.signed(&jws);
            assert_eq!(payload.is_some(), result == "valid", "{id}");
            assert!(checked(&jws, key, "kaifong", Noon.now()).is_none(), "{id}");
            match payload {
                Some(payload) => {
                    assert_eq!(payload, b"foo");
                    held += 1;
                }
                None => refused += 1,
            }
        }
    }
    assert_eq!((held, refused), (2, 67));
}

#[test]
fn the_example_of_rfc_8037_holds_and_no_part_of_it_changed() {
    let key = ed25519(X);
    assert_eq!(key.signed(SIGNED).unwrap(), b"Example of Ed25519 signing");
    // A good signature alone is no token and no assertion.
    assert!(verifier().claims(SIGNED).is_none());
    assert!(checked(SIGNED, &key, "kaifong", Noon.now()).is_none());
    for place in 0..SIGNED.len() {
        let mut changed = SIGNED.to_owned();
        let other = if SIGNED.as_bytes()[place] == b'A' {
            "B"
        } else {
            "A"
        };
        changed.replace_range(place..=place, other);
        assert!(key.signed(&changed).is_none(), "{place}");
    }
    // The key of another algorithm, with the same bytes.
    let bytes = URL_SAFE_NO_PAD.decode(X).unwrap();
    let secret = DecodingKey::from_secret(&bytes);
    for algorithm in [Algorithm::EdDSA, Algorithm::HS256, Algorithm::ES256] {
        assert!(jws::payload(SIGNED, (algorithm, &secret)).is_none());
    }
}

fn holds(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let signature = URL_SAFE_NO_PAD.encode(signature);
    key.by()
        .is_some_and(|(algorithm, key)| jws::holds(message, &signature, (algorithm, &key)))
}

#[test]
fn signatures_of_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in set.test_groups {
        let key = ed25519(&URL_SAFE_NO_PAD.encode(&group.key.pk));
        for test in &group.tests {
            let holds = holds(&key, &test.msg, &test.sig);
            assert_eq!(holds, test.result != Invalid, "{}", test.tc_id);
            if holds { good += 1 } else { bad += 1 }
        }
    }
    assert_eq!((good, bad), (88, 63));
}

#[test]
fn signatures_of_p_256() {
    let name = ecdsa::TestName::EcdsaSecp256r1Sha256P1363;
    let set = ecdsa::TestSet::load(name).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in set.test_groups {
        // Uncompressed: 4, x, y.
        let part = |from: usize| URL_SAFE_NO_PAD.encode(&group.key.key[from..from + 32]);
        let key = PublicKey::P256 {
            kty: "EC".to_owned(),
            x: part(1),
            y: part(33),
        };
        for test in &group.tests {
            let holds = holds(&key, &test.msg, &test.sig);
            assert_eq!(holds, test.result != Invalid, "{}", test.tc_id);
            if holds { good += 1 } else { bad += 1 }
        }
    }
    assert_eq!((good, bad), (173, 89));
}
