//! CSSA over HTTP. The department's files are brought as every settlement file is.

mod exceptions;
mod household;
mod reconciliations;
mod rents;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::CssaError;
use crate::platform::auth::permissions;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See what the Social Welfare Department pays of a household's rent.
    ReadAllowances = "cssa:read";
    /// See what of a month does not agree.
    ReadMonths = "cssa-month:read";
    /// Order that a month is reconciled, and the file of its rents.
    OrderMonths = "cssa-month:write" everywhere;
    /// See which files of rents there are.
    ReadRents = "cssa-rents:read" everywhere;
    /// Take a file of rents to the department: it names every recipient.
    TakeRents = "cssa-rents:file" everywhere fresh;
}

const OUTSIDE_MONTHS: Kind =
    Kind::new("cssa-outside-months", 422, "That month is too far from now");
const NOT_MADE: Kind = Kind::new("cssa-not-made", 409, "The file is not made yet");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    household::routes(cfg);
    reconciliations::routes(cfg);
    exceptions::routes(cfg);
    rents::routes(cfg);
}

impl From<CssaError> for Problem {
    fn from(error: CssaError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            CssaError::NoSuchAccount | CssaError::NoSuchReconciliation | CssaError::NoSuchFile => {
                return Self::not_found();
            }
            CssaError::NotMade => NOT_MADE,
            CssaError::OutsideMonths(_) => OUTSIDE_MONTHS,
            CssaError::Rent(error) => return error.into(),
            CssaError::Db(error) => return error.into(),
            error @ (CssaError::Altered | CssaError::Amount(_)) => return Self::internal(error),
        };
        Self::new(kind).detail(detail)
    }
}
