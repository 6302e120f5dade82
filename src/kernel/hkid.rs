//! The number of a Hong Kong identity card (香港身份證): one or two letters, six digits and a
//! check digit, such as `A123456(3)`.

use crate::kernel::personal::{personal, plain};

personal! {
    /// A Hong Kong identity card number whose check digit is right; canonical as `A1234563`.
    Hkid(max = 32);
    /// The symbols printed under the date of issue, such as `***AZ`; kept as printed.
    HkidSymbols(max = 12);
}

/// Why a text is not an identity card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotHkid {
    #[error("an identity card number has one or two letters, six digits and a check digit")]
    Shape,
    #[error("the identity card number's check digit is wrong: something was mistyped")]
    CheckDigit,
}

/// The text is not a row of card symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("card symbols are none, one or three stars and up to nine letters or digits")]
pub struct NotSymbols;

/// Nobody types more than this for one number.
const LONGEST: usize = 32;

/// The value of the empty first place of a number with one letter.
const NO_LETTER: u32 = 36;

impl Hkid {
    /// The number of these letters and digits, if their shape is right.
    #[must_use]
    pub fn of(letters: &str, digits: u32) -> Option<Self> {
        let front = format!("{letters}{digits:06}");
        let check = check_digit(&front)?;
        Some(Self(format!("{front}{check}")))
    }

    /// Its letters and first two digits: `A12****(*)`.
    #[must_use]
    pub fn masked(&self) -> String {
        let letters = self.0.len().saturating_sub(7);
        let shown: String = self.0.chars().take(letters + 2).collect();
        format!("{shown}****(*)")
    }

    /// As a card bears it: `A123456(3)`.
    #[must_use]
    pub fn printed(&self) -> String {
        let end = self.0.len().saturating_sub(1);
        let (front, check) = self.0.split_at_checked(end).unwrap_or((&self.0, ""));
        format!("{front}({check})")
    }
}

/// The check digit of one or two letters and six digits; `None` when they are not that.
fn check_digit(front: &str) -> Option<char> {
    let letters = front.len().checked_sub(6).filter(|n| (1..=2).contains(n))?;
    let (letters, digits) = front.split_at_checked(letters)?;
    let lettered = letters.bytes().all(|byte| byte.is_ascii_uppercase());
    let numbered = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !lettered || !numbered {
        return None;
    }
    let first = (letters.len() == 1).then_some(NO_LETTER);
    let values = front.chars().filter_map(|place| place.to_digit(36));
    let weighted = (2..=9).rev().zip(first.into_iter().chain(values));
    let sum: u32 = weighted.map(|(weight, value)| weight * value).sum();
    match (11 - sum % 11) % 11 {
        10 => Some('A'),
        digit => char::from_digit(digit, 10),
    }
}

impl TryFrom<String> for Hkid {
    type Error = NotHkid;

    fn try_from(text: String) -> Result<Self, NotHkid> {
        if text.chars().count() > LONGEST {
            return Err(NotHkid::Shape);
        }
        let text = plain(&text);
        let mut front = text.chars();
        let given = front.next_back().ok_or(NotHkid::Shape)?;
        let check = check_digit(front.as_str()).ok_or(NotHkid::Shape)?;
        match given {
            _ if given == check => Ok(Self(text)),
            '0'..='9' | 'A' => Err(NotHkid::CheckDigit),
            _ => Err(NotHkid::Shape),
        }
    }
}

impl TryFrom<String> for HkidSymbols {
    type Error = NotSymbols;

    fn try_from(text: String) -> Result<Self, NotSymbols> {
        if text.chars().count() > LONGEST {
            return Err(NotSymbols);
        }
        let text = plain(&text);
        let letters = text.trim_start_matches('*');
        let stars = text.len() - letters.len();
        let fits = matches!(stars, 0 | 1 | 3) && (1..=9).contains(&letters.len());
        let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if fits && letters.bytes().all(known) {
            Ok(Self(text))
        } else {
            Err(NotSymbols)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Hkid, NotHkid> {
        text.parse()
    }

    #[test]
    fn published_numbers_are_told_from_mistyped_ones() {
        for text in [
            "A123456(3)",
            "AB123456(9)",
            "AB987654(3)",
            "E364912(5)",
            "D288754(2)",
            "G123456(A)",
            "Z683365(A)",
        ] {
            assert_eq!(read(text).map(|hkid| hkid.printed()), Ok(text.to_owned()));
        }
        assert_eq!(read("Z683365(5)"), Err(NotHkid::CheckDigit));
        assert_eq!(read("A123456(4)"), Err(NotHkid::CheckDigit));
    }

    #[test]
    fn every_way_to_write_a_number_is_one_number() {
        let canonical = read("A123456(3)").unwrap();
        for text in [
            "a123456(3)",
            "A1234563",
            "Ａ１２３４５６（３）",
            "ａ１２３４５６（３）",
            " A 123456 (3) ",
            "A123456-3",
            "A123456[3]",
            "A123456【3】",
            "A123456〔3〕",
            "A123456﹙3﹚",
            "A　123456　3",
        ] {
            assert_eq!(read(text).as_ref(), Ok(&canonical), "{text}");
        }
        assert_eq!(canonical.reveal(), "A1234563");
        assert_eq!(read("g123456(a)").unwrap().printed(), "G123456(A)");
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in [
            "",
            "A",
            "A12345(3)",
            "A1234567(3)",
            "ABC123456(3)",
            "1123456(3)",
            "A123456(B)",
            "A123456()",
            "A12345\u{0}63",
            "A١٢٣٤٥٦(3)",
            "Ａ①23456(3)",
            "A123456(3)(3)",
            "É123456(3)",
        ] {
            assert_eq!(read(text), Err(NotHkid::Shape), "{text:?}");
        }
        assert_eq!(read(&"A".repeat(100_000)), Err(NotHkid::Shape));
    }

    #[test]
    fn a_number_is_masked_and_never_printed_by_accident() {
        let (one, two) = (read("A123456(3)").unwrap(), read("AB123456(9)").unwrap());
        assert_eq!(one.masked(), "A12****(*)");
        assert_eq!(two.masked(), "AB12****(*)");
        assert_eq!(
            format!("{one:?} {:?}", Some(&two)),
            "Hkid(***) Some(Hkid(***))"
        );
    }

    #[test]
    fn symbols_are_as_cards_bear_them() {
        for text in ["***AZ", "*AZ", "AO", "***AZN2", "＊＊＊ＡＺ", "R"] {
            assert!(text.parse::<HkidSymbols>().is_ok(), "{text}");
        }
        for text in ["", "***", "**AZ", "A*", "***ABCDEFGHIJ", "A/Z", "中"] {
            assert_eq!(text.parse::<HkidSymbols>(), Err(NotSymbols), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_with_one_place_wrong_is_refused(
            letters in "[A-Z]{1,2}", digits in 0_u32..1_000_000, place in 0_usize..6, by in 1_u32..10,
        ) {
            let right = Hkid::of(&letters, digits).unwrap();
            prop_assert_eq!(read(&right.printed()), Ok(right.clone()));
            let mut wrong: Vec<char> = right.reveal().chars().collect();
            let place = letters.len() + place;
            let digit = (wrong[place].to_digit(10).unwrap() + by) % 10;
            wrong[place] = char::from_digit(digit, 10).unwrap();
            let wrong: String = wrong.into_iter().collect();
            prop_assert_eq!(read(&wrong), Err(NotHkid::CheckDigit));
        }

        #[test]
        fn no_text_makes_it_fail_otherwise_than_by_refusing(text in "\\PC{0,40}") {
            let _ = read(&text);
        }
    }
}
