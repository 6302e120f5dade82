//! A person's names: in Chinese, in English, or both, each as the identity document has it.
//!
//! Every Han character of Unicode is taken, those of the HKSCS and of Extension B and later
//! included. What cannot be seen or does not exist is refused where it stands: control
//! characters, marks that turn the direction of writing, zero-width ones, code points that are
//! unassigned or for private use (as early HKSCS fonts used them).

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::kernel::personal::{narrow, personal};

personal! {
    /// A name in Chinese characters (中文姓名), family name first.
    ChineseName(max = 30);
    /// A name in Latin letters (英文姓名), family name first.
    EnglishName(max = 60);
}

/// What a person is called; at least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName {
    zh: Option<ChineseName>,
    en: Option<EnglishName>,
}

/// Why a text is no name. Places are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotName {
    #[error("a person has a Chinese name, an English name or both")]
    Neither,
    #[error("a Chinese name has 1 to 30 characters, an English one 1 to 60")]
    Length,
    #[error("character {0} of the name is {1}")]
    Character(usize, Fault),
    #[error("an English name has at least one letter")]
    NoLetter,
    #[error("a Chinese name has at least one Chinese character")]
    NoHan,
}

/// What is wrong with a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("a control character")]
    Control,
    #[error("invisible, or turns the direction of writing")]
    Invisible,
    #[error("not assigned in Unicode")]
    Unassigned,
    #[error("for private use")]
    PrivateUse,
    #[error("not one that Chinese names have")]
    NotChinese,
    #[error("not one that English names have")]
    NotEnglish,
}

/// Normalised text never grows past this much of what was typed before it is refused.
const LONGEST_TYPED: usize = 200;

impl PersonName {
    /// A person called so.
    pub fn new(zh: Option<ChineseName>, en: Option<EnglishName>) -> Result<Self, NotName> {
        if zh.is_none() && en.is_none() {
            return Err(NotName::Neither);
        }
        Ok(Self { zh, en })
    }

    #[must_use]
    pub fn zh(&self) -> Option<&ChineseName> {
        self.zh.as_ref()
    }

    #[must_use]
    pub fn en(&self) -> Option<&EnglishName> {
        self.en.as_ref()
    }
}

impl ChineseName {
    /// The first character and, of three or more, the last: `陳*文`.
    #[must_use]
    pub fn masked(&self) -> String {
        let count = self.0.chars().count();
        let shown = |place: usize| match count {
            1 => false,
            2 => place == 0,
            _ => place == 0 || place + 1 == count,
        };
        let letters = self.0.chars().enumerate();
        letters
            .map(|(place, letter)| if shown(place) { letter } else { '*' })
            .collect()
    }
}

impl EnglishName {
    /// The family name and the initials: `CHAN T** M**`.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut words = self.0.split(' ').peekable();
        let mut masked = Vec::new();
        if let Some(family) = words.next() {
            masked.push(if words.peek().is_some() {
                family.to_owned()
            } else {
                initial(family)
            });
        }
        masked.extend(words.map(initial));
        masked.join(" ")
    }
}

fn initial(word: &str) -> String {
    let first: String = word.chars().take(1).collect();
    format!("{first}**")
}

impl TryFrom<String> for ChineseName {
    type Error = NotName;

    fn try_from(text: String) -> Result<Self, NotName> {
        let name = composed(&text, 30)?;
        for (place, letter) in (1..).zip(name.chars()) {
            if !is_han(letter) && !matches!(letter, '·' | '‧' | '・' | '．' | ' ') {
                return Err(NotName::Character(place, Fault::NotChinese));
            }
        }
        if name.chars().any(is_han) {
            Ok(Self(name))
        } else {
            Err(NotName::NoHan)
        }
    }
}

impl TryFrom<String> for EnglishName {
    type Error = NotName;

    fn try_from(text: String) -> Result<Self, NotName> {
        let text: String = text.chars().map(narrow).collect();
        let name = composed(&text, 60)?;
        for (place, letter) in (1..).zip(name.chars()) {
            let known = is_latin(letter)
                || matches!(
                    letter,
                    ' ' | '-' | '\'' | '\u{2019}' | '.' | ',' | '/' | '(' | ')' | '@'
                );
            if !known {
                return Err(NotName::Character(place, Fault::NotEnglish));
            }
        }
        if name.chars().any(is_latin) {
            Ok(Self(name))
        } else {
            Err(NotName::NoLetter)
        }
    }
}

/// `text` in NFC with single spaces, unless something in it is not to be written.
fn composed(text: &str, most: usize) -> Result<String, NotName> {
    if text.chars().take(LONGEST_TYPED + 1).count() > LONGEST_TYPED {
        return Err(NotName::Length);
    }
    for (place, letter) in (1..).zip(text.chars()) {
        if let Some(fault) = fault(letter) {
            return Err(NotName::Character(place, fault));
        }
    }
    let composed: String = text.nfc().collect();
    let words: Vec<&str> = composed.split_whitespace().collect();
    let name = words.join(" ");
    if (1..=most).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(NotName::Length)
    }
}

fn fault(letter: char) -> Option<Fault> {
    match letter.general_category() {
        GeneralCategory::Control => Some(Fault::Control),
        GeneralCategory::Format
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => Some(Fault::Invisible),
        GeneralCategory::Unassigned | GeneralCategory::Surrogate => Some(Fault::Unassigned),
        GeneralCategory::PrivateUse => Some(Fault::PrivateUse),
        // Blank letters and variation selectors: seen by a machine only.
        _ if matches!(letter, '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{2800}') =>
        {
            Some(Fault::Invisible)
        }
        _ => None,
    }
}

