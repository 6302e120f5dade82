//! Whose account a payer may have meant.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::kernel::tenant_code::TenantCode;

/// The tenant codes one slip away from `account`: a digit wrong, left out or typed twice, or two
/// neighbours exchanged; and `account` itself when only its spelling is odd.
pub fn near(account: &str) -> BTreeSet<TenantCode> {
    // Full-width digits are digits; spaces and dashes are how people write long numbers.
    let digits: Vec<char> = account
        .nfkc()
        .filter(char::is_ascii_digit)
        .take(12)
        .collect();
    let mut spelt = vec![digits.clone()];
    for at in 0..=digits.len() {
        let (before, after) = digits.split_at(at);
        for digit in '0'..='9' {
            spelt.push([before, &[digit], after].concat());
            if let [_, rest @ ..] = after {
                spelt.push([before, &[digit], rest].concat());
            }
        }
        if let [_, rest @ ..] = after {
            spelt.push([before, rest].concat());
        }
        if let [one, two, rest @ ..] = after {
            spelt.push([before, &[*two, *one], rest].concat());
        }
    }
    let codes = spelt
        .into_iter()
        .filter_map(|digits| digits.into_iter().collect::<String>().parse().ok());
    codes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_among_the_candidates_of_every_slip_of_it() {
        let code = TenantCode::of(123_456_789).unwrap();
        let text = code.to_string();
        let meant = |account: &str| near(account).contains(&code);
        assert!(meant(&text));
        assert!(meant("１２３４ ５６７－８９") || meant(&format!("{} {}", &text[..4], &text[4..])));
        for at in 0..text.len() {
            for digit in '0'..='9' {
                let wrong = format!("{}{digit}{}", &text[..at], &text[at + 1..]);
                assert!(meant(&wrong), "{wrong}");
                let added = format!("{}{digit}{}", &text[..at], &text[at..]);
                assert!(meant(&added), "{added}");
            }
            let left_out = format!("{}{}", &text[..at], &text[at + 1..]);
            assert!(meant(&left_out), "{left_out}");
        }
        for at in 0..text.len() - 1 {
            let (one, two) = (&text[at..=at], &text[at + 1..at + 2]);
            let exchanged = format!("{}{two}{one}{}", &text[..at], &text[at + 2..]);
            assert!(meant(&exchanged), "{exchanged}");
        }
        // Two digits wrong, or nothing like it.
        for account in ["", "9", "CHAN TAI MAN", "2234567899"] {
            assert!(!meant(account), "{account}");
        }
        assert!(near("1234567890123456789012345").len() < 200);
    }
}
