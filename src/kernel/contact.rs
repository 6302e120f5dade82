//! How a person is reached: a telephone number, an e-mail address.

use crate::kernel::personal::{narrow, personal};

personal! {
    /// A telephone number in its international form, such as `+85291234567`.
    Phone(max = 30);
    /// An e-mail address, its domain in lower case.
    Email(max = 200);
}

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPhone {
    #[error("a telephone number has eight digits, or + and the country's code first")]
    Shape,
    #[error("no Hong Kong subscriber has such a number")]
    NotInPlan,
}

/// The text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address is such as name@example.com")]
pub struct NotEmail;

const HONG_KONG: &str = "852";

/// By the numbering plan (號碼計劃), no subscriber's number begins so: operators and emergency
/// calls, free and charged services.
const NO_SUBSCRIBERS: [&str; 5] = ["0", "1", "800", "900", "999"];

impl Phone {
    /// Its last three digits: `*****567`.
    #[must_use]
    pub fn masked(&self) -> String {
        let start = self.0.len().saturating_sub(3);
        format!("*****{}", self.0.get(start..).unwrap_or_default())
    }
}

impl TryFrom<String> for Phone {
    type Error = NotPhone;

    fn try_from(text: String) -> Result<Self, NotPhone> {
        if text.chars().count() > 30 {
            return Err(NotPhone::Shape);
        }
        let text: String = text
            .chars()
            .map(narrow)
            .filter(|letter| !matches!(letter, ' ' | '-' | '(' | ')'))
            .collect();
        let (abroad, digits) = match text.strip_prefix('+') {
            Some(digits) => (true, digits),
            None => (false, text.as_str()),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotPhone::Shape);
        }
        let local = if abroad {
            digits.strip_prefix(HONG_KONG)
        } else {
            Some(digits)
        };
        match local {
            Some(local) if local.len() != 8 => Err(NotPhone::Shape),
            Some(local) if NO_SUBSCRIBERS.iter().any(|front| local.starts_with(front)) => {
                Err(NotPhone::NotInPlan)
            }
            Some(local) => Ok(Self(format!("+{HONG_KONG}{local}"))),
            // E.164: a country's code does not begin with 0, and fifteen digits are the most.
            None if (7..=15).contains(&digits.len()) && !digits.starts_with('0') => Ok(Self(text)),
            None => Err(NotPhone::Shape),
        }
    }
}

impl Email {
    /// Its first letter and its domain: `c***@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let first: String = local.chars().take(1).collect();
        format!("{first}***@{domain}")
    }
}

impl TryFrom<String> for Email {
    type Error = NotEmail;

    fn try_from(text: String) -> Result<Self, NotEmail> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(NotEmail)?;
        let mark = |byte: u8| b"!#$%&'*+/=?^_`{|}~-.".contains(&byte);
        let local_fits = (1..=64).contains(&local.len())
            && local
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let top = domain.rsplit('.').next().unwrap_or_default();
        let domain_fits = domain.contains('.')
            && domain.split('.').all(label_fits)
            && top.len() >= 2
            && !top.bytes().all(|byte| byte.is_ascii_digit());
        let address = format!("{local}@{}", domain.to_ascii_lowercase());
        if local_fits && domain_fits && address.len() <= 200 {
            Ok(Self(address))
        } else {
            Err(NotEmail)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn local_and_foreign_numbers_are_read() {
        for (text, number) in [
            ("91234567", "+85291234567"),
            ("9123 4567", "+85291234567"),
            ("２３４５ ６７８９", "+85223456789"),
            ("+852 9123-4567", "+85291234567"),
            ("+44 20 7946 0958", "+442079460958"),
            ("+86(10)12345678", "+861012345678"),
            ("51234567", "+85251234567"),
            ("46123456", "+85246123456"),
        ] {
            assert_eq!(
                text.parse::<Phone>().map(|p| p.reveal().to_owned()),
                Ok(number.to_owned())
            );
        }
        for (text, fault) in [
            ("", NotPhone::Shape),
            ("9123456", NotPhone::Shape),
            ("912345678", NotPhone::Shape),
            ("+8529123456", NotPhone::Shape),
            ("+0123456789", NotPhone::Shape),
            ("+1234567890123456", NotPhone::Shape),
            ("9123456a", NotPhone::Shape),
            ("9123\u{0}567", NotPhone::Shape),
            ("12345678", NotPhone::NotInPlan),
            ("01234567", NotPhone::NotInPlan),
            ("99912345", NotPhone::NotInPlan),
            ("+85280012345", NotPhone::NotInPlan),
        ] {
            assert_eq!(text.parse::<Phone>(), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn addresses_are_simple_ones() {
        for text in [
            "a@b.hk",
            "tai.man+x@mail.example.com",
            "o'brien@example.com",
        ] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
        assert_eq!(
            "A@EXAMPLE.Com".parse::<Email>().unwrap().reveal(),
            "A@example.com"
        );
        for text in [
            "",
            "@",
            "a@",
            "@b.hk",
            "a@b",
            "a b@c.hk",
            ".a@b.hk",
            "a.@b.hk",
            "a..b@c.hk",
            "a@-b.hk",
            "a@b..hk",
            "a@1.2.3.4",
            "a@b.h",
            "陳@b.hk",
            "a@香港.hk",
            "a\n@b.hk",
            "a@b.hk\0",
            "\"a\"@b.hk",
        ] {
            assert_eq!(text.parse::<Email>(), Err(NotEmail), "{text:?}");
        }
    }

    #[test]
    fn both_are_masked_and_never_printed_by_accident() {
        let phone: Phone = "91234567".parse().unwrap();
        let email: Email = "chan@example.com".parse().unwrap();
        assert_eq!(phone.masked(), "*****567");
        assert_eq!(email.masked(), "c***@example.com");
        assert_eq!(format!("{phone:?} {email:?}"), "Phone(***) Email(***)");
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_as_it_is(text in "[+0-9a-z@. -]{0,40}") {
            if let Ok(phone) = text.parse::<Phone>() {
                prop_assert_eq!(phone.reveal().parse(), Ok(phone.clone()));
            }
            if let Ok(email) = text.parse::<Email>() {
                prop_assert_eq!(email.reveal().parse(), Ok(email.clone()));
            }
        }
    }
}
