//! A person's row, sealed and opened.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::model::{NewMember, Particulars, PeopleError, Person, PersonField, Sex};
use crate::kernel::birth_date::BirthDate;
use crate::kernel::contact::{Email, Phone};
use crate::kernel::hkid::HkidSymbols;
use crate::kernel::id::PersonId;
use crate::kernel::identity_document::IdentityDocument;
use crate::kernel::person_name::{ChineseName, EnglishName, PersonName};
use crate::platform::crypto::hex;
use crate::platform::vault::{
    BlindIndex, Cell, DataKeys, IndexName, KeyClass, Padding, SealedColumn, Vault, VaultError,
};

const TABLE: &str = "person";

const fn sealed(column: &'static str) -> SealedColumn {
    SealedColumn {
        table: TABLE,
        column,
        id: "id",
        revision: Some("revision"),
        subject: "id",
        class: KeyClass::Identity,
        grows_only: false,
    }
}

/// The sealed columns of this slice.
pub const SEALED: &[SealedColumn] = &[
    sealed("name_zh"),
    sealed("name_en"),
    sealed("document"),
    sealed("symbols"),
    sealed("birth_date"),
    sealed("sex"),
    sealed("phone"),
    sealed("email"),
];

const fn index(column: &'static str, purpose: &'static str) -> IndexName {
    IndexName {
        class: KeyClass::Identity,
        table: TABLE,
        column,
        purpose,
    }
}

const BY_DOCUMENT: IndexName = index("document_index", "exact");
const BY_PHONE: IndexName = index("phone_index", "exact");
const BY_NAME_ZH: IndexName = index("name_key_zh", "surname and one");
const BY_NAME_EN: IndexName = index("name_key_en", "surname and initial");
/// Two keys for one person's two names: sixteen bits together.
const NAME_KEY_BITS: u32 = 8;

/// A person as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = crate::platform::db::schema::person, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_null = true)]
pub struct PersonRow {
    pub id: PersonId,
    pub name_zh: Option<Vec<u8>>,
    pub name_en: Option<Vec<u8>>,
    pub document: Option<Vec<u8>>,
    pub symbols: Option<Vec<u8>>,
    pub birth_date: Option<Vec<u8>>,
    pub sex: Option<Vec<u8>>,
    pub phone: Option<Vec<u8>>,
    pub email: Option<Vec<u8>>,
    pub document_index: Option<Vec<u8>>,
    pub phone_index: Option<Vec<u8>>,
    pub name_key_zh: Option<i16>,
    pub name_key_en: Option<i16>,
    pub revision: i32,
    pub recorded_at: DateTime<Utc>,
    pub erased_at: Option<DateTime<Utc>>,
}

/// The row of a person at `revision`, sealed.
pub fn seal(
    vault: &Vault,
    keys: &DataKeys,
    (id, revision): (PersonId, i32),
    known: &Particulars,
    recorded_at: DateTime<Utc>,
) -> Result<PersonRow, VaultError> {
    let seal = |field: PersonField, text: Option<&str>, padding| {
        let place = cell(id, field, revision);
        text.map(|text| keys.seal(&place, text.as_bytes(), padding))
            .transpose()
    };
    let (zh, en) = (known.name.zh(), known.name.en());
    let document = known.document.as_ref().map(IdentityDocument::canonical);
    let phone = known.phone.as_ref().map(Phone::reveal);
    let sex = known.sex.map(Sex::as_str);
    Ok(PersonRow {
        id,
        name_zh: seal(
            PersonField::NameZh,
            zh.map(ChineseName::reveal),
            Padding::To96,
        )?,
        name_en: seal(
            PersonField::NameEn,
            en.map(EnglishName::reveal),
            Padding::To96,
        )?,
        document: seal(PersonField::Document, document.as_deref(), Padding::To32)?,
        symbols: seal(
            PersonField::Symbols,
            known.symbols.as_ref().map(HkidSymbols::reveal),
            Padding::To32,
        )?,
        birth_date: seal(
            PersonField::BirthDate,
            known.birth_date.as_ref().map(BirthDate::reveal),
            Padding::To32,
        )?,
        sex: seal(PersonField::Sex, sex, Padding::To32)?,
        phone: seal(PersonField::Phone, phone, Padding::To32)?,
        email: seal(
            PersonField::Email,
            known.email.as_ref().map(Email::reveal),
            Padding::Multiple256,
        )?,
        document_index: known
            .document
            .as_ref()
            .map(|document| of_document(vault, document))
            .transpose()?,
        phone_index: phone.map(|phone| of_phone(vault, phone)).transpose()?,
        name_key_zh: zh
            .map(|name| of_name_zh(vault, name.reveal()))
            .transpose()?
            .flatten(),
        name_key_en: en
            .map(|name| of_name_en(vault, name.reveal()))
            .transpose()?,
        revision,
        recorded_at,
        erased_at: None,
    })
}

/// The person of `row`; without `keys` nothing of it is readable any more.
pub fn open(keys: Option<&DataKeys>, row: &PersonRow) -> Result<Person, PeopleError> {
    let particulars = match (keys, row.erased_at) {
        (Some(keys), None) => Some(opened(keys, row)?),
        _ => None,
    };
    Ok(Person {
        id: row.id,
        revision: row.revision,
        particulars,
    })
}

