//! People as callers see them: masked, or whole where that was asked for and answered for.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::model::{
    LeavingReason, MemberRole, Membership, Particulars, Person, PersonField, Sex,
};
use crate::kernel::birth_date::BirthDate;
use crate::kernel::contact::{Email, Phone};
use crate::kernel::hkid::HkidSymbols;
use crate::kernel::id::{MembershipId, PersonId};
use crate::kernel::identity_document::{Country, DocumentKind};
use crate::kernel::person_name::{ChineseName, EnglishName};
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::http::page::Cursor;

/// How much of a person is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Showing {
    /// Names too only by their first and last characters.
    Masked,
    /// To the person's own household: names whole, numbers masked.
    Names,
}

impl Showing {
    /// How much a caller with this reach sees.
    pub fn to(reach: &Reach) -> Self {
        match reach {
            Reach::Household(_) => Self::Names,
            Reach::Everywhere | Reach::Estates(_) | Reach::Person(_) => Self::Masked,
        }
    }
}

/// A person, as the caller may see them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonOut {
    pub id: PersonId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "陳*文")]
    name_zh: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "CHAN T** M**")]
    name_en: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentOut>,
    /// The year alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1980-**-**")]
    birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<Sex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "*****567")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether nothing is left of them but this.
    erased: bool,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentOut {
    kind: DocumentKind,
    #[schema(example = "A12****(*)")]
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Country>,
}

impl PersonOut {
    pub fn new(person: &Person, showing: Showing) -> Self {
        Self::of(person, showing, PersonField::ALL)
    }

    /// As [`Self::new`], of these fields alone.
    pub fn of(person: &Person, showing: Showing, fields: &[PersonField]) -> Self {
        let erased = person.particulars.is_none();
        let known = |field| {
            let known = person.particulars.as_ref();
            known.filter(|_| fields.contains(&field))
        };
        let zh = known(PersonField::NameZh).and_then(|known| known.name.zh());
        let en = known(PersonField::NameEn).and_then(|known| known.name.en());
        let (name_zh, name_en) = match showing {
            Showing::Masked => (zh.map(ChineseName::masked), en.map(EnglishName::masked)),
            Showing::Names => (
                zh.map(|name| name.reveal().to_owned()),
                en.map(|name| name.reveal().to_owned()),
            ),
        };
        let document = known(PersonField::Document).and_then(|known| known.document.as_ref());
        Self {
            id: person.id,
            name_zh,
            name_en,
            document: document.map(|document| DocumentOut {
                kind: document.kind(),
                number: document.masked(),
                country: document.country(),
            }),
            birth_date: known(PersonField::BirthDate)
                .and_then(|known| Some(known.birth_date.as_ref()?.masked())),
            sex: known(PersonField::Sex).and_then(|known| known.sex),
            phone: known(PersonField::Phone).and_then(|known| Some(known.phone.as_ref()?.masked())),
            email: known(PersonField::Email).and_then(|known| Some(known.email.as_ref()?.masked())),
            erased,
        }
    }
}

/// A stay with a household.
#[derive(Debug, Serialize, ToSchema)]
pub struct MembershipOut {
    id: MembershipId,
    tenant_code: TenantCode,
    role: MemberRole,
    starts_on: NaiveDate,
    /// The last day; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<LeavingReason>,
    /// For `If-Match` when it is to end.
    version: i32,
}

impl From<Membership> for MembershipOut {
    fn from(stay: Membership) -> Self {
        Self {
            id: stay.id,
            tenant_code: stay.household,
            role: stay.role,
            starts_on: stay.starts_on,
            ends_on: stay.ends_on,
            end_reason: stay.end_reason,
            version: stay.version,
        }
    }
}

/// A member of a household.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberOut {
    membership: MembershipOut,
    person: PersonOut,
}

impl MemberOut {
    pub fn new(stay: Membership, person: PersonOut) -> Self {
        Self {
            membership: stay.into(),
            person,
        }
    }
}

/// A person with the memberships that the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundOut {
    pub person: PersonOut,
    pub memberships: Vec<MembershipOut>,
}

/// Who was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PeopleFound {
    pub items: Vec<FoundOut>,
    /// Send as `after` to look further; absent when the search came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// Who joined or changed, by ids.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JoinedOut {
    pub person_id: PersonId,
    pub membership_id: MembershipId,
}

/// Fields of a person, whole: those that were asked for and are known.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmaskedOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    name_zh: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_en: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbols: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<Sex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl UnmaskedOut {
    /// `fields` of `known`.
    #[must_use]
    pub fn new(known: &Particulars, fields: &[PersonField]) -> Self {
        let asked = |field| fields.contains(&field);
        let text = |field, text: Option<&str>| text.filter(|_| asked(field)).map(ToOwned::to_owned);
        let document = known.document.as_ref();
        Self {
            name_zh: text(
                PersonField::NameZh,
                known.name.zh().map(ChineseName::reveal),
            ),
            name_en: text(
                PersonField::NameEn,
                known.name.en().map(EnglishName::reveal),
            ),
            document: document
                .filter(|_| asked(PersonField::Document))
                .map(|document| DocumentOut {
                    kind: document.kind(),
                    number: document.printed(),
                    country: document.country(),
                }),
            symbols: text(
                PersonField::Symbols,
                known.symbols.as_ref().map(HkidSymbols::reveal),
            ),
            birth_date: known
                .birth_date
                .as_ref()
                .filter(|_| asked(PersonField::BirthDate))
                .map(BirthDate::day),
            sex: known.sex.filter(|_| asked(PersonField::Sex)),
            phone: text(PersonField::Phone, known.phone.as_ref().map(Phone::reveal)),
            email: text(PersonField::Email, known.email.as_ref().map(Email::reveal)),
        }
    }
}
