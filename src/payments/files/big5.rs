//! Big5 with the Hong Kong Supplementary Character Set (大五碼及香港增補字符集), both ways.
//!
//! * What does not decode or has no code is told, and where: nothing becomes a question mark.
//! * The web's encoder leaves the supplementary characters out; their codes are found by
//!   decoding every one of them.

use std::collections::HashMap;
use std::sync::OnceLock;

use encoding_rs::BIG5;

/// What no byte of Big5 stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is in no Big5-HKSCS")]
pub struct NoCode(pub char);

/// Where bytes are no Big5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBig5 {
    /// Bytes before the first that is none.
    pub after: usize,
}

/// The text of `bytes`.
pub fn decode(bytes: &[u8]) -> Result<String, NotBig5> {
    let whole = BIG5.decode_without_bom_handling_and_without_replacement(bytes);
    whole.map(std::borrow::Cow::into_owned).ok_or_else(|| {
        // A shorter text may end inside a character: what is asked is where the good ones end.
        let ends = character_ends(bytes);
        let good = |end: &usize| {
            let part = bytes.get(..*end).unwrap_or_default();
            BIG5.decode_without_bom_handling_and_without_replacement(part)
                .is_some()
        };
        NotBig5 {
            after: ends.into_iter().take_while(good).last().unwrap_or(0),
        }
    })
}

/// Where each character of `bytes` ends, as far as its bytes tell.
fn character_ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += if byte.is_ascii() { 1 } else { 2 };
        ends.push(at.min(bytes.len()));
    }
    ends
}

/// The bytes of `text`.
pub fn encode(text: &str) -> Result<Vec<u8>, NoCode> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        // Four codes stand for a letter and the mark above it.
        if let Some(mark) = letters.next_if(|next| MARKS.contains(next)) {
            let code = supplement().get(&String::from_iter([letter, mark]));
            bytes.extend_from_slice(code.ok_or(NoCode(mark))?);
            continue;
        }
        let mut buffer = [0; 4];
        let one = letter.encode_utf8(&mut buffer);
        let (plain, _, is_unmapped) = BIG5.encode(one);
        if is_unmapped {
            let code = supplement().get(one);
            bytes.extend_from_slice(code.ok_or(NoCode(letter))?);
        } else {
            bytes.extend_from_slice(&plain);
        }
    }
    Ok(bytes)
}

/// The marks that are part of a code: macron and caron.
const MARKS: [char; 2] = ['\u{304}', '\u{30c}'];

/// The codes of what the web's encoder leaves out.
fn supplement() -> &'static HashMap<String, [u8; 2]> {
    static CODES: OnceLock<HashMap<String, [u8; 2]>> = OnceLock::new();
    CODES.get_or_init(|| {
        let codes =
            (0x81..=0xA0_u8).flat_map(|lead| (0x40..=0xFE_u8).map(move |trail| [lead, trail]));
        let known = codes.filter_map(|code| Some((decode(&code).ok()?, code)));
        known.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_back_or_is_told() {
        let (mut kept, mut supplementary) = (0, 0);
        for letter in ('\u{0}'..=char::MAX).filter(|letter| !letter.is_ascii()) {
            let text = letter.to_string();
            match encode(&text) {
                Ok(bytes) => {
                    assert_eq!(decode(&bytes).as_deref(), Ok(text.as_str()), "{letter:?}");
                    kept += 1;
                    supplementary += u32::from(BIG5.encode(&text).2);
                }
                Err(error) => assert_eq!(error, NoCode(letter)),
            }
        }
        // 13,000 and more of Big5; of the supplement what has codes of its own.
        assert!(
            kept > 17_000 && supplementary > 3_500,
            "{kept} {supplementary}"
        );
    }

    #[test]
    fn a_letter_and_the_mark_above_it_are_one_code() {
        for code in [[0x88, 0x62], [0x88, 0x64], [0x88, 0xA3], [0x88, 0xA5]] {
            let text = decode(&code).unwrap();
            assert_eq!(text.chars().count(), 2);
            assert_eq!(encode(&text), Ok(code.to_vec()));
        }
    }

    #[test]
    fn hong_kong_names_are_kept() {
        for text in [
            "香港仔漁光邨",
            "啟田邨",
            "衞生署",
            "粉嶺祥華邨",
            "𨋢",
            "𠝹",
            "ABC 12",
        ] {
            let bytes = encode(text).unwrap();
            assert_eq!(decode(&bytes).as_deref(), Ok(text));
        }
        assert_eq!(encode("한"), Err(NoCode('한')));
    }

    #[test]
    fn what_is_no_big5_is_told_where_it_begins() {
        let good = encode("邨A").unwrap();
        for (tail, after) in [
            (&[0xFF][..], 3),
            (&[0xA4], 3),
            (&[0x80, 0x41], 3),
            (&[0xA4, 0x20], 3),
        ] {
            let bytes = [good.as_slice(), tail].concat();
            assert_eq!(decode(&bytes), Err(NotBig5 { after }), "{tail:?}");
        }
    }
}
