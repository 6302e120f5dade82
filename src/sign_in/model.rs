//! The things signing in is made of.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::relying_party::PartyError;
use crate::kernel::choice::choice;
use crate::kernel::id::EstateId;
use crate::kernel::reach::Reach;
use crate::kernel::role::Role;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::password::{HasherError, NoRandomness, WrapperError};
use crate::platform::vault::VaultError;

choice! {
    /// What a caller signed in with.
    pub enum SessionKind {
        /// A staff account.
        Staff = "staff",
        /// A household's PIN.
        Pin = "pin",
        /// An outside identity linked to a household.
        Link = "link",
        /// A device's key.
        Device = "device",
        /// The key of a contractor's or payment channel's program.
        Client = "client",
    }
}

choice! {
    /// Why a session ended before its time.
    pub enum SessionEnd {
        SignedOut = "signed_out",
        /// A newer session took its place.
        Displaced = "displaced",
        /// Its refresh token was used by two: it was stolen from one of them.
        TokenReused = "token_reused",
        /// The credential was withdrawn, suspended, changed or lost.
        CredentialChanged = "credential_changed",
    }
}

choice! {
    /// A kind of device.
    pub enum DeviceKind {
        Kiosk = "kiosk",
        IvrGateway = "ivr_gateway",
        Handheld = "handheld",
    }
}

choice! {
    /// Where a device or client stands.
    pub enum EnrolmentState {
        /// Not yet approved by a second person.
        Pending = "pending",
        Active = "active",
        Suspended = "suspended",
        /// Stolen or missing; for good.
        Lost = "lost",
        /// Taken out of service; for good.
        Retired = "retired",
    }
}

choice! {
    /// A kind of program that calls by itself.
    pub enum ClientKind {
        Contractor = "contractor",
        PaymentChannel = "payment_channel",
    }
}

choice! {
    /// As what someone acts for a household.
    pub enum DelegateKind {
        Carer = "carer",
        SocialWorker = "social_worker",
    }
}

/// A role and the rows it is held over, at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub role: Role,
    pub reach: Reach,
}

impl From<DeviceKind> for Role {
    fn from(kind: DeviceKind) -> Self {
        match kind {
            DeviceKind::Kiosk => Self::Kiosk,
            DeviceKind::IvrGateway => Self::IvrGateway,
            DeviceKind::Handheld => Self::Handheld,
        }
    }
}

impl From<ClientKind> for Role {
    fn from(kind: ClientKind) -> Self {
        match kind {
            ClientKind::Contractor => Self::Contractor,
            ClientKind::PaymentChannel => Self::PaymentChannel,
        }
    }
}

/// Someone or something signed in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::session, check_for_backend(diesel::pg::Pg))]
pub struct Session {
    pub id: Uuid,
    pub kind: SessionKind,
    pub principal: Uuid,
    pub household: Option<TenantCode>,
    pub device_id: Option<Uuid>,
    pub amr: Vec<String>,
    pub signed_in_at: DateTime<Utc>,
    pub stepped_up_at: Option<DateTime<Utc>>,
    pub ends_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub end_reason: Option<SessionEnd>,
    /// The passkey that opened it.
    pub passkey_id: Option<Uuid>,
}

impl Session {
    /// The name of who is signed in, in tokens and in the audit trail.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(self.kind, self.principal)
    }

    /// Whether it still is in force.
    #[must_use]
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.ends_at
    }
}

/// The name of a credential's holder: opaque, and the same for ever.
#[must_use]
pub fn subject(kind: SessionKind, principal: Uuid) -> String {
    format!("{kind}:{principal}")
}

choice! {
    /// What a passkey is asked for.
    pub enum CeremonyPurpose {
        Enrol = "enrol",
        SignIn = "sign_in",
        StepUp = "step_up",
    }
}

