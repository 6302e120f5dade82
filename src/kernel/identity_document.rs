//! What a person proves who they are by (身份證明文件).
//!
//! Each kind has its own rules. The published form of exit-entry and re-entry permit numbers
//! is not complete, so ours takes every form that was seen; what fits none of the kinds is
//! `other`.

use std::fmt;

use crate::kernel::choice::choice;
use crate::kernel::hkid::{Hkid, NotHkid};
use crate::kernel::personal::{personal, plain};

choice! {
    /// What kind of document it is.
    pub enum DocumentKind {
        /// Hong Kong identity card (香港身份證).
        Hkid = "hkid",
        /// Passport (護照).
        Passport = "passport",
        /// Exit-entry permit for Hong Kong and Macau (往來港澳通行證).
        ExitEntryPermit = "exit_entry_permit",
        /// Hong Kong birth certificate (香港出生證明書); numbered like identity cards.
        BirthCertificate = "birth_certificate",
        /// Re-entry permit (回港證).
        ReEntryPermit = "re_entry_permit",
        Other = "other",
    }
}

personal! {
    /// A document's number: letters and digits, in upper case.
    DocumentNumber(max = 40);
}

/// A state by its three letters (ICAO 9303), such as `GBR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 3]);

/// A document and its number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum IdentityDocument {
    Hkid(Hkid),
    Passport(Country, DocumentNumber),
    ExitEntryPermit(DocumentNumber),
    BirthCertificate(Hkid),
    ReEntryPermit(DocumentNumber),
    Other(DocumentNumber),
}

/// Why there is no such document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDocument {
    #[error(transparent)]
    Hkid(#[from] NotHkid),
    #[error("a document's number has letters A to Z and digits only, at most 20")]
    Number,
    #[error("a passport's number has 5 to 12 letters and digits")]
    Passport,
    #[error("an exit-entry permit's number is C or W, a letter or digit, and seven digits")]
    ExitEntryPermit,
    #[error("a re-entry permit's number has one or two letters and six to eight digits")]
    ReEntryPermit,
    #[error("another document's number has 4 to 20 letters and digits")]
    Other,
    #[error("a passport has the three-letter code of the state that issued it; nothing else has")]
    Country,
}

impl IdentityDocument {
    /// The document of this kind that has this number.
    pub fn read(
        kind: DocumentKind,
        number: &str,
        country: Option<Country>,
    ) -> Result<Self, NotDocument> {
        if country.is_some() != (kind == DocumentKind::Passport) {
            return Err(NotDocument::Country);
        }
        let plain = || number.parse::<DocumentNumber>();
        match (kind, country) {
            (DocumentKind::Hkid, _) => Ok(Self::Hkid(number.parse()?)),
            (DocumentKind::BirthCertificate, _) => Ok(Self::BirthCertificate(number.parse()?)),
            (DocumentKind::Passport, Some(country)) => {
                let number = plain()?.that(|text| (5..=12).contains(&text.len()));
                Ok(Self::Passport(
                    country,
                    number.ok_or(NotDocument::Passport)?,
                ))
            }
            (DocumentKind::Passport, None) => Err(NotDocument::Country),
            (DocumentKind::ExitEntryPermit, _) => {
                let number = plain()?.that(is_exit_entry_permit);
                Ok(Self::ExitEntryPermit(
                    number.ok_or(NotDocument::ExitEntryPermit)?,
                ))
            }
            (DocumentKind::ReEntryPermit, _) => {
                let number = plain()?.that(is_re_entry_permit);
                Ok(Self::ReEntryPermit(
                    number.ok_or(NotDocument::ReEntryPermit)?,
                ))
            }
            (DocumentKind::Other, _) => {
                let number = plain()?.that(|text| text.len() >= 4);
                Ok(Self::Other(number.ok_or(NotDocument::Other)?))
            }
        }
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::Hkid(_) => DocumentKind::Hkid,
            Self::Passport(..) => DocumentKind::Passport,
            Self::ExitEntryPermit(_) => DocumentKind::ExitEntryPermit,
            Self::BirthCertificate(_) => DocumentKind::BirthCertificate,
            Self::ReEntryPermit(_) => DocumentKind::ReEntryPermit,
            Self::Other(_) => DocumentKind::Other,
        }
    }

    /// The state that issued it, where that is part of its number.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        match self {
            Self::Passport(country, _) => Some(*country),
            _ => None,
        }
    }

    /// Its number, in canonical form.
    #[must_use]
    pub fn reveal(&self) -> &str {
        match self {
            Self::Hkid(hkid) | Self::BirthCertificate(hkid) => hkid.reveal(),
            Self::Passport(_, number)
            | Self::ExitEntryPermit(number)
            | Self::ReEntryPermit(number)
            | Self::Other(number) => number.reveal(),
        }
    }

    /// Its number as the document bears it.
    #[must_use]
    pub fn printed(&self) -> String {
        match self {
            Self::Hkid(hkid) | Self::BirthCertificate(hkid) => hkid.printed(),
            other => other.reveal().to_owned(),
        }
    }

    /// Its number as it may be shown to whoever need not know it.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Hkid(hkid) | Self::BirthCertificate(hkid) => hkid.masked(),
            other => {
                let shown: String = other.reveal().chars().take(2).collect();
                format!("{shown}******")
            }
        }
    }

    /// Kind, state and number in one line; no two documents have the same.
    #[must_use]
    pub fn canonical(&self) -> String {
        let country = self.country().map(String::from).unwrap_or_default();
        format!("{}/{country}/{}", self.kind(), self.reveal())
    }

    /// The document that [`canonical`](Self::canonical) wrote.
    #[must_use]
    pub fn of_canonical(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, '/');
        let kind = parts.next()?.parse().ok()?;
        let country = parts.next().filter(|country| !country.is_empty());
        let country = match country {
            Some(country) => Some(Country::try_from(country.to_owned()).ok()?),
            None => None,
        };
        Self::read(kind, parts.next()?, country).ok()
    }
}

