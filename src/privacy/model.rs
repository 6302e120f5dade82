//! What requests, holds, rules and approvals are made of.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::kernel::id::PersonId;
use crate::people::{OfSealed, PeopleError};
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    erasure_order, erasure_request, legal_hold, matching_approval, retention_rule, retention_run,
    retention_tally,
};
use crate::platform::vault::{Unopenable, VaultError};

choice! {
    /// Where a request stands.
    pub enum RequestState {
        Received = "received",
        /// The person has their data.
        Answered = "answered",
        /// The data is corrected.
        Made = "made",
        Refused = "refused",
    }
}

choice! {
    /// Why a request is refused: the reasons of sections 20 and 24 of the Ordinance.
    pub enum Refusal {
        /// It is not shown who asks, or that they may ask for this person.
        IdentityNotShown = "identity_not_shown",
        /// Not in writing in Chinese or English.
        NotInWriting = "not_in_writing",
        /// Another's data cannot be kept out of the answer.
        OthersData = "others_data",
        /// The Ordinance, or another one, exempts or forbids.
        Exempt = "exempt",
        /// The same was asked two times or more, and once more is unreasonable.
        Repeated = "repeated",
        /// The data is accurate.
        Accurate = "accurate",
        /// The correction asked for is itself inaccurate.
        CorrectionInaccurate = "correction_inaccurate",
        /// Another user of the data controls its processing.
        OtherControls = "other_controls",
    }
}

choice! {
    /// Why a person's data must be kept.
    pub enum HoldReason {
        Litigation = "litigation",
        Investigation = "investigation",
        Complaint = "complaint",
        Debt = "debt",
    }
}

choice! {
    /// Why a person is erased before the time.
    pub enum ErasureReason {
        /// The purpose that the data was collected for is over (section 26).
        PurposeOver = "purpose_over",
        /// The person was never to be on record.
        RecordedInError = "recorded_in_error",
        CourtOrder = "court_order",
    }
}

choice! {
    /// What a rule of retention is about.
    pub enum DataClass {
        /// What tells who somebody is; kept from the end of the last membership on.
        Person = "person",
        /// Sessions and their tokens; kept from their end on.
        SignIn = "sign_in",
        /// Delegates and linked identities; kept from their end on.
        Delegation = "delegation",
        /// Requests for access, and for corrections that were made; kept from the decision on.
        Request = "request",
        /// Bank accounts that rent was debited from, and the files that named them; kept from the
        /// end of the mandate, and from the decision on the file, on.
        DirectDebit = "direct_debit",
    }
}

impl DataClass {
    /// From when on it is kept so long.
    #[must_use]
    pub fn after_what(self) -> &'static str {
        match self {
            Self::Person => "last_membership_ended",
            Self::SignIn => "session_ended",
            Self::Delegation | Self::DirectDebit => "ended",
            Self::Request => "decided",
        }
    }
}

choice! {
    /// On what ground a matching procedure is allowed (section 30).
    pub enum MatchingBasis {
        /// Everybody concerned consented.
        Consent = "consent",
        /// The Commissioner consented (section 32).
        CommissionerConsent = "commissioner_consent",
        /// Of a class that the Commissioner published in the Gazette (section 31).
        PublishedClass = "published_class",
        /// An enactment of Schedule 4 requires it.
        Enactment = "enactment",
    }
}

choice! {
    /// What kind of caller read a record.
    pub enum Viewer {
        Staff = "staff",
        /// The household itself.
        Household = "household",
        /// Somebody whom the household named.
        Delegate = "delegate",
        Device = "device",
        /// Another organisation's program.
        Client = "client",
        /// This program, by itself.
        Program = "program",
    }
}

/// A data access or correction request.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize, Deserialize)]
pub struct Request {
    pub id: Uuid,
    pub person: PersonId,
    pub received_on: NaiveDate,
    /// The last day to decide on.
    pub due_on: NaiveDate,
    pub received_by: String,
    pub state: RequestState,
    pub refusal: Option<Refusal>,
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// What kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Access,
    Correction,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Done,
    Refused(Refusal),
}

