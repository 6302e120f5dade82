//! People over HTTP.

mod body;
mod household;
mod one;
mod search;
mod shown;

use utoipa_actix_web::service_config::ServiceConfig;

pub use body::PersonChange;
pub use shown::{MembershipOut, UnmaskedOut};

use super::model::PeopleError;
use crate::platform::auth::permissions;
use crate::platform::http::precondition::Stale;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// Read members and people, their numbers masked.
    ReadPeople = "people:read";
    /// Add members, correct details, end memberships, change the head.
    WritePeople = "people:write";
    /// Find people by document, telephone or name.
    SearchPeople = "people:search";
    /// See masked fields of one person, for a reason.
    UnmaskPeople = "people:unmask";
}

const DOCUMENT_HELD: Kind = Kind::new(
    "document-held",
    409,
    "Another person is on record with this document",
);
const HEAD_EXISTS: Kind = Kind::new("head-exists", 409, "The household has a head");
const MEMBER_ALREADY: Kind = Kind::new("member-already", 409, "The person is a member already");
const HEAD_LEAVES: Kind = Kind::new("head-leaves", 409, "The head leaves others behind");
const MEMBERSHIP_ENDED: Kind = Kind::new("membership-ended", 409, "The membership is over");
const ERASED: Kind = Kind::new("person-erased", 409, "Nothing is left of an erased person");
const STILL_MEMBER: Kind = Kind::new("still-member", 409, "The person belongs to a household");
const REFUSED: Kind = Kind::new("people-refused", 422, "The household cannot be so");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    household::routes(cfg);
    one::routes(cfg);
    search::routes(cfg);
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        let said = |kind, error: PeopleError| Self::new(kind).detail(error.to_string());
        match error {
            PeopleError::NoSuchHousehold
            | PeopleError::NoSuchPerson
            | PeopleError::NoSuchMember => Self::not_found(),
            PeopleError::Stale => Stale.into(),
            PeopleError::DocumentHeld => Self::new(DOCUMENT_HELD),
            PeopleError::HeadExists => said(HEAD_EXISTS, error),
            PeopleError::MemberAlready => said(MEMBER_ALREADY, error),
            PeopleError::HeadLeaves => said(HEAD_LEAVES, error),
            PeopleError::Ended => Self::new(MEMBERSHIP_ENDED),
            PeopleError::Erased => Self::new(ERASED),
            PeopleError::StillMember => Self::new(STILL_MEMBER),
            PeopleError::Name(_)
            | PeopleError::NotBornYet
            | PeopleError::SymbolsWithoutCard
            | PeopleError::Full(_)
            | PeopleError::Start(..)
            | PeopleError::End(..)
            | PeopleError::EndUnforeseen
            | PeopleError::RoleChangeIsNoEnding
            | PeopleError::NotEligible
            | PeopleError::HeadAlready
            | PeopleError::HeadStart(..)
            | PeopleError::NameTooShort => said(REFUSED, error),
            PeopleError::Unreadable(_) => Self::internal(error),
            PeopleError::Vault(error) => error.into(),
            PeopleError::Tenancy(error) => error.into(),
            PeopleError::Db(error) => error.into(),
        }
    }
}
