//! The golden file, and ten thousand spoiled ones.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::payments::files::tests::{
    COLLECTION as GOLDEN, assert_refused, payments, read_all, spoiled,
};

fn unpaid(code: &str, result: DebitResult, amount: &str, on: &str) -> Entry {
    let (account, code_of) = (code.to_owned(), format!("A-2026-11-{code}-1"));
    let status = match result {
        DebitResult::AccountInvalid => "01",
        DebitResult::Duplicate => "04",
        other => panic!("{other}"),
    };
    Entry::Unpaid(Unpaid {
        reference: code_of,
        account,
        amount: amount.parse().unwrap(),
        on: on.parse().ok(),
        result,
        was_paid: false,
        code: status.to_owned(),
    })
}

#[test]
fn the_golden_file_is_read() {
    let (summary, entries) = read_all(GOLDEN.as_bytes()).unwrap();
    assert_eq!(
        summary,
        Summary {
            whose: Whose::Account("004000111111001".to_owned()),
            business_date: "2026-11-20".parse().unwrap(),
            series: "004000111111001 A01".to_owned(),
            sequence: Sequence::Day,
            lines: 2,
            amount: "3344.50".parse().unwrap(),
            allowances: None,
        }
    );
    assert_eq!(summary.number(), 20_261_120);
    let line = |number, code: &str, amount: &str| {
        Entry::Payment(Line {
            number,
            reference: format!("A-2026-11-{code}-1"),
            end_to_end: None,
            wording: None,
            account: code.to_owned(),
            amount: amount.parse().unwrap(),
            instructed_at: "2026-11-19T16:00:00Z".parse().unwrap(),
            place: String::new(),
        })
    };
    let expected = [
        line(1, "1000000018", "2364.00"),
        unpaid(
            "1000000026",
            DebitResult::AccountInvalid,
            "1200.00",
            "2026-11-20",
        ),
        line(2, "1000000039", "980.50"),
        unpaid(
            "1000000047",
            DebitResult::Duplicate,
            "3100.00",
            "2026-11-19",
        ),
    ];
    assert_eq!(entries, expected);
    assert!(read_all(GOLDEN.replace('\n', "\r\n").as_bytes()).is_ok());
    // By HSBC Connect there is no payment code in the header.
    let blank = GOLDEN.replacen("001A01", "001   ", 1);
    let (summary, entries) = read_all(blank.as_bytes()).unwrap();
    assert_eq!(
        (summary.series.as_str(), entries.len()),
        ("004000111111001", 4)
    );
}

