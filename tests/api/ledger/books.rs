//! The exported books, and what hledger makes of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use kaifong::kernel::money::Money;
use kaifong::ledger::{self, Format, General, Range, TransferKind};
use rust_decimal::Decimal;

use super::{Books, at, charge, open, payment, post, transfer};

/// Two months of three households on every general account.
fn lived_in() -> Books {
    let books = open(3);
    let mut conn = books.app();
    for (month, minute) in ["2026-10", "2026-11"].iter().zip([0, 1]) {
        let first = format!("{month}-01");
        for (household, rent) in books.households.iter().zip(["2345.00", "1999.50", "0.01"]) {
            let when = (first.as_str(), at(minute));
            let mut transfers = vec![
                charge(*household, rent, when),
                payment(*household, "900.10", when),
            ];
            for (general, cents) in General::ALL.iter().zip(11..) {
                let amount = Money::of_cents(if cents % 2 == 0 { cents } else { -cents }).unwrap();
                let amount = amount.to_string();
                transfers.push(transfer(
                    *household,
                    *general,
                    &amount,
                    TransferKind::Adjustment,
                    when,
                ));
            }
            post(&mut conn, &transfers).unwrap();
        }
    }
    books
}

fn exported(books: &Books, range: Range, format: Format) -> String {
    let mut out = Vec::new();
    ledger::export(&mut books.app(), range, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The total of each class of account, as hledger adds up `journal`.
fn hledger(journal: &str) -> BTreeMap<String, Decimal> {
    let mut program = Command::new("hledger")
        .args([
            "--file=-",
            "balance",
            "--flat",
            "--empty",
            "--no-total",
            "--output-format=csv",
        ])
        .arg("--alias=/^assets:rent:.*/=assets:rent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("hledger is needed to check the books: apt-get install hledger (./dev test does)");
    let mut stdin = program.stdin.take().unwrap();
    stdin.write_all(journal.as_bytes()).unwrap();
    drop(stdin);
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "hledger refuses the journal");
    let mut rows = csv::Reader::from_reader(output.stdout.as_slice());
    let rows = rows.records().map(|row| {
        let row = row.unwrap();
        let amount = row[1].trim_start_matches("HKD ").trim_start_matches("HKD");
        (row[0].to_owned(), amount.parse().unwrap())
    });
    rows.collect()
}

fn ours(books: &Books, range: Range) -> BTreeMap<String, Decimal> {
    let totals = ledger::class_totals(&mut books.app(), range).unwrap();
    totals.into_iter().collect()
}

#[test]
fn hledger_comes_to_the_same_totals() {
    let books = lived_in();
    let november = Some("2026-11".parse().unwrap());
    for range in [
        Range::default(),
        Range {
            from: november,
            ..Range::default()
        },
        Range {
            to: Some("2026-10".parse().unwrap()),
            ..Range::default()
        },
        Range {
            from: november,
            opening: true,
            ..Range::default()
        },
    ] {
        let ours = ours(&books, range);
        assert_eq!(ours.len(), General::ALL.len() + 1);
        assert_eq!(ours.values().sum::<Decimal>(), Decimal::ZERO);
        let journal = exported(&books, range, Format::Hledger);
        assert_eq!(hledger(&journal), ours, "{range:?}");
    }
    let whole = ours(&books, Range::default());
    let opened = Range {
        from: november,
        opening: true,
        ..Range::default()
    };
    assert_eq!(
        whole,
        ours(&books, opened),
        "opening balances make up for what is left out"
    );
}

#[test]
fn a_journal_has_a_transaction_a_transfer() {
    let books = open(1);
    let rent = charge(books.households[0], "2345.00", ("2026-11-01", at(0)));
    post(&mut books.app(), std::slice::from_ref(&rent)).unwrap();
    let journal = exported(&books, Range::default(), Format::Hledger);
    let expected = format!(
        "2026-11-01 ({}) charge\n    assets:rent:{}  HKD 2345.00\n    revenues:rent  HKD -2345.00\n\n",
        rent.id, books.households[0]
    );
    assert_eq!(journal, expected);
    let december = Range {
        from: Some("2026-12".parse().unwrap()),
        opening: true,
        ..Range::default()
    };
    // No month of the range has a transfer, and yet the accounts are opened.
    let december = exported(
        &books,
        Range {
            to: december.from,
            ..december
        },
        Format::Hledger,
    );
    let expected = format!(
        "2026-12-01 opening balances\n    revenues:rent  HKD -2345.00\n    assets:rent:{}  HKD 2345.00\n\n",
        books.households[0]
    );
    assert_eq!(december, expected);
}

#[test]
fn csv_has_a_header_and_a_line_a_transfer() {
    let books = lived_in();
    let text = exported(&books, Range::default(), Format::Csv);
    assert!(
        text.starts_with("\"id\",\"effective_on\",\"debit\",\"credit\",\"amount\",\"kind\",\"source\",\"reverses\",\"booked_at\"\r\n")
    );
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 * 3 * (2 + General::ALL.len()));
    let keys: Vec<_> = rows
        .iter()
        .map(|row| (row[1].to_owned(), row[0].to_owned()))
        .collect();
    assert!(keys.is_sorted());
    let owed: Decimal = rows
        .iter()
        .map(|row| {
            let amount: Decimal = row[4].parse().unwrap();
            if row[2]
                .parse::<kaifong::kernel::tenant_code::TenantCode>()
                .is_ok()
            {
                amount
            } else {
                -amount
            }
        })
        .sum();
    assert_eq!(owed, ours(&books, Range::default())["assets:rent"]);
    let empty = exported(&open(0), Range::default(), Format::Csv);
    assert_eq!(empty.lines().count(), 1);
}
