//! Which layout a file has, and files that are spoiled.

use std::io::BufReader;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

use super::*;

pub const COLLECTION: &str = include_str!("../../../tests/golden/payments/hsbc-collection.txt");
pub const STATEMENT_2: &str = include_str!("../../../tests/golden/payments/camt.053.001.02.xml");
pub const STATEMENT_8: &str = include_str!("../../../tests/golden/payments/camt.053.001.08.xml");
pub const NOTIFICATION_2: &str = include_str!("../../../tests/golden/payments/camt.054.001.02.xml");
pub const NOTIFICATION_8: &str = include_str!("../../../tests/golden/payments/camt.054.001.08.xml");
pub const REPORT_3: &str = include_str!("../../../tests/golden/payments/pain.002.001.03.xml");
pub const REPORT_10: &str = include_str!("../../../tests/golden/payments/pain.002.001.10.xml");

pub fn now() -> DateTime<Utc> {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

/// All of a file, in small pieces.
pub fn read_all(bytes: &[u8]) -> Result<(Summary, Vec<Entry>), Refusal> {
    let mut entries = Vec::new();
    let read = read(BufReader::with_capacity(16, bytes), now(), |entry| {
        match entry {
            Entry::Of(_) => {}
            // Kept of no payment.
            Entry::Payment(line) => entries.push(Entry::Payment(Line {
                wording: None,
                ..line
            })),
            other => entries.push(other),
        }
        Ok::<_, FileError>(())
    });
    match read {
        Ok(summary) => Ok((summary, entries)),
        Err(FileError::Refused(refusal)) => Err(refusal),
        Err(FileError::Io(error)) => panic!("{error}"),
    }
}

pub fn payments(entries: &[Entry]) -> Vec<&Line> {
    let payments = entries.iter().filter_map(|entry| match entry {
        Entry::Payment(line) => Some(line),
        Entry::Of(_) | Entry::Unpaid(_) | Entry::Movement(_) | Entry::Allowance(_) => None,
    });
    payments.collect()
}

/// `from` put in place of `to` is refused there, for this.
pub fn assert_refused(
    good: &str,
    (from, to): (&str, &str),
    (line, column): (u32, usize),
    what: &str,
) {
    let spoiled = good.replacen(from, to, 1);
    assert_ne!(spoiled, good, "{from}");
    let Err(refusal) = read_all(spoiled.as_bytes()) else {
        panic!("{from:?} {to:?} was read");
    };
    let told = format!("{from:?} {to:?}: {refusal}");
    assert_eq!((refusal.line, refusal.column), (line, column), "{told}");
    assert!(refusal.what.contains(what), "{told}");
}

/// `good` with a few bytes or lines of it changed, lost or moved.
pub fn spoiled(good: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut draw = |below: usize| usize::try_from(random.next_u32()).unwrap() % below.max(1);
    let mut bytes = good.to_vec();
    for _ in 0..=draw(3) {
        let (at, other) = (draw(bytes.len()), draw(good.len()));
        match draw(6) {
            0 => bytes[at] ^= 1 << draw(8),
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, good[other]),
            3 => bytes.truncate(at.max(1)),
            4 => {
                let last = bytes.len() - 1;
                bytes.swap(at, other.min(last));
            }
            _ => {
                let mut parts: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
                let (from, to) = (draw(parts.len()), draw(parts.len()));
                parts.swap(from, to);
                bytes = parts.concat();
            }
        }
    }
    bytes
}

#[test]
fn the_layout_shows_in_the_first_bytes() {
    let house = "H|kaifong-1|store|2026-11-20|37|UTF-8\nT|0|0.00|37\n";
    for (text, whose) in [
        (house, Whose::Channel(Channel::Store)),
        (COLLECTION, Whose::Account("004000111111001".to_owned())),
        (STATEMENT_2, Whose::Account("004000111111002".to_owned())),
        (
            NOTIFICATION_2,
            Whose::Account("GB33BUKB20201555555555".to_owned()),
        ),
    ] {
        let (summary, _) = read_all(text.as_bytes()).unwrap();
        assert_eq!(summary.whose, whose);
    }
    let marked = format!("\u{feff}{STATEMENT_2}");
    assert_eq!(
        read_all(marked.as_bytes()),
        read_all(STATEMENT_2.as_bytes())
    );
}

#[test]
fn a_file_of_no_layout_is_refused_at_its_first_byte() {
    for (bytes, what) in [
        (&b""[..], "empty"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"PK\x03\x04", "compressed"),
        (b"\n", "H|, UHL1 or <?xml was expected"),
        (b"H", "H|, UHL1 or <?xml was expected"),
        (b"UHL2", "H|, UHL1 or <?xml was expected"),
        (b"\xff\xfeH\x00|\x00", "H|, UHL1 or <?xml was expected"),
        (
            "\u{feff}H|kaifong-1".as_bytes(),
            "H|, UHL1 or <?xml was expected",
        ),
        (b"%PDF-1.7", "H|, UHL1 or <?xml was expected"),
    ] {
        let refusal = read_all(bytes).unwrap_err();
        assert_eq!((refusal.line, refusal.column), (1, 1), "{refusal}");
        assert!(refusal.what.contains(what), "{what}: {refusal}");
    }
}