impl fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(***)", self.kind())
    }
}

impl DocumentNumber {
    fn that(self, fits: impl FnOnce(&str) -> bool) -> Option<Self> {
        fits(&self.0).then_some(self)
    }
}

impl TryFrom<String> for DocumentNumber {
    type Error = NotDocument;

    fn try_from(text: String) -> Result<Self, NotDocument> {
        if text.chars().count() > 40 {
            return Err(NotDocument::Number);
        }
        let text = plain(&text);
        let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if (1..=20).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text))
        } else {
            Err(NotDocument::Number)
        }
    }
}

fn is_exit_entry_permit(text: &str) -> bool {
    let rest = text.strip_prefix(['C', 'W']);
    rest.is_some_and(|rest| rest.len() == 8 && rest.bytes().skip(1).all(|b| b.is_ascii_digit()))
}

fn is_re_entry_permit(text: &str) -> bool {
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let letters = text.len() - digits.len();
    (1..=2).contains(&letters)
        && (6..=8).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl TryFrom<String> for Country {
    type Error = NotDocument;

    fn try_from(text: String) -> Result<Self, NotDocument> {
        let letters: [u8; 3] = text
            .as_bytes()
            .try_into()
            .map_err(|_| NotDocument::Country)?;
        let fits = letters.iter().all(u8::is_ascii_uppercase);
        fits.then_some(Self(letters)).ok_or(NotDocument::Country)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0.into_iter().map(char::from).collect()
    }
}

impl utoipa::PartialSchema for Country {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .into()
    }
}

impl utoipa::ToSchema for Country {
    fn name() -> std::borrow::Cow<'static, str> {
        "Country".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(text: &str) -> Country {
        Country::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn each_kind_has_its_own_rules() {
        use DocumentKind::{
            BirthCertificate, ExitEntryPermit, Hkid, Other, Passport, ReEntryPermit,
        };
        let gbr = Some(country("GBR"));
        for (kind, number, country, refused) in [
            (Hkid, "A123456(3)", None, None),
            (Hkid, "A123456(3)", gbr, Some(NotDocument::Country)),
            (Hkid, "A123456(4)", None, Some(NotHkid::CheckDigit.into())),
            (BirthCertificate, "s123456(2)", None, None),
            (
                BirthCertificate,
                "12345678",
                None,
                Some(NotHkid::Shape.into()),
            ),
            (Passport, "１２３４５６７８９", gbr, None),
            (Passport, "123456789", None, Some(NotDocument::Country)),
            (Passport, "1234", gbr, Some(NotDocument::Passport)),
            (Passport, "ABCDEFGHIJKLM", gbr, Some(NotDocument::Passport)),
            (Passport, "12345/789", gbr, Some(NotDocument::Number)),
            (ExitEntryPermit, "C12345678", None, None),
            (ExitEntryPermit, "cA1234567", None, None),
            (
                ExitEntryPermit,
                "D12345678",
                None,
                Some(NotDocument::ExitEntryPermit),
            ),
            (
                ExitEntryPermit,
                "C1234567",
                None,
                Some(NotDocument::ExitEntryPermit),
            ),
            (ReEntryPermit, "RM1234567", None, None),
            (
                ReEntryPermit,
                "1234567",
                None,
                Some(NotDocument::ReEntryPermit),
            ),
            (Other, "X1Y2", None, None),
            (Other, "X1Y", None, Some(NotDocument::Other)),
            (Other, "中文12", None, Some(NotDocument::Number)),
        ] {
            let read = IdentityDocument::read(kind, number, country);
            assert_eq!(read.as_ref().err().copied(), refused, "{kind} {number}");
            let Ok(document) = read else { continue };
            let again = IdentityDocument::of_canonical(&document.canonical());
            assert_eq!(again.as_ref(), Some(&document));
            assert!(!format!("{document:?}").contains(document.reveal()));
            assert!(!document.masked().contains(document.reveal()));
        }
    }

    #[test]
    fn one_number_of_two_kinds_is_two_documents() {
        let card = IdentityDocument::read(DocumentKind::Hkid, "A123456(3)", None).unwrap();
        let birth = IdentityDocument::read(DocumentKind::BirthCertificate, "A1234563", None);
        assert_ne!(card.canonical(), birth.unwrap().canonical());
        for text in ["", "hkid", "hkid//", "hkid//A123456(4)", "visa//A1234563"] {
            assert_eq!(IdentityDocument::of_canonical(text), None, "{text}");
        }
    }

    #[test]
    fn a_country_has_three_capital_letters() {
        for text in ["", "GB", "gbr", "GBRR", "G1R", "中"] {
            assert!(Country::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
