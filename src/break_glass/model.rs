//! What a break-glass access is made of.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kernel::choice::choice;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{break_glass, break_glass_approval, break_glass_review};

choice! {
    /// Why access cannot wait.
    pub enum Reason {
        /// Danger to life or health.
        Danger = "danger",
        /// Domestic violence: somebody must be kept safe.
        DomesticViolence = "domestic_violence",
        /// Fire, flood, a lift or a structure that failed.
        BuildingEmergency = "building_emergency",
        /// Police or a court asks, and nobody of the estate can be reached.
        LawfulRequest = "lawful_request",
        /// A fault of this system that keeps a household from its rights.
        SystemFault = "system_fault",
    }
}

choice! {
    /// What a review found.
    pub enum Outcome {
        Justified = "justified",
        Unjustified = "unjustified",
    }
}

/// Whose fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Person(Uuid),
    Household(TenantCode),
}

/// A request for access.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Queryable, Selectable, Insertable,
)]
#[diesel(table_name = break_glass, check_for_backend(diesel::pg::Pg))]
pub struct Request {
    pub id: Uuid,
    pub staff: String,
    pub person: Option<Uuid>,
    pub household: Option<TenantCode>,
    pub reason: Reason,
    pub ticket: String,
    pub fields: Vec<String>,
    pub minutes: i16,
    pub requested_at: DateTime<Utc>,
}

/// What is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Wanted {
    pub subject: Subject,
    pub reason: Reason,
    pub ticket: String,
    pub fields: Vec<String>,
    pub minutes: i16,
}

/// An approval: the access itself.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Queryable, Selectable, Insertable,
)]
#[diesel(table_name = break_glass_approval, check_for_backend(diesel::pg::Pg))]
pub struct Approval {
    pub request: Uuid,
    pub staff: String,
    pub approver: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub review_by: NaiveDate,
}

/// A review of an access.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Queryable, Selectable, Insertable,
)]
#[diesel(table_name = break_glass_review, check_for_backend(diesel::pg::Pg))]
pub struct Review {
    pub request: Uuid,
    pub staff: String,
    pub reviewer: String,
    pub outcome: Outcome,
    pub note: String,
    pub reviewed_at: DateTime<Utc>,
    pub approver: String,
}

/// Access that somebody has at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub request: Uuid,
    pub subject: Subject,
    pub fields: Vec<String>,
    pub ends_at: DateTime<Utc>,
}

/// Why there is no access.
#[derive(Debug, thiserror::Error)]
pub enum BreakGlassError {
    #[error("no such request")]
    NoSuchRequest,
    #[error("an access of {0} was not reviewed in time")]
    Suspended(String),
    #[error("another person decides than the one who asked")]
    OwnRequest,
    #[error("another person reviews than the one who approved")]
    OwnApproval,
    #[error("it was asked for too long ago: ask again")]
    TooLate,
    #[error("it was approved already")]
    Approved,
    #[error("it was reviewed already")]
    Reviewed,
    #[error(transparent)]
    Db(#[from] DbError),
}
