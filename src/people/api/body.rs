//! People as callers write them.

use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::super::model::{
    Change, Correction, LeavingReason, MemberRole, NewMember, Particulars, PeopleError,
    PersonField, Sex, UnmaskReason,
};
use crate::kernel::birth_date::BirthDate;
use crate::kernel::contact::{Email, Phone};
use crate::kernel::day::Day;
use crate::kernel::hkid::HkidSymbols;
use crate::kernel::id::PersonId;
use crate::kernel::identity_document::{Country, DocumentKind, IdentityDocument, NotDocument};
use crate::kernel::person_name::{ChineseName, EnglishName, PersonName};
use crate::kernel::text::Line;
use crate::platform::http::page::{Cursor, Limit};

/// An identity document as its holder shows it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentIn {
    kind: DocumentKind,
    #[schema(value_type = String, min_length = 1, max_length = 40, example = "A123456(3)")]
    number: Line<40>,
    /// The state that issued a passport.
    country: Option<Country>,
}

/// A document that was read.
#[derive(Debug, Deserialize)]
#[serde(try_from = "DocumentIn")]
pub(super) struct Document(pub IdentityDocument);

impl TryFrom<DocumentIn> for Document {
    type Error = NotDocument;

    fn try_from(parts: DocumentIn) -> Result<Self, NotDocument> {
        IdentityDocument::read(parts.kind, parts.number.as_str(), parts.country).map(Self)
    }
}

/// Who somebody is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonIn {
    /// In Chinese characters; one of the two names is there.
    pub name_zh: Option<ChineseName>,
    /// In Latin letters, family name first.
    pub name_en: Option<EnglishName>,
    #[schema(value_type = Option<DocumentIn>)]
    pub document: Option<Document>,
    /// As printed on the identity card, such as `***AZ`.
    pub symbols: Option<HkidSymbols>,
    #[schema(value_type = String, format = Date)]
    pub birth_date: BirthDate,
    pub sex: Sex,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
}

/// Somebody who joins a household.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberIn {
    pub person: PersonIn,
    pub role: MemberRole,
    pub starts_on: Day,
    /// The last day of a temporary stay or of a helper's.
    pub ends_on: Option<Day>,
}

impl MemberIn {
    pub fn read(self) -> Result<NewMember, PeopleError> {
        let PersonIn {
            name_zh,
            name_en,
            document,
            symbols,
            birth_date,
            sex,
            phone,
            email,
        } = self.person;
        Ok(NewMember {
            particulars: Particulars {
                name: PersonName::new(name_zh, name_en)?,
                document: document.map(|Document(read)| read),
                symbols,
                birth_date: Some(birth_date),
                sex: Some(sex),
                phone,
                email,
            },
            role: self.role,
            starts_on: self.starts_on.into(),
            ends_on: self.ends_on.map(Into::into),
        })
    }
}

/// What to correct; what is absent stays, and null takes away what may be missing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    #[serde(default = "stays", deserialize_with = "change")]
    #[schema(value_type = Option<ChineseName>)]
    name_zh: Change<ChineseName>,
    #[serde(default = "stays", deserialize_with = "change")]
    #[schema(value_type = Option<EnglishName>)]
    name_en: Change<EnglishName>,
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<DocumentIn>)]
    document: Option<Document>,
    #[serde(default = "stays", deserialize_with = "change")]
    #[schema(value_type = Option<HkidSymbols>)]
    symbols: Change<HkidSymbols>,
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = String, format = Date)]
    birth_date: Option<BirthDate>,
    #[serde(default, deserialize_with = "sent")]
    sex: Option<Sex>,
    #[serde(default = "stays", deserialize_with = "change")]
    #[schema(value_type = Option<Phone>)]
    phone: Change<Phone>,
    #[serde(default = "stays", deserialize_with = "change")]
    #[schema(value_type = Option<Email>)]
    email: Change<Email>,
}

impl From<PersonChange> for Correction {
    fn from(change: PersonChange) -> Self {
        Self {
            name_zh: change.name_zh,
            name_en: change.name_en,
            document: change.document.map(|Document(read)| read),
            symbols: change.symbols,
            birth_date: change.birth_date,
            sex: change.sex,
            phone: change.phone,
            email: change.email,
        }
    }
}

fn stays<T>() -> Change<T> {
    Change::Stays
}

/// A field that is sent: null takes away what it names.
fn change<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Change<T>, D::Error> {
    let sent: Option<T> = Deserialize::deserialize(from)?;
    Ok(sent.map_or(Change::Goes, Change::Becomes))
}

/// A field that is sent has a value: null is not one.
fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// How a membership is to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeavingIn {
    /// The last day; not ahead for the head and authorised members.
    pub ends_on: Day,
    /// Any but `role_changed`, which only a change of head says.
    pub reason: LeavingReason,
}

/// Who is to be the head.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadIn {
    /// An authorised member of 18 or more.
    pub person_id: PersonId,
    /// The first day as head; not ahead.
    pub starts_on: Day,
    /// Why the head before leaves; absent when they stay as an authorised member.
    pub former_leaves: Option<LeavingReason>,
}

/// Which members, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MembersQuery {
    /// Those too whose membership is over.
    #[serde(default)]
    pub past: bool,
    /// The previous page's `next`.
    #[param(value_type = Option<String>)]
    pub after: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 25)]
    pub limit: Limit,
}

/// What is known of somebody to be found: one of these.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchIn {
    /// The whole document.
    #[schema(value_type = Option<DocumentIn>)]
    pub document: Option<Document>,
    /// The whole number.
    pub phone: Option<Phone>,
    /// How the Chinese name begins: two characters or more.
    pub name_zh: Option<ChineseName>,
    /// How the English name begins: the family name, and then any part of the given one.
    pub name_en: Option<EnglishName>,
    /// The previous answer's `next`.
    #[schema(value_type = Option<String>)]
    pub after: Option<Cursor>,
}

/// What is to be seen whole, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnmaskIn {
    #[schema(min_items = 1, max_items = 8)]
    pub fields: Vec<PersonField>,
    pub reason: UnmaskReason,
    /// What the reason does not say; kept sealed with the record of this.
    pub note: Option<Line<200>>,
}
