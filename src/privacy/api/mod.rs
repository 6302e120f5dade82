//! Privacy rights over HTTP.

mod access;
mod corrections;
mod erasure;
mod retention;
mod shown;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::PrivacyError;
use crate::platform::auth::permissions;
use crate::platform::http::precondition::Stale;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// Ask for what is held on a person.
    AskPrivacy = "privacy:request";
    /// Read requests, bundles, holds and rules.
    ReadPrivacy = "privacy:read" everywhere;
    /// Decide requests; hold, erase and rule.
    WritePrivacy = "privacy:write" everywhere fresh;
    /// Learn who read the own household's records.
    ReadSelfService = "self-service:read";
}

const DECIDED: Kind = Kind::new("request-decided", 409, "The request was decided already");
const LIFTED: Kind = Kind::new("hold-lifted", 409, "The hold was lifted already");
const HELD: Kind = Kind::new("legal-hold", 409, "The person is under a legal hold");
const ERASURE: Kind = Kind::new("erasure-refused", 409, "The person cannot be erased so");
const RULE: Kind = Kind::new("retention-rule-refused", 409, "The rule cannot be so");
const REFUSED: Kind = Kind::new("privacy-refused", 422, "That cannot be so");
const NOT_APPROVED: Kind = Kind::new("matching-not-approved", 403, "No approval is recorded");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    access::routes(cfg);
    corrections::routes(cfg);
    erasure::routes(cfg);
    retention::routes(cfg);
    views::routes(cfg);
}

impl From<PrivacyError> for Problem {
    fn from(error: PrivacyError) -> Self {
        let said = |kind, error: PrivacyError| Self::new(kind).detail(error.to_string());
        match error {
            PrivacyError::NoSuchRequest | PrivacyError::NoSuchHold => Self::not_found(),
            PrivacyError::Stale => Stale.into(),
            PrivacyError::Decided => Self::new(DECIDED),
            PrivacyError::Lifted => Self::new(LIFTED),
            PrivacyError::Held => Self::new(HELD),
            PrivacyError::Ordered
            | PrivacyError::AskedAlready
            | PrivacyError::NotAsked
            | PrivacyError::OwnRequest => said(ERASURE, error),
            PrivacyError::RuleNotAhead => said(RULE, error),
            PrivacyError::NotAReason(_) | PrivacyError::EndsBeforeItBegins => said(REFUSED, error),
            PrivacyError::MatchingNotApproved => said(NOT_APPROVED, error),
            PrivacyError::People(error) => error.into(),
            PrivacyError::Vault(error) => error.into(),
            PrivacyError::Db(error) => error.into(),
        }
    }
}
