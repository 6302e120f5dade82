//! Values of a record, by key, and the findings made on the way.

use serde_json::{Map, Number, Value};

use super::finding::{Finding, FindingKind as Kind, Severity};
use super::text;
use crate::kernel::language::Trilingual;

/// The longest published text has some 500 letters, the longest name some 70.
const LONGEST_TEXT: usize = 5_000;
pub(super) const LONGEST_NAME: usize = 200;

/// The languages of a text, English first, as [`Trilingual`] has them.
const LANGUAGES: [&str; 3] = ["en", "zh-Hant", "zh-Hans"];

/// The record is refused; the finding that says why has been made.
pub(super) struct Refused;

/// A record being read: where it stands, and where its findings go.
pub(super) struct Record<'a> {
    pub number: usize,
    pub estate: Option<String>,
    pub findings: &'a mut Vec<Finding>,
}

impl Record<'_> {
    /// The value of `key` as plain text; a missing language is empty.
    pub fn text(&mut self, values: &Map<String, Value>, key: &str) -> Result<Trilingual, Refused> {
        let Some(value) = values.get(key) else {
            self.warn(key, Kind::Missing, "the key is missing");
            return Ok(Trilingual::default());
        };
        let Value::Object(languages) = value else {
            return self.wrong_type(key, "an object of texts");
        };
        for unknown in languages
            .keys()
            .filter(|key| !LANGUAGES.contains(&key.as_str()))
        {
            let shown: String = text::tidy(unknown).chars().take(80).collect();
            self.warn(
                key,
                Kind::UnknownKey,
                format!("{shown:?} is none of the languages"),
            );
        }
        let mut texts = [String::new(), String::new(), String::new()];
        for (text, language) in texts.iter_mut().zip(LANGUAGES) {
            match languages.get(language) {
                Some(Value::String(value)) => *text = self.bounded(key, value)?,
                Some(_) => return self.wrong_type(key, "an object of texts"),
                None => self.warn(key, Kind::Missing, format!("{language} is missing")),
            }
        }
        let [en, traditional, simplified] = texts;
        Ok(Trilingual {
            en,
            zh_hant: traditional,
            zh_hans: simplified,
        })
    }

    /// `text` made plain, unless it is absurdly long.
    pub fn bounded(&mut self, key: &str, text: &str) -> Result<String, Refused> {
        if text.len() > LONGEST_TEXT * 4 || text.chars().count() > LONGEST_TEXT {
            let message = format!("the text has more than {LONGEST_TEXT} characters");
            return self.refuse(key, Kind::TooLong, message);
        }
        Ok(text::plain(text))
    }

    pub fn short_enough(&mut self, key: &str, name: &Trilingual) -> Result<(), Refused> {
        let names = [&name.en, &name.zh_hant, &name.zh_hans];
        if names.iter().any(|name| name.chars().count() > LONGEST_NAME) {
            let message = format!("a name has more than {LONGEST_NAME} characters");
            return self.refuse(key, Kind::TooLong, message);
        }
        Ok(())
    }

    pub fn number(
        &mut self,
        values: &Map<String, Value>,
        key: &str,
    ) -> Result<Option<Number>, Refused> {
        match values.get(key) {
            Some(Value::Number(number)) => Ok(Some(number.clone())),
            Some(_) => self.wrong_type(key, "a number"),
            None => {
                self.warn(key, Kind::Missing, "the key is missing");
                Ok(None)
            }
        }
    }

    /// Warns when a Chinese text gives another figure than the English one.
    pub fn agree<T: PartialEq>(
        &mut self,
        key: &str,
        text: &Trilingual,
        en: Option<&T>,
        read: impl Fn(&str) -> Option<T>,
    ) {
        for (language, other) in [("zh-Hant", &text.zh_hant), ("zh-Hans", &text.zh_hans)] {
            if !other.is_empty() && read(other).as_ref() != en {
                let message = format!("en {:?}, {language} {other:?}; English is taken", text.en);
                self.warn(key, Kind::LanguagesDiffer, message);
            }
        }
    }

    pub fn unreadable(&mut self, key: &str, text: &Trilingual) {
        if text.en.is_empty() {
            self.warn(key, Kind::Missing, "nothing is stated");
        } else {
            let shown: String = text.en.chars().take(80).collect();
            self.warn(key, Kind::Unreadable, format!("{shown:?} cannot be read"));
        }
    }

    pub fn wrong_type<T>(&mut self, key: &str, wanted: &str) -> Result<T, Refused> {
        self.refuse(key, Kind::WrongType, format!("the value is not {wanted}"))
    }

    pub fn refuse<T>(
        &mut self,
        key: &str,
        kind: Kind,
        message: impl Into<String>,
    ) -> Result<T, Refused> {
        self.error(Some(key), kind, message);
        Err(Refused)
    }

    pub fn error(&mut self, key: Option<&str>, kind: Kind, message: impl Into<String>) {
        self.find(Severity::Error, key, kind, message.into());
    }

    pub fn warn(&mut self, key: &str, kind: Kind, message: impl Into<String>) {
        self.find(Severity::Warning, Some(key), kind, message.into());
    }

    fn find(&mut self, severity: Severity, key: Option<&str>, kind: Kind, message: String) {
        self.findings.push(Finding {
            severity,
            kind,
            record: Some(self.number),
            estate: self.estate.clone(),
            key: key.map(str::to_owned),
            message,
        });
    }
}
