//! Signing in over HTTP.

mod clients;
mod delegates;
mod devices;
mod forms;
mod grants;
mod links;
mod passkey_grants;
mod passkeys;
mod pins;
mod sessions;
mod staff;
mod staff_roles;
mod token;

use utoipa_actix_web::service_config::ServiceConfig;

use super::identity_provider::ProviderError;
use super::model::SignInError;
use crate::platform::auth::permissions;
use crate::platform::http::precondition::Stale;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See and end one's own sessions, and prove again who one is.
    OwnSession = "session:own";
    /// See one's own passkeys.
    OwnPasskeys = "passkey:own";
    /// Enrol and remove passkeys of one's own.
    ChangePasskeys = "passkey:own" fresh;
    /// See staff accounts and what they may do.
    ReadStaff = "staff:read" everywhere;
    /// Make and end accounts, issue secrets, ask for roles.
    WriteStaff = "staff:write" everywhere fresh;
    /// Approve the roles that others asked for.
    ApproveStaff = "staff:approve" everywhere fresh;
    ReadDevices = "devices:read";
    /// Add devices and enrol them.
    WriteDevices = "devices:write";
    /// Approve, suspend and give up devices.
    ApproveDevices = "devices:approve" fresh;
    ReadClients = "clients:read" everywhere;
    WriteClients = "clients:write" everywhere fresh;
    ApproveClients = "clients:approve" everywhere fresh;
    /// Set a household's PIN at the counter.
    SetPins = "pins:write";
    /// Link an identity to a household at the counter.
    LinkIdentities = "identity:write";
    /// See, add and end the identities linked to one's own household.
    OwnIdentities = "identity:own";
    /// Have forms filled by iAM Smart, and collect what fills them.
    OwnForms = "form:own";
    /// See, name and end those who may act for one's own household.
    OwnDelegates = "delegate:own";
}

const REFUSED: Kind = Kind::new("sign-in-refused", 400, "The sign-in is refused");
const MUST_CHANGE: Kind = Kind::new(
    "password-change-required",
    400,
    "The password was for once: send a new one with it",
);
const SEVERAL: Kind = Kind::new(
    "several-households",
    400,
    "The identity acts for several households: name one",
);
const NO_PROVIDER: Kind = Kind::new(
    "no-identity-provider",
    409,
    "No identity provider is set up",
);
const LOGIN_TAKEN: Kind = Kind::new("login-taken", 409, "The login name belongs to another");
const NOT_NOW: Kind = Kind::new("not-in-this-state", 409, "It is not in the state for that");
const LINKED: Kind = Kind::new("linked-already", 409, "The identity is linked already");
const FOUR_EYES: Kind = Kind::new(
    "needs-another-person",
    403,
    "What one person asks for, another approves",
);
const UNFIT: Kind = Kind::new("unfit-value", 422, "The value may not be chosen");
const NO_HOUSEHOLD: Kind = Kind::new(
    "no-such-household",
    422,
    "No household has this tenant code",
);
const NO_ESTATE: Kind = Kind::new("no-such-estate", 422, "No estate has this id");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(token::issue_token).service(token::revoke_token);
    cfg.configure(sessions::routes);
    cfg.configure(pins::routes);
    cfg.configure(links::routes);
    cfg.configure(passkeys::routes);
    cfg.configure(forms::routes);
    cfg.configure(delegates::routes);
    cfg.configure(staff::routes);
    cfg.configure(staff_roles::routes);
    cfg.configure(devices::routes);
    cfg.configure(clients::routes);
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NotFound => Self::not_found(),
            SignInError::Stale => Stale.into(),
            SignInError::LoginTaken => Self::new(LOGIN_TAKEN),
            SignInError::NoSuchHousehold => Self::new(NO_HOUSEHOLD),
            SignInError::NoSuchEstate => Self::new(NO_ESTATE),
            SignInError::FourEyes => Self::new(FOUR_EYES),
            SignInError::NotNow(why) => Self::new(NOT_NOW).detail(why),
            SignInError::Unfit(why) => Self::new(UNFIT).detail(why),
            SignInError::LinkedAlready => Self::new(LINKED),
            SignInError::Party(error) => Self::internal(error),
            SignInError::Form(error) => Self::internal(error),
            SignInError::Vault(error) => error.into(),
            SignInError::Hasher(error) => error.into(),
            SignInError::Wrapper(error) => Self::internal(error),
            SignInError::Randomness(error) => Self::internal(error),
            SignInError::Db(error) => error.into(),
        }
    }
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Refused => Self::new(REFUSED).error("invalid_grant"),
            ProviderError::Away(_) | ProviderError::Envelope(_) => Self::unavailable(error),
        }
    }
}
