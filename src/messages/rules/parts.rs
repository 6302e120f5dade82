//! How many text messages a text takes (3GPP TS 23.038 and 23.040).
//!
//! A text of the default alphabet has 160 characters in one message and 153 in each of several,
//! for the header that joins them takes room; any other is UCS-2, with 70 and 67.

/// Characters of the default alphabet, but for those of the extension.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters of the extension: an escape goes before each.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// The units of a text in the default alphabet; `None` when a character is not of it.
fn septets(text: &str) -> Option<usize> {
    let units = |letter: char| {
        if BASIC.contains(letter) {
            Some(1)
        } else {
            EXTENDED.contains(letter).then_some(2)
        }
    };
    text.chars().map(units).sum()
}

/// How many text messages `text` takes.
#[must_use]
pub fn parts(text: &str) -> i16 {
    let (units, alone, joined) = match septets(text) {
        Some(units) => (units, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    let parts = if units <= alone {
        1
    } else {
        units.div_ceil(joined)
    };
    i16::try_from(parts).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_in_the_alphabet_that_it_needs() {
        for (text, count) in [
            ("", 1),
            (&*"a".repeat(160), 1),
            (&*"a".repeat(161), 2),
            (&*"a".repeat(306), 2),
            (&*"a".repeat(307), 3),
            // An escape before each.
            (&*"€".repeat(80), 1),
            (&*"€".repeat(81), 2),
            (&*"租".repeat(70), 1),
            (&*"租".repeat(71), 2),
            (&*"租".repeat(134), 2),
            (&*"租".repeat(135), 3),
            // One that the default alphabet has not makes all of them long.
            (&*format!("{}租", "a".repeat(69)), 1),
            (&*format!("{}租", "a".repeat(70)), 2),
            // Two units each.
            (&*"\u{20BB7}".repeat(35), 1),
            (&*"\u{20BB7}".repeat(36), 2),
        ] {
            assert_eq!(parts(text), count, "{text}");
        }
    }
}