/// Every block of Han characters; unassigned places in them were refused before.
fn is_han(letter: char) -> bool {
    matches!(letter,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{2FA1F}' | '\u{30000}'..='\u{3FFFD}' | '〇' | '々')
}

/// Letters of Latin with and without marks, as NFC composes them.
fn is_latin(letter: char) -> bool {
    letter.is_alphabetic()
        && matches!(letter, 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zh(text: &str) -> Result<ChineseName, NotName> {
        text.parse()
    }

    fn en(text: &str) -> Result<EnglishName, NotName> {
        text.parse()
    }

    #[test]
    fn names_of_hong_kong_are_taken() {
        // 𨋢, 𠝹 and 𡃁 are of the HKSCS in Extension B; 㗎 of Extension A; 鿫 of 2018.
        for text in [
            "陳大文",
            "歐陽震華",
            "𨋢𠝹",
            "㗎𡃁",
            "李鿫",
            "阿里·汗",
            "買買提‧艾力",
            "陳 大文",
        ] {
            assert_eq!(
                zh(text).map(|name| name.reveal().to_owned()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "CHAN Tai Man",
            "O'BRIEN",
            "CHAN, Tai-man Peter",
            "SINGH S/O RAM",
            "Nguyễn Văn A",
        ] {
            assert_eq!(
                en(text).map(|name| name.reveal().to_owned()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(en("ＣＨＡＮ　Ｔａｉ").unwrap().reveal(), "CHAN Tai");
        assert_eq!(en("  CHAN   Tai ").unwrap().reveal(), "CHAN Tai");
        // Typed with a mark of its own, kept composed.
        assert_eq!(en("Jose\u{301}").unwrap().reveal(), "José");
    }

    #[test]
    fn what_cannot_be_seen_is_refused_where_it_stands() {
        for (text, place, fault) in [
            ("陳\u{0}文", 2, Fault::Control),
            ("陳大\n", 3, Fault::Control),
            ("\u{202E}陳大文", 1, Fault::Invisible),
            ("陳\u{2066}大文", 2, Fault::Invisible),
            ("陳大\u{200B}文", 3, Fault::Invisible),
            ("陳大文\u{FEFF}", 4, Fault::Invisible),
            ("陳\u{200D}文", 2, Fault::Invisible),
            ("陳\u{E0101}文", 2, Fault::Invisible),
            ("陳\u{3164}文", 2, Fault::Invisible),
            ("陳\u{2028}文", 2, Fault::Invisible),
            ("陳\u{E000}文", 2, Fault::PrivateUse),
            ("陳\u{F0000}文", 2, Fault::PrivateUse),
            ("陳\u{0378}文", 2, Fault::Unassigned),
            ("陳\u{2FFFE}文", 2, Fault::Unassigned),
            ("陳A文", 2, Fault::NotChinese),
            ("陳😀", 2, Fault::NotChinese),
        ] {
            assert_eq!(zh(text), Err(NotName::Character(place, fault)), "{text:?}");
        }
        for (text, place, fault) in [
            ("CHAN\u{202E}Tai", 5, Fault::Invisible),
            ("CHAN Тai", 6, Fault::NotEnglish),
            ("CHAN 大", 6, Fault::NotEnglish),
            ("CHAN <b>", 6, Fault::NotEnglish),
            ("=CMD", 1, Fault::NotEnglish),
            ("CHAN\tTai", 5, Fault::Control),
            ("CHAN 2", 6, Fault::NotEnglish),
        ] {
            assert_eq!(en(text), Err(NotName::Character(place, fault)), "{text:?}");
        }
    }

    #[test]
    fn names_have_bounds_and_one_of_the_two_is_there() {
        assert!(zh(&"陳".repeat(30)).is_ok() && en(&"A".repeat(60)).is_ok());
        assert_eq!(zh(&"陳".repeat(31)), Err(NotName::Length));
        assert_eq!(en(&"A".repeat(61)), Err(NotName::Length));
        assert_eq!(en(&"A".repeat(1_000_000)), Err(NotName::Length));
        for text in ["", " ", "　"] {
            assert_eq!(zh(text), Err(NotName::Length), "{text:?}");
        }
        assert_eq!(zh("··"), Err(NotName::NoHan));
        assert_eq!(en(".-"), Err(NotName::NoLetter));
        assert_eq!(PersonName::new(None, None), Err(NotName::Neither));
        assert!(PersonName::new(zh("陳").ok(), None).is_ok());
    }

    #[test]
    fn names_are_masked_and_never_printed_by_accident() {
        for (name, masked) in [
            ("陳", "*"),
            ("陳文", "陳*"),
            ("陳大文", "陳*文"),
            ("歐陽震華", "歐**華"),
            ("𨋢大𠝹", "𨋢*𠝹"),
        ] {
            assert_eq!(zh(name).unwrap().masked(), masked);
        }
        for (name, masked) in [
            ("CHAN Tai Man", "CHAN T** M**"),
            ("SUKARNO", "S**"),
            ("O'BRIEN Ann", "O'BRIEN A**"),
        ] {
            assert_eq!(en(name).unwrap().masked(), masked);
        }
        let name = PersonName::new(zh("陳大文").ok(), en("CHAN Tai Man").ok()).unwrap();
        let shown = format!("{name:?}");
        assert!(!shown.contains('陳') && !shown.contains("CHAN"), "{shown}");
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_as_it_is(text in "[\\PC]{0,40}") {
            if let Ok(name) = zh(&text) {
                prop_assert_eq!(zh(name.reveal()), Ok(name.clone()));
            }
            if let Ok(name) = en(&text) {
                prop_assert_eq!(en(name.reveal()), Ok(name.clone()));
            }
        }
    }
}
