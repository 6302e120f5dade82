//! Every form in which a text may have slipped out, and where it did.

use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// `text` as typed, in lower and in upper case: in UTF-8, UTF-16 of both orders and Big5, each
/// also in hexadecimal; in base64 at each of the three places a text can begin in it; escaped
/// as JSON does and as addresses do.
pub fn forms(text: &str) -> Vec<Vec<u8>> {
    let cases = [text.to_owned(), text.to_lowercase(), text.to_uppercase()];
    let mut forms: Vec<_> = cases.iter().flat_map(|text| forms_of(text)).collect();
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn forms_of(text: &str) -> Vec<Vec<u8>> {
    let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
    let mut forms: Vec<Vec<u8>> = vec![
        text.as_bytes().to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    let (big5, _, unmapped) = encoding_rs::BIG5.encode(text);
    if !unmapped {
        forms.push(big5.into_owned());
    }
    let encoded: Vec<_> = forms
        .iter()
        .flat_map(|bytes| {
            [hex(bytes), hex(bytes).to_uppercase()]
                .into_iter()
                .chain(base64(bytes))
        })
        .map(String::into_bytes)
        .collect();
    forms.extend(encoded);
    let escaped = text
        .encode_utf16()
        .fold(String::new(), |mut escaped, unit| {
            match u8::try_from(unit) {
                Ok(ascii) if ascii.is_ascii() => escaped.push(char::from(ascii)),
                _ => write!(escaped, "\\u{unit:04x}").unwrap(),
            }
            escaped
        });
    let percent = text.bytes().fold(String::new(), |mut percent, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => percent.push(char::from(byte)),
            _ => write!(percent, "%{byte:02X}").unwrap(),
        }
        percent
    });
    forms.extend([escaped.into_bytes(), percent.into_bytes()]);
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// What is sure to be in the base64 of any text that has `bytes` in it: the digits that no byte
/// beside them has a part in, for each of the three places.
fn base64(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for (before, first) in [(0, 0), (1, 2), (2, 3)] {
            let longer = [&[0; 2][..before], bytes].concat();
            let digits = alphabet.encode(&longer);
            found.push(digits[first..longer.len() * 8 / 6].to_owned());
        }
    }
    // Four digits may turn up by chance.
    found.retain(|digits| digits.len() >= 7);
    found
}

/// Finds any of many needles.
pub struct Search {
    needles: Vec<Vec<u8>>,
    found: AhoCorasick,
}

impl Search {
    pub fn of(texts: impl IntoIterator<Item = String>) -> Self {
        let needles: Vec<_> = texts.into_iter().flat_map(|text| forms(&text)).collect();
        let found = AhoCorasick::new(&needles).unwrap();
        Self { needles, found }
    }

    /// The first needle in `haystack`, with what is around it.
    pub fn first(&self, haystack: &[u8]) -> Option<String> {
        let found = self.found.find(haystack)?;
        let needle = String::from_utf8_lossy(&self.needles[found.pattern().as_usize()]);
        let end = (found.end() + 40).min(haystack.len());
        let around = &haystack[found.start().saturating_sub(80)..end];
        Some(format!(
            "{needle:?} in {:?}",
            String::from_utf8_lossy(around)
        ))
    }
}

#[test]
fn a_text_is_found_in_every_form_wherever_it_begins() {
    let search = Search::of(["K104729".to_owned(), "龐植樹".to_owned()]);
    for text in ["K104729", "龐植樹"] {
        for before in ["", "x", "xy", "xyz"] {
            let whole = format!("{before}{text}(3) and more");
            let utf16: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big5 = encoding_rs::BIG5.encode(&whole).0.into_owned();
            for bytes in [whole.as_bytes(), &utf16, &big5] {
                for form in [
                    bytes.to_vec(),
                    hex(bytes).into_bytes(),
                    hex(bytes).to_uppercase().into_bytes(),
                    STANDARD_NO_PAD.encode(bytes).into_bytes(),
                    URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
                ] {
                    assert!(search.first(&form).is_some(), "{whole}: {form:?}");
                }
            }
        }
    }
    assert_eq!(search.first("K104728(3), 龐植, 6b104729".as_bytes()), None);
}
