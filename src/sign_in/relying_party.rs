//! What we are to an authenticator (W3C Web Authentication): the relying party.
//!
//! * A passkey is found by its authenticator, not by a name that someone types: who begins a
//!   sign-in is told nothing about anybody.
//! * The authenticator must have verified its user (by PIN or body), so that a passkey is two
//!   factors by itself.
//! * A counter of signatures that does not grow shows that there are two of what should be one.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
};

/// How long whoever began has to touch the authenticator.
pub const CEREMONY: Duration = Duration::from_mins(2);

/// Why nothing could be asked of an authenticator, or its answer not be weighed. What is wrong
/// with an answer is no error: it is refused.
#[derive(Debug, thiserror::Error)]
pub enum PartyError {
    #[error("passkeys: {0}")]
    Library(#[from] WebauthnError),
    #[error("passkeys: what was kept cannot be read: {0}")]
    Kept(#[from] serde_json::Error),
}

/// What a browser is given to ask the authenticator, and what is kept of it meanwhile.
pub struct Asked {
    pub options: Value,
    pub kept: Value,
}

/// A passkey as it is kept.
pub struct Kept {
    pub credential_id: Vec<u8>,
    pub credential: Value,
}

/// What came of an assertion.
pub enum Assertion {
    Proven {
        /// The passkey as it is kept from now on.
        credential: Value,
        /// Whether it cannot leave its authenticator.
        hardware: bool,
    },
    /// Signed by who holds the key, and its counter went back: there are two of it.
    WentBack,
    Refused,
}

/// Asks authenticators and weighs their answers.
pub struct RelyingParty(Webauthn);

impl RelyingParty {
    /// For passkeys of `domain`, used from pages and apps of `origins`: the first is a page of
    /// the domain.
    pub fn new(domain: &str, origins: &[Url]) -> Result<Self, PartyError> {
        let (first, others) = origins.split_first().ok_or(WebauthnError::Configuration)?;
        let builder = WebauthnBuilder::new(domain, first)?
            .rp_name("Kaifong 街坊")
            .timeout(CEREMONY);
        let builder = others.iter().fold(builder, |builder, origin| {
            builder.append_allowed_origin(origin)
        });
        Ok(Self(builder.build()?))
    }

    /// Asks for a new passkey of `holder`, shown as `name`, in an authenticator that has none
    /// of `known`.
    pub fn enrol(
        &self,
        holder: Uuid,
        name: &str,
        known: Vec<Vec<u8>>,
    ) -> Result<Asked, PartyError> {
        let (options, kept) = self
            .0
            .start_passkey_registration(holder, name, name, Some(known))?;
        let mut asked = asked(options, kept)?;
        // The authenticator must find it by itself later.
        let selection = "/publicKey/authenticatorSelection";
        put(
            &mut asked.options,
            (selection, "residentKey"),
            json!("required"),
        );
        put(
            &mut asked.options,
            (selection, "requireResidentKey"),
            json!(true),
        );
        Ok(asked)
    }

    /// The passkey that was made; none when the answer is not to what was asked.
    pub fn enrolled(
        &self,
        kept: Value,
        answer: &RegisterPublicKeyCredential,
    ) -> Result<Option<Kept>, PartyError> {
        let kept: PasskeyRegistration = serde_json::from_value(kept)?;
        let Ok(passkey) = self.0.finish_passkey_registration(answer, &kept) else {
            return Ok(None);
        };
        Ok(Some(Kept {
            credential_id: passkey.cred_id().clone(),
            credential: serde_json::to_value(&passkey)?,
        }))
    }

    /// Asks for an assertion with one of `allowed`, or with any passkey that the authenticator
    /// finds.
    pub fn ask(&self, allowed: &[Vec<u8>]) -> Result<Asked, PartyError> {
        let (mut options, kept) = self.0.start_discoverable_authentication()?;
        // Whether it is asked beside a form or by a button is the page's to say.
        options.mediation = None;
        let mut asked = asked(options, kept)?;
        let allowed = allowed
            .iter()
            .map(|id| json!({ "type": "public-key", "id": base64url(id) }))
            .collect();
        put(
            &mut asked.options,
            ("/publicKey", "allowCredentials"),
            allowed,
        );
        Ok(asked)
    }

    /// Weighs `answer` to what was asked, by the passkey that is kept as `credential`.
    pub fn weigh(
        &self,
        kept: Value,
        answer: &PublicKeyCredential,
        credential: Value,
    ) -> Result<Assertion, PartyError> {
        let kept: DiscoverableAuthentication = serde_json::from_value(kept)?;
        let mut passkey: webauthn_rs::prelude::Passkey = serde_json::from_value(credential)?;
        let weighed = self
            .0
            .finish_discoverable_authentication_v2(answer, kept, &passkey);
        let proven = match weighed {
            Ok(proven) => proven,
            Err(WebauthnError::CredentialPossibleCompromise) => return Ok(Assertion::WentBack),
            Err(_) => return Ok(Assertion::Refused),
        };
        passkey.update_credential(&proven);
        Ok(Assertion::Proven {
            credential: serde_json::to_value(&passkey)?,
            hardware: !proven.backup_eligible(),
        })
    }
}

/// Whom the authenticator says that it signed for.
pub fn named(answer: &PublicKeyCredential) -> Option<Uuid> {
    Uuid::from_slice(answer.get_user_unique_id()?).ok()
}

fn asked(options: impl Serialize, kept: impl Serialize) -> Result<Asked, PartyError> {
    Ok(Asked {
        options: serde_json::to_value(options)?,
        kept: serde_json::to_value(kept)?,
    })
}

/// Writes `value` over what is called `name` at `path`.
fn put(options: &mut Value, (path, name): (&str, &str), value: Value) {
    if let Some(Value::Object(place)) = options.pointer_mut(path) {
        place.insert(name.to_owned(), value);
    }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
