//! The golden file, what is wrong with others, and ten thousand spoiled ones.

use std::io::BufReader;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;

const GOLDEN: &str = "\
H|kaifong-cssa-1|2026-12|2026-11-27|9|UTF-8
A|1|start|1000000018|full|2364.00|2026-12
A|2|change|1000000026|partial|1500.00|2026-12
A|3|stop|1000000034|||2026-12
D|1|SWD202612-000001|1000000018|2364.00|HKD|2026-11-27
D|2|SWD202612-000002|1000000026|1500.00|HKD|2026-11-26
T|3|2|3864.00|9
";

fn now() -> DateTime<Utc> {
    "2026-11-27T04:00:00Z".parse().unwrap()
}

type Read = (Summary, Vec<AllowanceLine>, Vec<Line>);

/// As any file is read: by its first bytes.
fn read_all(bytes: &[u8]) -> Result<Read, Refusal> {
    let (mut allowances, mut transfers) = (Vec::new(), Vec::new());
    let source = BufReader::with_capacity(16, bytes);
    let read = super::super::read(source, now(), |entry| {
        match entry {
            Entry::Allowance(line) => allowances.push(line),
            Entry::Payment(line) => transfers.push(line),
            other => panic!("{other:?}"),
        }
        Ok::<_, FileError>(())
    });
    match read {
        Ok(summary) => Ok((summary, allowances, transfers)),
        Err(FileError::Refused(refusal)) => Err(refusal),
        Err(FileError::Io(error)) => panic!("{error}"),
    }
}

