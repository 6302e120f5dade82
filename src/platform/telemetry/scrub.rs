//! Identity card numbers in a text: found by their check digit, and masked.

use std::borrow::Cow;

use crate::kernel::hkid::Hkid;

/// The longest way a number is written: `AB123456(9)`.
const LONGEST: usize = 11;
const MASK: &str = "[identity card]";

/// `text` with every valid number masked, and whether there was one.
///
/// A number stands alone: letters and digits beside it make it part of something else, and so
/// does a hyphen after it, which is how the first part of a UUID ends.
pub(super) fn scrub(text: &str) -> (Cow<'_, str>, bool) {
    let (mut scrubbed, mut rest, mut alone) = (String::new(), text, true);
    while let Some(letter) = rest.chars().next() {
        if alone
            && letter.is_ascii_alphabetic()
            && let Some(after) = number(rest)
        {
            scrubbed.push_str(MASK);
            rest = after;
            alone = false;
            continue;
        }
        scrubbed.push(letter);
        alone = !letter.is_ascii_alphanumeric();
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    if scrubbed == text {
        (Cow::Borrowed(text), false)
    } else {
        (Cow::Owned(scrubbed), true)
    }
}

/// What follows the number that `text` begins with, if it begins with one.
fn number(text: &str) -> Option<&str> {
    (8..=LONGEST).rev().find_map(|length| {
        let (front, after) = text.split_at_checked(length)?;
        let shaped = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')');
        let whole = !front.ends_with('(') && (front.contains('(') == front.ends_with(')'));
        let joined = |next: char| next.is_ascii_alphanumeric() || next == '-';
        let ends = front.ends_with(')') || !after.starts_with(joined);
        let stands = whole && ends && front.bytes().all(shaped);
        (stands && front.parse::<Hkid>().is_ok()).then_some(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_masked_wherever_it_stands_and_however_it_is_written() {
        for (text, scrubbed) in [
            ("A123456(3)", "[identity card]"),
            ("no a1234563.", "no [identity card]."),
            (
                "\"AB123456(9)\",\"G123456A\"",
                "\"[identity card]\",\"[identity card]\"",
            ),
            ("陳大文A123456(3)x", "陳大文[identity card]x"),
            (
                "hkid=Z683365(A) A123456(3)",
                "hkid=[identity card] [identity card]",
            ),
        ] {
            assert_eq!(scrub(text), (scrubbed.into(), true), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_left_as_it_is() {
        for text in [
            "",
            "A123456(4)",
            "A12345633",
            "XA123456(3)y1",
            "xyzA1234563",
            "a1234563-7d1c-7000-8000-00000000000a",
            "/v1/people/{id}/unmask 陳大文",
            "A123456(3",
            "A123456",
        ] {
            assert_eq!(scrub(text), (text.into(), false), "{text}");
        }
    }
}
