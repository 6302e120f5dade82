//! Golden messages, and what becomes of them when they are spoiled.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::kernel::money::Money;
use crate::payments::files::tests::{
    NOTIFICATION_2, NOTIFICATION_8, STATEMENT_2, STATEMENT_8, payments, read_all, spoiled,
};
use crate::payments::files::{
    DebitResult, Entry, Line, Movement, NOT_PROVIDED, Sequence, Summary, Unpaid, Whose,
};

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn line(number: u32, reference: &str, account: &str, amount: &str, at: &str) -> Entry {
    Entry::Payment(Line {
        number,
        reference: reference.to_owned(),
        end_to_end: Some(NOT_PROVIDED.to_owned()),
        wording: None,
        account: account.to_owned(),
        amount: money(amount),
        instructed_at: at.parse().unwrap(),
        place: String::new(),
    })
}

/// The same, which the payer called `RENT`.
fn called_rent(entry: Entry) -> Entry {
    match entry {
        Entry::Payment(line) => Entry::Payment(Line {
            end_to_end: Some("RENT".to_owned()),
            ..line
        }),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_statement_of_version_2_is_read() {
    let (summary, entries) = read_all(STATEMENT_2.as_bytes()).unwrap();
    assert_eq!(
        summary,
        Summary {
            whose: Whose::Account("004000111111002".to_owned()),
            business_date: "2026-11-20".parse().unwrap(),
            series: "camt.053 004000111111002".to_owned(),
            sequence: Sequence::Number(37),
            lines: 3,
            amount: money("4544.50"),
            allowances: None,
        }
    );
    let midnight = "2026-11-19T16:00:00Z";
    let expected = [
        line(1, "B-0001", "1000000018", "2364.00", "2026-11-20T02:31:07Z"),
        // Told to pay on the last second of the day before.
        line(2, "T-0021", "1000000026", "1200.00", "2026-11-19T15:59:59Z"),
        // A digit is wrong: the beginning of what the payer wrote is kept.
        line(3, "T-0022", "NOV RENT & ARREARS 1", "980.50", midnight),
        Entry::Unpaid(Unpaid {
            reference: "A-2026-11-1000000047-1".to_owned(),
            account: "1000000047".to_owned(),
            amount: money("310.00"),
            on: "2026-11-20".parse().ok(),
            result: DebitResult::AccountClosed,
            was_paid: true,
            code: "AC04".to_owned(),
        }),
        Entry::Movement(Movement {
            reference: "E-0004".to_owned(),
            wording: "TRANSFER TO GENERAL ACCOUNT".to_owned(),
            amount: money("-50000.00"),
            booked_on: "2026-11-20".parse().unwrap(),
        }),
    ];
    assert_eq!(entries, expected);
}

#[test]
fn a_statement_of_version_8_is_read() {
    let (summary, entries) = read_all(STATEMENT_8.as_bytes()).unwrap();
    assert_eq!((summary.sequence, summary.lines), (Sequence::Number(8), 1));
    // The payer's own reference, which comes every month, is not taken for the bank's.
    let uetr = "8a562c67-ca16-48ba-b074-65581be6f001";
    let at = "2026-11-20T01:00:00Z";
    let paid = line(1, uetr, "1000000039", "3600.00", at);
    assert_eq!(entries, [called_rent(paid)]);
}

#[test]
fn notifications_are_read() {
    let (summary, entries) = read_all(NOTIFICATION_8.as_bytes()).unwrap();
    assert_eq!(summary.series, "camt.054 004000111111003");
    let told = (summary.sequence, summary.lines, summary.amount);
    assert_eq!(told, (Sequence::Number(501), 2, money("2464.00")));
    // What is not booked yet is no payment yet.
    let expected = [
        called_rent(line(
            1,
            "FPS20261120115803001",
            "1000000018",
            "2364.00",
            "2026-11-20T03:58:02.517Z",
        )),
        line(
            2,
            "FPS20261120115940002",
            "1000000026",
            "100.00",
            "2026-11-20T03:59:40Z",
        ),
    ];
    assert_eq!(entries, expected);

    let (summary, entries) = read_all(NOTIFICATION_2.as_bytes()).unwrap();
    assert_eq!(summary.business_date, "2026-11-19".parse().unwrap());
    assert_eq!((summary.lines, summary.amount), (0, Money::ZERO));
    let returned = Unpaid {
        reference: "R-1".to_owned(),
        account: String::new(),
        amount: money("250.00"),
        on: "2026-11-19".parse().ok(),
        result: DebitResult::Other,
        was_paid: true,
        code: String::new(),
    };
    let charge_given_back = Movement {
        reference: "C-1".to_owned(),
        wording: String::new(),
        amount: money("25.00"),
        booked_on: "2026-11-19".parse().unwrap(),
    };
    let expected = [Entry::Unpaid(returned), Entry::Movement(charge_given_back)];
    assert_eq!(entries, expected);
}

/// The account that a payer's words name in the first payment of the golden statement.
fn account(written: &str) -> String {
    let from = "<Strd><CdtrRefInf><Ref>1000000018</Ref></CdtrRefInf></Strd>";
    let text = STATEMENT_2.replacen(from, written, 1);
    let (_, entries) = read_all(text.as_bytes()).unwrap();
    payments(&entries)[0].account.clone()
}

#[test]
fn the_account_is_the_one_tenant_code_that_the_payer_wrote() {
    for (written, expected) in [
        ("<Ustrd>1000000018</Ustrd>", "1000000018"),
        ("<Ustrd>rent1000000018nov</Ustrd>", "1000000018"),
        ("<Ustrd>1000000018 1000000018</Ustrd>", "1000000018"),
        ("<Ustrd>1000000018202611236400</Ustrd>", "1000000018"),
        // Two households: somebody must look.
        (
            "<Ustrd>1000000018 1000000026</Ustrd>",
            "1000000018 100000002",
        ),
        ("<Ustrd>RENT</Ustrd><Ustrd>NOV</Ustrd>", "RENT NOV"),
        ("<Ustrd>12345678901</Ustrd>", "12345678901"),
        ("", ""),
        (
            "<Ustrd>RENT</Ustrd><Strd><CdtrRefInf><Ref>INV-7</Ref></CdtrRefInf></Strd>",
            "INV-7",
        ),
        (
            "<Ustrd>1000000026</Ustrd><Strd><CdtrRefInf><Ref>INV-7</Ref></CdtrRefInf></Strd>",
            "1000000026",
        ),
    ] {
        assert_eq!(account(written), expected, "{written}");
    }
}

#[test]
fn an_entry_without_transactions_is_one_payment() {
    let from = STATEMENT_2.find("<NtryDtls>").unwrap();
    let until = STATEMENT_2.find("</NtryDtls>").unwrap() + "</NtryDtls>".len();
    let text = format!("{}{}", &STATEMENT_2[..from], &STATEMENT_2[until..]);
    let (_, entries) = read_all(text.as_bytes()).unwrap();
    assert_eq!(
        entries[0],
        line(1, "E-0001", "", "2364.00", "2026-11-20T02:31:07Z")
    );
}

/// However a statement is spoiled, what is taken of it is the difference of its balances, or
/// nothing is.
#[test]
fn ten_thousand_spoiled_statements_are_refused_or_add_up() {
    let mut random = ChaCha8Rng::seed_from_u64(53);
    let mut taken = 0;
    for _ in 0..10_000 {
        let bytes = spoiled(STATEMENT_2.as_bytes(), &mut random);
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
        let moved = entries.iter().map(|entry| match entry {
            Entry::Payment(line) => line.amount,
            Entry::Unpaid(unpaid) => unpaid.amount.negated(),
            Entry::Movement(movement) => movement.amount,
            Entry::Of(_) | Entry::Allowance(_) => Money::ZERO,
        });
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(Money::sum(moved).unwrap(), money("-45765.50"), "{text}");
    }
    assert!((100..5_000).contains(&taken), "{taken}");
}
