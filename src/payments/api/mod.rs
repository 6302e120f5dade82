//! Payments over HTTP.

mod channels;
mod codes;
mod scanned;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::PaymentError;
use crate::platform::auth::permissions;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See what a payer scans or types.
    ReadCodes = "payment:codes";
}

const UNREADABLE: Kind = Kind::new("unreadable-code", 422, "The text is no FPS code");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    channels::routes(cfg);
    codes::routes(cfg);
    scanned::routes(cfg);
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::NoSuchAccount | PaymentError::NoSuchCode | PaymentError::NoSuchFile => {
                Self::not_found()
            }
            error @ (PaymentError::Closed(..)
            | PaymentError::NotOurs(..)
            | PaymentError::SequenceTaken { .. }
            | PaymentError::Changed
            | PaymentError::File(_)
            | PaymentError::Ledger(_)) => Self::internal(error),
            PaymentError::Unreadable(error) => Self::new(UNREADABLE).detail(error.to_string()),
            PaymentError::Rent(error) => error.into(),
            PaymentError::Db(error) => error.into(),
        }
    }
}