/// Which requests to list, the one due first before the others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub state: Option<RequestState>,
    pub due_by: Option<NaiveDate>,
    pub after: Option<(NaiveDate, Uuid)>,
    pub rows: i64,
}

/// A reason not to erase a person.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize,
)]
#[diesel(table_name = legal_hold, check_for_backend(diesel::pg::Pg))]
pub struct Hold {
    pub id: Uuid,
    pub person: PersonId,
    pub reason: HoldReason,
    pub case_ref: String,
    pub set_by: String,
    pub set_at: DateTime<Utc>,
    pub lifted_by: Option<String>,
    pub lifted_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// One person's word that somebody be erased, and another's.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize,
)]
#[diesel(table_name = erasure_request, check_for_backend(diesel::pg::Pg))]
pub struct ErasureRequest {
    pub id: Uuid,
    pub person: PersonId,
    pub reason: ErasureReason,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
}

/// That somebody is erased: it stands, whatever stops it half way.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = erasure_order, check_for_backend(diesel::pg::Pg))]
pub struct ErasureOrder {
    pub person: PersonId,
    pub reason: String,
    /// Two people, or a person and this program.
    pub approved_by: Vec<String>,
    pub ordered_at: DateTime<Utc>,
    pub done_at: Option<DateTime<Utc>>,
}

/// How long a class of data is kept, from a day on.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = retention_rule, check_for_backend(diesel::pg::Pg))]
pub struct RetentionRule {
    pub data_class: DataClass,
    pub valid_from: NaiveDate,
    pub keep_months: i32,
    pub after_what: String,
    /// Where the figure is from.
    pub source: String,
    pub approved_by: String,
    pub recorded_at: DateTime<Utc>,
}

/// What a day's run did.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = retention_run, check_for_backend(diesel::pg::Pg))]
pub struct RetentionRun {
    pub ran_on: NaiveDate,
    pub erased: i32,
    /// Kept for a legal hold.
    pub held: i32,
    /// To be looked at: the next run tries again.
    pub failed: i32,
    /// Absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
}

/// How much of a class a day's run erased.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = retention_tally, check_for_backend(diesel::pg::Pg))]
pub struct RetentionTally {
    pub data_class: DataClass,
    /// People, or rows.
    pub erased: i64,
}

/// Leave for a matching procedure.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = matching_approval, check_for_backend(diesel::pg::Pg))]
pub struct MatchingApproval {
    pub id: Uuid,
    pub purpose: String,
    pub basis: MatchingBasis,
    /// The consent, notice or enactment.
    pub source: String,
    pub valid_from: NaiveDate,
    pub valid_to: NaiveDate,
    pub approved_by: String,
    pub recorded_at: DateTime<Utc>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    #[error("no such request")]
    NoSuchRequest,
    #[error("no such hold")]
    NoSuchHold,
    #[error("someone changed it meanwhile")]
    Stale,
    #[error("it was decided already")]
    Decided,
    #[error("{0} is no reason to refuse such a request")]
    NotAReason(Refusal),
    #[error("the hold was lifted already")]
    Lifted,
    #[error("the person is under a legal hold")]
    Held,
    #[error("the person is being erased")]
    Ordered,
    #[error("the person's erasure is asked for already")]
    AskedAlready,
    #[error("nobody has asked for the person's erasure")]
    NotAsked,
    #[error("another person approves than the one who asked")]
    OwnRequest,
    #[error("a rule is recorded for a day ahead, once for each day")]
    RuleNotAhead,
    #[error("no approval is recorded for matching for this purpose on this day")]
    MatchingNotApproved,
    #[error("an approval ends on or after the day it begins")]
    EndsBeforeItBegins,
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl OfSealed for PrivacyError {
    fn unopenable(&self) -> Option<Unopenable> {
        match self {
            Self::Vault(error) => error.unopenable(),
            Self::People(error) => error.unopenable(),
            _ => None,
        }
    }
}
