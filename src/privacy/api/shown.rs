//! Requests and readings as callers see them, and the query of their lists.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::bundle::{Claimed, Seen};
use super::super::model::{Refusal, Request, RequestState, Viewer, Wanted};
use crate::kernel::day::Day;
use crate::kernel::id::PersonId;
use crate::platform::http::page::{Cursor, Limit, Page, after};
use crate::platform::http::problem::Problem;

/// A data access or correction request.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PrivacyRequestOut {
    id: Uuid,
    person_id: PersonId,
    received_on: NaiveDate,
    /// The last of the 40 days to decide in.
    due_on: NaiveDate,
    state: RequestState,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<DateTime<Utc>>,
    /// For `If-Match` when it is decided.
    pub version: i32,
}

impl From<Request> for PrivacyRequestOut {
    fn from(request: Request) -> Self {
        Self {
            id: request.id,
            person_id: request.person,
            received_on: request.received_on,
            due_on: request.due_on,
            state: request.state,
            refusal: request.refusal,
            decided_at: request.decided_at,
            version: request.version,
        }
    }
}

/// A correction request, and what the person says is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CorrectionRequestOut {
    pub request: PrivacyRequestOut,
    /// Kept with the record when the correction is refused; absent once the person is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
}

impl From<Claimed> for CorrectionRequestOut {
    fn from(claimed: Claimed) -> Self {
        Self {
            request: claimed.request.into(),
            claim: claimed.claim,
        }
    }
}

/// A reading of a person's record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ViewOut {
    person_id: PersonId,
    at: DateTime<Utc>,
    /// What kind of caller: never which.
    by: Viewer,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// What was read of.
    fields: Vec<String>,
    /// Whether it was in an emergency, by someone who is not of the household's estate: two
    /// people agreed to it and a third looks into it.
    emergency: bool,
}

impl From<Seen> for ViewOut {
    fn from(seen: Seen) -> Self {
        Self {
            person_id: seen.person,
            at: seen.at,
            by: seen.by,
            purpose: seen.purpose,
            fields: seen.fields,
            emergency: seen.emergency,
        }
    }
}

/// Which requests, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RequestsQuery {
    state: Option<RequestState>,
    /// Only those due by this day.
    #[param(value_type = Option<String>, format = Date)]
    due_by: Option<Day>,
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    pub limit: Limit,
}

impl RequestsQuery {
    pub fn wanted(&self) -> Result<Wanted, Problem> {
        let place: Option<(Day, Uuid)> = after(self.after.as_ref())?;
        Ok(Wanted {
            state: self.state,
            due_by: self.due_by.map(Into::into),
            after: place.map(|(day, id)| (day.into(), id)),
            rows: self.limit.rows(),
        })
    }
}

/// A page of requests, the one due first before the others.
pub(super) fn page(rows: Vec<Request>, limit: Limit) -> Result<Page<PrivacyRequestOut>, Problem> {
    let place = |request: &Request| (request.due_on, request.id);
    Page::new(rows, limit, place, PrivacyRequestOut::from)
}

/// A place in time that PostgreSQL can keep; any other was made up.
pub(super) fn place(cursor: Option<&Cursor>) -> Result<Option<(DateTime<Utc>, Uuid)>, Problem> {
    let place: Option<(DateTime<Utc>, Uuid)> = after(cursor)?;
    let kept = |(at, _): &(DateTime<Utc>, Uuid)| (1900..=2199).contains(&at.year());
    if place.as_ref().is_none_or(kept) {
        Ok(place)
    } else {
        Err(Problem::malformed(&"after: not a place in this list"))
    }
}
