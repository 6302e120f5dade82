//! Messages over HTTP.

mod choices;
mod list;
mod shown;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::MessageError;
use crate::platform::auth::permissions;
use crate::platform::http::precondition::Stale;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See what was sent to whom and when; neither the text nor the address is kept.
    ReadMessages = "messages:read";
    /// Send again what came to nothing.
    SendMessages = "messages:send";
    /// Choose a household's language and what it is told of.
    ChooseMessages = "messages:choose";
}

const NOT_RESENDABLE: Kind = Kind::new(
    "message-not-resendable",
    409,
    "The message is not one to be sent again",
);
const NOT_REFUSABLE: Kind = Kind::new(
    "message-not-refusable",
    422,
    "Households are told of this whether they like it or not",
);

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    list::routes(cfg);
    choices::routes(cfg);
}

impl From<MessageError> for Problem {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::NoSuchAccount | MessageError::NoSuchMessage => Self::not_found(),
            MessageError::NotResendable(_) | MessageError::Past(_) => {
                Self::new(NOT_RESENDABLE).detail(error.to_string())
            }
            MessageError::NotRefusable(_) => Self::new(NOT_REFUSABLE).detail(error.to_string()),
            MessageError::Stale => Stale.into(),
            MessageError::NoTerms(_) | MessageError::Unreadable(..) | MessageError::Ledger(_) => {
                Self::internal(error)
            }
            MessageError::People(error) => error.into(),
            MessageError::Rent(error) => error.into(),
            MessageError::Tenancy(error) => error.into(),
            MessageError::Vault(error) => error.into(),
            MessageError::Db(error) => error.into(),
        }
    }
}