#[test]
fn every_status_is_one_of_ours_or_no_status() {
    for (status, expected) in [
        ("00", Some(DebitResult::Accepted)),
        ("01", Some(DebitResult::AccountInvalid)),
        ("02", Some(DebitResult::AmountInvalid)),
        ("03", Some(DebitResult::DateInvalid)),
        ("04", Some(DebitResult::Duplicate)),
        ("05", Some(DebitResult::Other)),
        ("06", Some(DebitResult::Other)),
        ("07", Some(DebitResult::AccountInvalid)),
        ("10", Some(DebitResult::AccountInvalid)),
        ("11", None),
        ("0", None),
        ("", None),
    ] {
        assert_eq!(result(status), expected, "{status:?}");
    }
    // The day that the bank refused may be no day.
    let strange = GOLDEN.replacen(
        "A0120261120RENT202611  1000000026",
        "A0120261131RENT202611  1000000026",
        1,
    );
    let strange = strange.replacen(
        "1000000026-1             01",
        "1000000026-1             03",
        1,
    );
    let (_, entries) = read_all(strange.as_bytes()).unwrap();
    assert!(matches!(
        &entries[1],
        Entry::Unpaid(Unpaid {
            on: None,
            result: DebitResult::DateInvalid,
            ..
        })
    ));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one plain row a case")]
fn what_is_wrong_is_refused_where_it_is() {
    for (from, to, line, column, what) in [
        ("20261120004", "20261122004", 1, 5, "yet to come"),
        ("20261120004", "20251119004", 1, 5, "more than a year"),
        ("20261120004", "20261131004", 1, 5, "a date"),
        ("004000111111001A", "00400011111100 A", 1, 13, "15 digits"),
        ("111001A01", "111001A02", 2, 1, "payment code of the header"),
        ("A0120261120", "A0120261121", 2, 4, "later than the day"),
        ("A0120261120", "A0120251118", 2, 4, "more than a year"),
        ("A0120261120", "A01261120  ", 2, 4, "a date"),
        (
            "00000000000236400",
            "0000000000023640x",
            2,
            240,
            "17 digits",
        ),
        (
            "00000000000236400",
            "00000000000000000",
            2,
            240,
            "above zero",
        ),
        (
            "00000000000236400",
            "00000001000000000",
            2,
            240,
            "below ten million",
        ),
        (
            "00000000000236400",
            "00000000002364.00",
            2,
            240,
            "17 digits",
        ),
        (
            "A-2026-11-1000000018-1",
            "                      ",
            2,
            257,
            "what we called",
        ),
        (
            "A-2026-11-1000000018-1",
            "A 2026-11-1000000018-1",
            2,
            257,
            "what we called",
        ),
        (
            "018-1             00",
            "018-1             11",
            2,
            292,
            "a status",
        ),
        (
            "018-1             00",
            "018-1               ",
            2,
            292,
            "a status",
        ),
        (
            "RENT202611  1000000018",
            "RENT202611  10\u{7}0000018",
            2,
            26,
            "plain letter",
        ),
        (
            "TENANT TWO",
            "TENANT",
            3,
            397,
            "400 bytes was expected, not 396",
        ),
        ("TENANT TWO", "TENANT TWO TOO", 3, 401, "400 bytes"),
    ] {
        assert_refused(GOLDEN, (from, to), (line, column), what);
    }
}

#[test]
fn a_file_that_is_not_whole_is_refused_where_it_can_be_seen() {
    let lines: Vec<&str> = GOLDEN.split_inclusive('\n').collect();
    for (text, line, what) in [
        (lines[0].to_owned(), 2, "ends without a debit"),
        (GOLDEN[..900].to_owned(), 3, "400 bytes"),
        ([GOLDEN, GOLDEN].concat(), 6, "a second header"),
        (format!("{GOLDEN}\n"), 6, "400 bytes"),
        (GOLDEN.replace('\n', ""), 1, "less than 1024 bytes"),
    ] {
        let refusal = read_all(text.as_bytes()).unwrap_err();
        assert_eq!(refusal.line, line, "{refusal}");
        assert!(refusal.what.contains(what), "{what}: {refusal}");
    }
    // Cut between two lines, it looks whole: the layout has nothing that says otherwise.
    let (summary, _) = read_all(lines[..3].concat().as_bytes()).unwrap();
    assert_eq!(summary.lines, 1);
}

/// The payer's name may be of any characters: it is not read.
#[test]
fn names_are_not_read() {
    let odd = GOLDEN.replacen("TENANT ONE", "TENANT \u{9673}", 1);
    let (summary, entries) = read_all(odd.as_bytes()).unwrap();
    assert_eq!(summary.lines, 2);
    assert!(!format!("{entries:?}").contains("TENANT"));
}

/// However a file is spoiled, what is taken of it is what it is said to come to.
#[test]
fn ten_thousand_spoiled_files_are_refused_or_add_up() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut taken = 0;
    for _ in 0..10_000 {
        let bytes = spoiled(GOLDEN.as_bytes(), &mut random);
        let Ok((summary, entries)) = read_all(&bytes) else {
            continue;
        };
        taken += 1;
        let paid = payments(&entries);
        assert_eq!(usize::try_from(summary.lines), Ok(paid.len()));
        assert_eq!(
            summary.amount,
            Money::sum(paid.iter().map(|line| line.amount)).unwrap()
        );
        // Its lines are whole: none was cut, and none is more than it was.
        let whole = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        assert!(
            whole
                .split(|byte| *byte == b'\n')
                .all(|line| line.len() <= LENGTH + 1)
        );
        assert!(entries.len() <= 4);
    }
    assert!((1_000..7_000).contains(&taken), "{taken}");
}