/// Another means by which the holder of a credential signs in.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::passkey, check_for_backend(diesel::pg::Pg))]
pub struct Passkey {
    pub id: Uuid,
    /// The credential: of what kind, and which. A session that a passkey opens is its holder's.
    pub holder_kind: SessionKind,
    pub holder: Uuid,
    pub household: Option<TenantCode>,
    pub name: String,
    pub credential_id: Vec<u8>,
    /// As the relying party keeps it.
    pub credential: serde_json::Value,
    pub enrolled_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

/// A member of staff's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffAccount {
    pub id: Uuid,
    pub login: String,
    pub must_change: bool,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub ended_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// A role as it was granted.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::staff_role, check_for_backend(diesel::pg::Pg))]
pub struct StaffRole {
    pub id: Uuid,
    pub staff_id: Uuid,
    pub role: Role,
    pub estates: Option<Vec<Uuid>>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub granted_by: String,
    pub granted_at: DateTime<Utc>,
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// A role to request for someone.
#[derive(Debug, Clone, Serialize)]
pub struct NewRole {
    pub role: Role,
    /// Absent: everywhere.
    pub estates: Option<Vec<EstateId>>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// A kiosk, gateway or handheld.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::device, check_for_backend(diesel::pg::Pg))]
pub struct Device {
    pub id: Uuid,
    pub kind: DeviceKind,
    pub estate_id: EstateId,
    pub state: EnrolmentState,
    pub public_key: Option<serde_json::Value>,
    pub code_hash: Option<Vec<u8>>,
    pub code_until: Option<DateTime<Utc>>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// A contractor's or payment channel's program.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::client, check_for_backend(diesel::pg::Pg))]
pub struct Client {
    pub id: Uuid,
    pub kind: ClientKind,
    pub name: String,
    pub estates: Option<Vec<Uuid>>,
    pub state: EnrolmentState,
    pub public_key: serde_json::Value,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// Someone who may act for a household, in part and for a time.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::delegate, check_for_backend(diesel::pg::Pg))]
pub struct Delegate {
    pub id: Uuid,
    pub household: TenantCode,
    pub kind: DelegateKind,
    pub scopes: Vec<String>,
    pub expires_on: NaiveDate,
    pub code_hash: Option<Vec<u8>>,
    pub code_until: Option<DateTime<Utc>>,
    pub granted_by: String,
    pub granted_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// An outside identity and the household it acts for.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::identity_link, check_for_backend(diesel::pg::Pg))]
pub struct IdentityLink {
    pub id: Uuid,
    pub identity_hash: Vec<u8>,
    pub household: TenantCode,
    pub delegate_id: Option<Uuid>,
    pub linked_by: String,
    pub linked_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

choice! {
    /// What iAM Smart may fill in. The spelling is its own, as far as public code shows it.
    pub enum FormField {
        ChName = "chName",
        EnName = "enName",
        IdNo = "idNo",
        Gender = "gender",
        BirthDate = "birthDate",
        MobileNumber = "mobileNumber",
        EmailAddress = "emailAddress",
        ResidentialAddress = "residentialAddress",
    }
}

/// A form that iAM Smart was asked to fill.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::form_filling, check_for_backend(diesel::pg::Pg))]
pub struct FormFilling {
    pub id: Uuid,
    /// The digest of the state that the answer comes back with.
    pub state_hash: Vec<u8>,
    /// The credential of who asked.
    pub holder: Uuid,
    /// The identity that was asked, whose key seals the content.
    pub link_id: Uuid,
    pub fields: Vec<String>,
    pub asked_at: DateTime<Utc>,
    pub filled_at: Option<DateTime<Utc>>,
    /// What arrived, sealed, until it is collected.
    pub content: Option<Vec<u8>>,
    pub collected_at: Option<DateTime<Utc>>,
}

/// What may be done with a device or client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyChange {
    Approve,
    Suspend,
    Lost,
    Retire,
}

/// Why something about signing in was not done.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("no such thing")]
    NotFound,
    #[error("someone changed it meanwhile")]
    Stale,
    #[error("the login name belongs to another account")]
    LoginTaken,
    #[error("no household has this tenant code")]
    NoSuchHousehold,
    #[error("no estate has this id")]
    NoSuchEstate,
    /// Another person must approve it.
    #[error("what one person asks for, another approves")]
    FourEyes,
    /// It is not in the state for it.
    #[error("{0}")]
    NotNow(&'static str),
    /// A value that may not be chosen.
    #[error("{0}")]
    Unfit(&'static str),
    #[error("the identity is linked to this household already")]
    LinkedAlready,
    #[error(transparent)]
    Party(#[from] PartyError),
    #[error("what fills a form cannot be read or written")]
    Form(serde_json::Error),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Hasher(#[from] HasherError),
    #[error(transparent)]
    Wrapper(#[from] WrapperError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}
