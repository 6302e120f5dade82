//! The golden file, and ten thousand spoiled ones.

use std::io::BufReader;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;

const GOLDEN: &str = "\
H|kaifong-1|store|2026-11-20|37|UTF-8
D|1|S0001-000000482|1000000018|2364.00|HKD|2026-11-20T10:31:07+08:00|7-Eleven 華富邨
D|2|S0001-000000483|1000000026|1200.00|HKD|2026-11-20T10:33:41+08:00|OK便利店 啟田邨
T|2|3564.00|37
";

fn now() -> DateTime<Utc> {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

fn read_all(bytes: &[u8]) -> Result<(Summary, Vec<Line>), Refusal> {
    let mut lines = Vec::new();
    let read = read(BufReader::with_capacity(16, bytes), now(), |line| {
        lines.push(line);
        Ok::<_, FileError>(())
    });
    match read {
        Ok(summary) => Ok((summary, lines)),
        Err(FileError::Refused(refusal)) => Err(refusal),
        Err(FileError::Io(error)) => panic!("{error}"),
    }
}

#[test]
fn the_golden_file_is_read_and_written_the_same() {
    let (summary, lines) = read_all(GOLDEN.as_bytes()).unwrap();
    assert_eq!(
        (&summary.whose, summary.sequence, summary.lines),
        (&Whose::Channel(Channel::Store), Sequence::Number(37), 2)
    );
    assert_eq!(summary.amount, "3564.00".parse().unwrap());
    assert_eq!(lines[1].place, "OK便利店 啟田邨");
    assert_eq!(
        lines[0].instructed_at.to_rfc3339(),
        "2026-11-20T02:31:07+00:00"
    );
    let header = (Channel::Store, summary.business_date, 37);
    assert_eq!(
        write(header, Characters::Utf8, &lines).unwrap(),
        GOLDEN.as_bytes()
    );
    let big5 = write(header, Characters::Big5, &lines).unwrap();
    assert_eq!(read_all(&big5).unwrap(), (summary, lines.clone()));
    // Lines may end as they do elsewhere, and the last need not end.
    assert!(read_all(GOLDEN.replace('\n', "\r\n").as_bytes()).is_ok());
    assert!(read_all(GOLDEN.trim_end().as_bytes()).is_ok());
    let strange = Line {
        place: "한".to_owned(),
        ..lines[0].clone()
    };
    assert_eq!(
        write(header, Characters::Big5, &[strange]),
        Err(big5::NoCode('한'))
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one plain list")]
fn what_is_wrong_is_refused_where_it_is() {
    for (from, to, line, column, what) in [
        ("H|kaifong-1", "X|kaifong-1", 1, 1, "H, a header"),
        ("kaifong-1", "kaifong-2", 1, 3, "kaifong-1"),
        ("|store|", "|cheque|", 1, 13, "a channel"),
        ("|2026-11-20|37", "|2026-11-22|37", 1, 19, "yet to come"),
        (
            "|2026-11-20|37",
            "|2025-11-19|37",
            1,
            19,
            "more than a year",
        ),
        ("|2026-11-20|37", "|2026-11-31|37", 1, 19, "a date"),
        ("|2026-11-20|37", "|20261120|37", 1, 19, "a date"),
        ("|37|UTF", "|037|UTF", 1, 30, "a number"),
        ("|37|UTF", "|0|UTF", 1, 30, "a number"),
        ("UTF-8", "UTF-16", 1, 33, "UTF-8 or BIG5-HKSCS"),
        ("|UTF-8", "", 1, 32, "6 fields"),
        ("D|1|", "D|2|", 2, 3, "payment number 1"),
        ("D|2|", "D|1|", 3, 3, "payment number 2"),
        ("D|2|", "D|3|", 3, 3, "payment number 2"),
        ("D|2|", "E|2|", 3, 1, "D or T"),
        ("D|2|", "H|2|", 3, 1, "a second header"),
        ("S0001-000000482", "", 2, 5, "a reference"),
        ("S0001-000000482", "S0001 000000482", 2, 5, "a reference"),
        ("1000000018", "100000001800000000000", 2, 21, "an account"),
        ("2364.00", "2364.000", 2, 32, "an amount"),
        ("2364.00", "2364", 2, 32, "an amount"),
        ("2364.00", "-2364.00", 2, 32, "an amount"),
        ("2364.00", "0.00", 2, 32, "an amount"),
        ("2364.00", "10000000.00", 2, 32, "below ten million"),
        ("2364.00", "2,364.00", 2, 32, "an amount"),
        ("HKD", "CNY", 2, 40, "HKD"),
        ("T10:31:07+08:00", "T10:31:07", 2, 44, "a time"),
        (
            "2026-11-20T10:31",
            "2026-11-21T00:31",
            2,
            44,
            "later than the day",
        ),
        (
            "2026-11-20T10:31",
            "2025-11-18T10:31",
            2,
            44,
            "more than a year",
        ),
        ("7-Eleven", "7\u{7}Eleven", 2, 71, "a control character"),
        ("D|1", "D|1|1", 2, 72, "8 fields"),
        ("T|2|", "T|3|", 4, 3, "3 payments, the file has 2"),
        (
            "3564.00",
            "3564.01",
            4,
            5,
            "the payments come to HK$3564.00",
        ),
        (
            "3564.00|37",
            "3564.00|38",
            4,
            13,
            "37, the number in the header",
        ),
        ("T|2|3564.00|37\n", "", 4, 1, "without its trailer"),
        (
            "T|2|3564.00|37\n",
            "T|2|3564.00|37\n\n",
            5,
            1,
            "goes on after",
        ),
    ] {
        let spoiled = GOLDEN.replacen(from, to, 1);
        assert_ne!(spoiled, GOLDEN, "{from}");
        let refusal = read_all(spoiled.as_bytes()).unwrap_err();
        assert_eq!(
            (refusal.line, refusal.column),
            (line, column),
            "{from:?} {to:?}: {refusal}"
        );
        assert!(refusal.what.contains(what), "{from:?} {to:?}: {refusal}");
    }
}

#[test]
fn whole_files_that_are_no_such_file_are_refused() {
    let twice = [GOLDEN, GOLDEN].concat();
    let utf16: Vec<u8> = GOLDEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wrong_characters = GOLDEN.replace("UTF-8", "BIG5-HKSCS");
    let long = GOLDEN.replace("7-Eleven", &"7".repeat(2_000));
    let marked = format!("\u{feff}{GOLDEN}");
    for (bytes, line, what) in [
        (&b""[..], 1, "empty"),
        (b"\n", 1, "H, a header"),
        (twice.as_bytes(), 5, "goes on after"),
        (&utf16, 1, "a control character"),
        (marked.as_bytes(), 1, "plain letters"),
        (wrong_characters.as_bytes(), 2, "no BIG5-HKSCS"),
        (long.as_bytes(), 2, "less than 1024 bytes"),
    ] {
        let refusal = read_all(bytes).unwrap_err();
        assert_eq!(refusal.line, line, "{refusal}");
        assert!(refusal.what.contains(what), "{what}: {refusal}");
    }
}

/// A file of `count` payments.
fn file(count: u32) -> Vec<u8> {
    let lines: Vec<Line> = (1..=count)
        .map(|number| Line {
            number,
            reference: format!("R{number:09}"),
            end_to_end: None,
            wording: None,
            account: "1000000018".to_owned(),
            amount: Money::of_cents(i64::from(number) * 101).unwrap(),
            instructed_at: "2026-11-20T02:00:00Z".parse().unwrap(),
            place: "華富邨".to_owned(),
        })
        .collect();
    let date = "2026-11-20".parse().unwrap();
    write((Channel::Store, date, 5), Characters::Utf8, &lines).unwrap()
}

/// However a file is spoiled, what is taken of it is what its trailer says, or nothing is.
#[test]
fn ten_thousand_spoiled_files_are_refused_or_add_up() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let good = file(20);
    let (whole, lines) = read_all(&good).unwrap();
    let mut draw = |below: usize| usize::try_from(random.next_u32()).unwrap() % below;
    let mut taken = 0;
    for _ in 0..10_000 {
        let mut bytes = good.clone();
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
                    let mut parts: Vec<&[u8]> =
                        good.split_inclusive(|byte| *byte == b'\n').collect();
                    let (from, to) = (draw(parts.len()), draw(parts.len()));
                    parts.swap(from, to);
                    bytes = parts.concat();
                }
            }
        }
        let Ok((summary, read)) = read_all(&bytes) else {
            continue;
        };
        taken += 1;
        assert_eq!(usize::try_from(summary.lines), Ok(read.len()));
        assert_eq!(
            summary.amount,
            Money::sum(read.iter().map(|line| line.amount)).unwrap()
        );
        // A count and a sum that agree by accident still are of as many payments.
        assert_eq!((summary.lines, summary.amount), (whole.lines, whole.amount));
        assert_eq!(read.len(), lines.len());
    }
    assert!(taken < 5_000, "{taken}");
}