#[test]
fn the_golden_file_is_read_and_written_the_same() {
    let (summary, allowances, transfers) = read_all(GOLDEN.as_bytes()).unwrap();
    assert_eq!(summary.whose, Whose::Channel(Channel::Cssa));
    assert_eq!((summary.series.as_str(), summary.number()), (SERIES, 9));
    assert_eq!(
        (summary.lines, summary.amount),
        (2, "3864.00".parse().unwrap())
    );
    let told = summary.allowances.unwrap();
    let december: Month = "2026-12".parse().unwrap();
    assert_eq!((told.month, told.lines), (december, 3));
    assert_eq!(allowances[1].event, AllowanceEvent::Change);
    assert_eq!(
        allowances[1].granted,
        Some(Granted {
            coverage: Coverage::Partial,
            amount: "1500.00".parse().unwrap()
        })
    );
    assert_eq!(
        (allowances[2].granted, allowances[2].month),
        (None, december)
    );
    // Midnight in Hong Kong.
    assert_eq!(
        transfers[1].instructed_at.to_rfc3339(),
        "2026-11-25T16:00:00+00:00"
    );
    let header = (december, summary.business_date, 9);
    let written = write(header, Characters::Utf8, &allowances, &transfers).unwrap();
    assert_eq!(written, GOLDEN.as_bytes());
    let big5 = write(header, Characters::Big5, &allowances, &transfers).unwrap();
    assert_eq!(read_all(&big5).unwrap(), (summary, allowances, transfers));
    // A month without any changes, or without transfers, is one too.
    assert!(read_all(b"H|kaifong-cssa-1|2026-12|2026-11-27|9|UTF-8\nT|0|0|0.00|9\n").is_ok());
    // What is on which line of the file.
    assert_eq!((line_of_allowance(3), line_of_transfer(3, 2)), (4, 6));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one plain list")]
fn what_is_wrong_is_refused_where_it_is() {
    for (from, to, line, column, what) in [
        (
            "|2026-12|2026-11-27|",
            "|2026-13|2026-11-27|",
            1,
            18,
            "a month",
        ),
        (
            "|2026-12|2026-11-27|",
            "|2027-01|2026-11-27|",
            1,
            18,
            "a month",
        ),
        (
            "|2026-12|2026-11-27|",
            "|2025-10|2026-11-27|",
            1,
            18,
            "a month",
        ),
        ("|2026-11-27|9|U", "|2026-11-28|9|U", 1, 26, "yet to come"),
        ("|9|UTF", "|0|UTF", 1, 37, "a number"),
        ("UTF-8", "UTF-7", 1, 39, "UTF-8 or BIG5-HKSCS"),
        ("A|1|", "A|2|", 2, 3, "allowance number 1"),
        ("A|2|", "A|1|", 3, 3, "allowance number 2"),
        ("|start|", "|begin|", 2, 5, "start, change or stop"),
        ("|1000000018|full", "||full", 2, 11, "a tenant code"),
        ("|full|", "|whole|", 2, 22, "full or partial"),
        ("|full|", "||", 2, 22, "full or partial"),
        ("full|2364.00", "full|0.00", 2, 27, "an amount above zero"),
        ("full|2364.00", "full|2364.000", 2, 27, "an amount"),
        (
            "full|2364.00",
            "full|10000000.00",
            2,
            27,
            "below ten million",
        ),
        ("2364.00|2026-12", "2364.00|2028-01", 2, 35, "within a year"),
        ("2364.00|2026-12", "2364.00|2025-11", 2, 35, "within a year"),
        ("2364.00|2026-12", "2364.00|2026-12|", 2, 43, "7 fields"),
        ("34|||", "34|full||", 4, 21, "nothing, where"),
        ("34|||", "34||1.00|", 4, 22, "nothing, where"),
        ("A|3|stop", "B|3|stop", 4, 1, "A, D or T"),
        ("A|3|stop", "H|3|stop", 4, 1, "a second header"),
        ("D|1|", "D|2|", 5, 3, "transfer number 1"),
        ("SWD202612-000001", "SWD 1", 5, 5, "a reference"),
        ("|HKD|", "|CNY|", 5, 41, "HKD"),
        ("HKD|2026-11-27", "HKD|2026-11-28", 5, 45, "later than"),
        (
            "HKD|2026-11-27",
            "HKD|2025-11-25",
            5,
            45,
            "more than a year",
        ),
        ("HKD|2026-11-27", "HKD|27.11.2026", 5, 45, "a date"),
        (
            "D|2|SWD202612-000002|1000000026|1500.00|HKD|2026-11-26",
            "A|4|stop|1000000042|||2026-12",
            6,
            1,
            "after the first transfer",
        ),
        ("T|3|", "T|4|", 7, 3, "4 allowances, the file has 3"),
        ("T|3|2", "T|3|1", 7, 5, "1 transfers, the file has 2"),
        ("3864.00", "3864.01", 7, 7, "come to HK$3864.00"),
        (
            "3864.00|9",
            "3864.00|8",
            7,
            15,
            "9, the number in the header",
        ),
        ("T|3|2|3864.00|9\n", "", 7, 1, "without its trailer"),
        ("3864.00|9\n", "3864.00|9\n\n", 8, 1, "goes on after"),
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
    let twice = [GOLDEN, GOLDEN].concat();
    let refusal = read_all(twice.as_bytes()).unwrap_err();
    assert_eq!((refusal.line, refusal.remedy), (8, APART));
    // Another layout of the family is none of this one.
    let rents = GOLDEN.replace("kaifong-cssa-1", "kaifong-cssa-9");
    assert_eq!(read_all(rents.as_bytes()).unwrap_err().column, 3);
}

/// However a file is spoiled, what is taken of it is what its trailer says, or nothing is.
#[test]
fn ten_thousand_spoiled_files_are_refused_or_add_up() {
    let mut random = ChaCha8Rng::seed_from_u64(59);
    let good = GOLDEN.as_bytes();
    let (whole, ..) = read_all(good).unwrap();
    let mut draw = |below: usize| usize::try_from(random.next_u32()).unwrap() % below;
    let mut taken = 0;
    for _ in 0..10_000 {
        let mut bytes = good.to_vec();
        for _ in 0..=draw(3) {
            let (at, other) = (draw(bytes.len()), draw(good.len()));
            match draw(5) {
                0 => bytes[at] ^= 1 << draw(8),
                1 => {
                    bytes.remove(at);
                }
                2 => bytes.insert(at, good[other]),
                3 => bytes.truncate(at.max(1)),
                _ => {
                    let mut parts: Vec<&[u8]> =
                        good.split_inclusive(|byte| *byte == b'\n').collect();
                    let (from, to) = (draw(parts.len()), draw(parts.len()));
                    parts.swap(from, to);
                    bytes = parts.concat();
                }
            }
        }
        let Ok((summary, allowances, transfers)) = read_all(&bytes) else {
            continue;
        };
        taken += 1;
        let told = summary.allowances.as_ref().unwrap();
        assert_eq!(usize::try_from(told.lines), Ok(allowances.len()));
        assert_eq!(usize::try_from(summary.lines), Ok(transfers.len()));
        // A count and a sum that agree by accident still are of as many transfers.
        assert_eq!((summary.lines, summary.amount), (whole.lines, whole.amount));
    }
    assert!((1..5_000).contains(&taken), "{taken}");
}
