//! Errors as RFC 9457 problem documents.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::db::DbError;

/// A kind of problem: its type URI, status and title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    slug: &'static str,
    status: u16,
    title: &'static str,
}

impl Kind {
    /// Declares a kind; slices own theirs, next to the handlers that raise them.
    #[must_use]
    pub const fn new(slug: &'static str, status: u16, title: &'static str) -> Self {
        Self {
            slug,
            status,
            title,
        }
    }
}

const MALFORMED: Kind = Kind::new("malformed-request", 400, "The request cannot be read");
const UNAUTHENTICATED: Kind = Kind::new("unauthenticated", 401, "No valid access token");
const FORBIDDEN: Kind = Kind::new("forbidden", 403, "The token does not allow this");
const NOT_FOUND: Kind = Kind::new("not-found", 404, "No such thing");
const WRONG_METHOD: Kind = Kind::new("method-not-allowed", 405, "The method is not for this path");
const TOO_LARGE: Kind = Kind::new("body-too-large", 413, "The request body is too large");
const MEDIA_TYPE: Kind = Kind::new(
    "unsupported-media-type",
    415,
    "The body is not of a type taken here",
);
const TOO_MANY: Kind = Kind::new("too-many-requests", 429, "Too often; try again later");
const INTERNAL: Kind = Kind::new("internal", 500, "Something went wrong on our side");
const BUSY: Kind = Kind::new("busy", 503, "Too busy; try again shortly");

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    /// What was wrong with this request, for a person to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'static, str>>,
    /// OAuth's word for it, where OAuth has one (RFC 6749, 5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// For 429 and 503: after how many seconds to try again.
    #[serde(skip)]
    retry_after: Option<u16>,
    /// For the log; never sent.
    #[serde(skip)]
    cause: Option<Box<dyn Error + Send + Sync>>,
    /// For 405: what the path takes.
    #[serde(skip)]
    allow: Option<Box<str>>,
}

impl Problem {
    /// A problem of `kind`.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind: format!("/problems/{}", kind.slug),
            title: kind.title,
            status: kind.status,
            detail: None,
            error: None,
            retry_after: None,
            cause: None,
            allow: None,
        }
    }

    /// Explains this occurrence to the caller.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds OAuth's word for it.
    #[must_use]
    pub fn error(mut self, error: &'static str) -> Self {
        self.error = Some(error);
        self
    }

    /// 429; `wait` is how long.
    #[must_use]
    pub fn too_many(wait: Duration) -> Self {
        let seconds = u16::try_from(wait.as_secs()).unwrap_or(u16::MAX);
        Self {
            retry_after: Some(seconds.saturating_add(1)),
            ..Self::new(TOO_MANY)
        }
    }

    pub fn malformed(error: &impl fmt::Display) -> Self {
        Self::new(MALFORMED).detail(error.to_string())
    }

    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(UNAUTHENTICATED)
    }

    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(FORBIDDEN)
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::new(NOT_FOUND)
    }

    #[must_use]
    pub fn wrong_method(allow: String) -> Self {
        Self {
            allow: Some(allow.into()),
            ..Self::new(WRONG_METHOD)
        }
    }

    /// 503; `cause` is logged and never shown.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::caused(BUSY, cause)
    }

    /// A problem of `kind`; `cause` is logged and never shown.
    pub fn caused(kind: Kind, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(kind)
        }
    }

    /// 500; `cause` is logged and never shown.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::caused(INTERNAL, cause)
    }

    #[must_use]
    pub fn too_large() -> Self {
        Self::new(TOO_LARGE)
    }

    #[must_use]
    pub fn media_type() -> Self {
        Self::new(MEDIA_TYPE)
    }

    pub fn of_json(error: &JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
                Self::new(TOO_LARGE).detail(error.to_string())
            }
            JsonPayloadError::ContentType => Self::new(MEDIA_TYPE),
            JsonPayloadError::Deserialize(error) => Self::malformed(error),
            other => Self::malformed(other),
        }
    }

    pub fn of_path(error: &PathError) -> Self {
        Self::malformed(&format!("path: {error}"))
    }

    pub fn of_query(error: &QueryPayloadError) -> Self {
        Self::malformed(&format!("query: {error}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy => Self::new(BUSY),
            DbError::Away(_) | DbError::BrokenOff(_) => Self::unavailable(error),
            other => Self::internal(other),
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(cause) = &self.cause {
            tracing::error!(error.cause = %cause, "{}: {cause}", self.title);
        }
        let mut response = HttpResponse::build(self.status_code());
        let busy = (self.status == BUSY.status).then_some(1);
        if let Some(seconds) = self.retry_after.or(busy) {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.status == UNAUTHENTICATED.status {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((ALLOW, &**allow));
        }
        response
            .insert_header((CONTENT_TYPE, "application/problem+json"))
            .json(self)
    }
}
