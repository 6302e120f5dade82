//! An authenticator in software (W3C Web Authentication): one ES256 credential, attested by
//! nobody, and a browser that tells what it is told to tell.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use kaifong::platform::crypto::sha256;
use serde_json::{Value, json};
use uuid::Uuid;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const WITH_CREDENTIAL: u8 = 0x40;

/// What it says may be changed; what it knows not.
pub struct Authenticator {
    pub origin: String,
    pub domain: String,
    /// Whether its user gives a PIN or a finger.
    pub verifies: bool,
    pub counter: u32,
    /// Whether its key is copied to other devices of its user; then it does not count.
    pub synced: bool,
    /// The user it was made for, as it was told.
    pub user: Value,
    id: Vec<u8>,
    key: EcdsaKeyPair,
}

impl Authenticator {
    pub fn new() -> Self {
        Self {
            origin: "https://tenant.kaifong.example".to_owned(),
            domain: "kaifong.example".to_owned(),
            verifies: true,
            counter: 0,
            synced: false,
            user: Value::Null,
            id: Uuid::new_v4().as_bytes().repeat(2),
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
        }
    }

    /// The credential's id.
    pub fn id(&self) -> String {
        BASE64.encode(&self.id)
    }

    /// What `navigator.credentials.create` gives for `options`.
    pub fn make(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        let selection = &asked["authenticatorSelection"];
        assert_eq!(selection["userVerification"], "required");
        assert_eq!(selection["residentKey"], "required");
        self.user = asked["user"]["id"].clone();
        let client = self.client_data("webauthn.create", &asked["challenge"]);
        let data = [
            self.data(WITH_CREDENTIAL),
            vec![0; 16],
            u16::try_from(self.id.len()).unwrap().to_be_bytes().into(),
            self.id.clone(),
            self.public_key(),
        ]
        .concat();
        let attestation = [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec(),
            vec![u8::try_from(data.len()).unwrap()],
            data,
        ]
        .concat();
        self.answer(&json!({
            "attestationObject": BASE64.encode(attestation), "clientDataJSON": BASE64.encode(client),
        }))
    }

    /// What `navigator.credentials.get` gives for `options`.
    pub fn prove(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        assert_eq!(asked["userVerification"], "required");
        self.counter += u32::from(!self.synced);
        let client = self.client_data("webauthn.get", &asked["challenge"]);
        let data = self.data(0);
        let signed = [data.clone(), sha256(&[client.as_bytes()]).to_vec()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.answer(&json!({
            "authenticatorData": BASE64.encode(data), "clientDataJSON": BASE64.encode(client),
            "signature": BASE64.encode(signature), "userHandle": self.user,
        }))
    }

    fn answer(&self, response: &Value) -> Value {
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        })
    }

    fn client_data(&self, what: &str, challenge: &Value) -> String {
        json!({
            "type": what, "challenge": challenge, "origin": self.origin, "crossOrigin": false,
        })
        .to_string()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let synced = if self.synced { BACKUP_ELIGIBLE } else { 0 };
        [
            sha256(&[self.domain.as_bytes()]).to_vec(),
            vec![PRESENT | verified | synced | more],
            self.counter.to_be_bytes().to_vec(),
        ]
        .concat()
    }

    /// As COSE: EC2, ES256, P-256, x, y.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        [
            &b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..],
            x,
            &b"\x22\x58\x20"[..],
            y,
        ]
        .concat()
    }
}