fn opened(keys: &DataKeys, row: &PersonRow) -> Result<Particulars, PeopleError> {
    let open = Opening { keys, row };
    let (zh, en) = (
        open.read(PersonField::NameZh, row.name_zh.as_deref(), |text| {
            text.parse().ok()
        })?,
        open.read(PersonField::NameEn, row.name_en.as_deref(), |text| {
            text.parse().ok()
        })?,
    );
    Ok(Particulars {
        name: PersonName::new(zh, en).map_err(|_| PeopleError::Unreadable(PersonField::NameEn))?,
        document: open.read(
            PersonField::Document,
            row.document.as_deref(),
            IdentityDocument::of_canonical,
        )?,
        symbols: open.read(PersonField::Symbols, row.symbols.as_deref(), |text| {
            text.parse().ok()
        })?,
        birth_date: open.read(PersonField::BirthDate, row.birth_date.as_deref(), |text| {
            text.parse().ok()
        })?,
        sex: open.read(PersonField::Sex, row.sex.as_deref(), |text| {
            text.parse().ok()
        })?,
        phone: open.read(PersonField::Phone, row.phone.as_deref(), |text| {
            text.parse().ok()
        })?,
        email: open.read(PersonField::Email, row.email.as_deref(), |text| {
            text.parse().ok()
        })?,
    })
}

struct Opening<'a> {
    keys: &'a DataKeys,
    row: &'a PersonRow,
}

impl Opening<'_> {
    fn read<T>(
        &self,
        field: PersonField,
        sealed: Option<&[u8]>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, PeopleError> {
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let place = cell(self.row.id, field, self.row.revision);
        let text = self.keys.open(&place, sealed)?;
        let text = std::str::from_utf8(&text).ok();
        let value = text.and_then(parse);
        value.map(Some).ok_or(PeopleError::Unreadable(field))
    }
}

fn cell(id: PersonId, field: PersonField, revision: i32) -> Cell {
    Cell {
        table: TABLE,
        column: field.as_str(),
        row: id.as_uuid(),
        revision,
    }
}

/// The blind index of a document.
pub fn of_document(vault: &Vault, document: &IdentityDocument) -> Result<Vec<u8>, VaultError> {
    exact(vault, BY_DOCUMENT, &document.canonical())
}

/// The blind index of a telephone number.
pub fn of_phone(vault: &Vault, phone: &str) -> Result<Vec<u8>, VaultError> {
    exact(vault, BY_PHONE, phone)
}

/// A keyed digest of a request to add somebody, to tell the same request from another.
pub fn fingerprint(vault: &Vault, new: &NewMember) -> Result<String, VaultError> {
    const REQUEST: IndexName = index("request", "fingerprint");
    let known = &new.particulars;
    let parts = [
        known.name.zh().map(|name| name.reveal().to_owned()),
        known.name.en().map(|name| name.reveal().to_owned()),
        known.document.as_ref().map(IdentityDocument::canonical),
        known
            .symbols
            .as_ref()
            .map(|symbols| symbols.reveal().to_owned()),
        known
            .birth_date
            .as_ref()
            .map(|date| date.reveal().to_owned()),
        known.sex.map(|sex| sex.to_string()),
        known.phone.as_ref().map(|phone| phone.reveal().to_owned()),
        known.email.as_ref().map(|email| email.reveal().to_owned()),
        Some(new.role.to_string()),
        Some(new.starts_on.to_string()),
        new.ends_on.map(|day| day.to_string()),
    ];
    // No part has a control character in it.
    let request = parts.map(Option::unwrap_or_default).join("\n");
    let BlindIndex(digest) = vault.index(REQUEST, request.as_bytes())?;
    Ok(hex(&digest))
}

fn exact(vault: &Vault, name: IndexName, text: &str) -> Result<Vec<u8>, VaultError> {
    let BlindIndex(index) = vault.index(name, text.as_bytes())?;
    Ok(index.to_vec())
}

/// The key of a Chinese name's first two characters; a name of one has none.
pub fn of_name_zh(vault: &Vault, name: &str) -> Result<Option<i16>, VaultError> {
    let letters: Vec<char> = name
        .chars()
        .filter(|letter| *letter != ' ')
        .take(2)
        .collect();
    if letters.len() < 2 {
        return Ok(None);
    }
    let first: String = letters.into_iter().collect();
    key(vault, BY_NAME_ZH, &first).map(Some)
}

/// The key of an English name's family name and the initial after it.
pub fn of_name_en(vault: &Vault, name: &str) -> Result<i16, VaultError> {
    let (family, given) = family_and_rest(name);
    of_family(vault, &family, given.chars().next())
}

/// The key of a family name with this initial.
pub fn of_family(vault: &Vault, family: &str, initial: Option<char>) -> Result<i16, VaultError> {
    let initial = initial.map(String::from).unwrap_or_default();
    key(vault, BY_NAME_EN, &format!("{family}/{initial}"))
}

/// The family name, and what stands after it; in upper case, without commas.
pub fn family_and_rest(name: &str) -> (String, String) {
    let plain = name.replace(',', " ").to_uppercase();
    let mut words = plain.split_whitespace();
    let family = words.next().unwrap_or_default().to_owned();
    (family, words.collect::<Vec<_>>().join(" "))
}

fn key(vault: &Vault, name: IndexName, text: &str) -> Result<i16, VaultError> {
    let index = vault.index(name, text.as_bytes())?;
    Ok(i16::try_from(index.truncated(NAME_KEY_BITS)).unwrap_or_default())
}
