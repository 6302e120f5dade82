//! `ETag` and `If-Match`: a change names the version it was decided on.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use super::problem::{Kind, Problem};

const REQUIRED: Kind = Kind::new(
    "precondition-required",
    428,
    "The change must carry If-Match",
);
const FAILED: Kind = Kind::new("precondition-failed", 412, "Someone changed it meanwhile");

/// The `ETag` of version `version`.
#[must_use]
pub fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// The version a change was decided on.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(names("If-Match"), parameter_in = Header)]
pub struct IfMatch(#[param(value_type = String, pattern = r#"^"[0-9]{1,9}"$"#)] i32);

impl IfMatch {
    /// The version itself.
    #[must_use]
    pub fn version(self) -> i32 {
        self.0
    }

    /// Refuses unless the thing is still at that version.
    pub fn holds(self, version: i32) -> Result<(), Stale> {
        if self.0 == version {
            Ok(())
        } else {
            Err(Stale)
        }
    }
}

/// The thing was changed after the caller read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("someone changed it meanwhile")]
pub struct Stale;

impl From<Stale> for Problem {
    fn from(_: Stale) -> Self {
        Self::new(FAILED).detail("Read it again and decide anew.")
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(header) = request.headers().get(IF_MATCH) else {
            return ready(Err(Problem::new(REQUIRED)));
        };
        let version = header
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        ready(version.map(Self).ok_or_else(|| {
            Problem::malformed(&"If-Match must be one ETag as it was given, such as \"3\"")
        }))
    }
}
