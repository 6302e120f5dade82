//! Signing in: who may, with what, and who is.
//!
//! * Staff sign in with a password and a one-time code; tenants with their household's PIN or
//!   through iAM Smart; devices, contractors and payment channels with a key of their own.
//! * A token names a session and carries no roles: what the session may do is looked up on
//!   every request ([`SessionStandings`]), so that what changes counts within a second, on
//!   every replica. The log of changes is a table, so this needs no Redis.
//! * Wrong name, wrong secret and closed factor are answered alike: same bytes, same time.
//! * A passkey is another means of the credential it was enrolled with: a session it opens is
//!   that credential's, and it ends with it.
//! * What iAM Smart fills a form with is sealed until who asked collects it, once, or for an
//!   hour.
//! * Refresh tokens rotate; one that two have used ends the session of both.
//! * What one person asks for (a role, a device, a client) another approves.
//! * Passwords come from our own programs only, never from a third party's page, which is why
//!   OAuth's password grant, given up for the public, serves here.

mod api;
mod assertion;
mod bootstrap;
mod channel_key;
mod commands;
mod demo;
mod held;
pub mod identity_provider;
mod jobs;
mod means;
pub mod mock_iam_smart;
mod model;
mod relying_party;
mod rules;
mod standings;
mod store;
#[cfg(test)]
mod vectors;

pub use api::routes;
pub use assertion::{NotAKey, PublicKey};
pub use bootstrap::{Issued, Posting, administrator};
pub use channel_key::{ChannelKey, channel_key};
pub use commands::forms::SEALED;
pub use demo::{Credential, Signer, Stage, demo};
pub use held::held;
pub use jobs::timetable;
pub use means::{Beat, Means};
pub use model::{
    ClientKind, DelegateKind, DeviceKind, EnrolmentState, Posted, SessionEnd, SessionKind,
    SignInError,
};
pub use relying_party::{PartyError, RelyingParty};
pub use standings::{Grants, SessionStandings};
