//! Who someone is, as an identity provider outside says: iAM Smart (智方便).
//!
//! * Its flow is like OAuth's code flow, without an identity token: the code is changed for a
//!   tokenised identifier, which is of this service alone and is all we learn by signing in.
//! * What fills forms is asked for apart, consented to in the app, and arrives later by
//!   callback, sealed and signed.
//! * Calls block: they are made off the threads that answer requests.

pub mod envelope;
mod iam_smart;

use std::collections::BTreeMap;

pub use envelope::{Envelope, EnvelopeError, Kek, Signature};
pub use iam_smart::{IamSmart, Settings};

/// Why the provider did not help.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It says no: the code is wrong, spent or another's.
    #[error("the identity provider refused")]
    Refused,
    /// It does not answer, or not as agreed.
    #[error("the identity provider does not answer as agreed: {0}")]
    Away(String),
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

/// Someone the provider knows.
#[derive(Clone)]
pub struct Identified {
    /// The identifier that the provider made for them and for this service.
    pub tokenised_id: String,
    /// With which more may be asked about them, for a short time.
    pub access_token: String,
}

/// What fills a form, as it arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Filled {
    /// The request it answers.
    pub business_id: String,
    pub tokenised_id: String,
    /// Field by field; sealed by whoever keeps it.
    pub fields: BTreeMap<String, String>,
}

/// Tells who someone is.
pub trait IdentityProvider: Send + Sync {
    /// Where to send the browser, to come back with `state` and a code.
    fn authorise_url(&self, state: &str) -> String;

    /// Changes a code for who it is of. Blocks.
    fn exchange(&self, code: &str) -> Result<Identified, ProviderError>;

    /// Asks for `fields` of whom `who` names, under our number `business_id`; they arrive by
    /// callback. Blocks.
    fn request_form(
        &self,
        who: &Identified,
        business_id: &str,
        fields: &[&str],
    ) -> Result<(), ProviderError>;

    /// Opens what arrived by callback. Blocks when the key is to be fetched.
    fn open_form(&self, body: &str, signature: &Signature) -> Result<Filled, ProviderError>;
}
