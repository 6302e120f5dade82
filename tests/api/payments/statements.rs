//! Files of banks taken in: statements, notifications, results of debits.

use std::fmt::Write as _;
use std::fs;

use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::{Channel, FileState, PaymentError};
use kaifong::platform::db::execute;

use super::office::Office;
use crate::support::program::Program;

/// Where the bank channel's money is collected, and FPS's.
const BANK: &str = "004000111111002";
const FPS: &str = "004000111111003";

/// A credit: reference, what the payer wrote, amount.
type Credit<'a> = (&'a str, String, &'a str);

/// The entries of `credits`, and one by which we took 10.00 out.
fn entries(credits: &[Credit<'_>]) -> String {
    let mut text = String::new();
    for (reference, written, amount) in credits {
        writeln!(
            text,
            "<Ntry><Amt Ccy=\"HKD\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><DtTm>2026-11-20T10:00:00+08:00</DtTm></BookgDt>\
             <AcctSvcrRef>{reference}</AcctSvcrRef>\
             <NtryDtls><TxDtls><RmtInf><Ustrd>{written}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        )
        .unwrap();
    }
    text.push_str(
        "<Ntry><Amt Ccy=\"HKD\">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>2026-11-20</Dt></BookgDt></Ntry>\n",
    );
    text
}

/// Statement `number` of `account`, whose credits come to `sum`.
fn statement(account: &str, number: u32, credits: &[Credit<'_>], sum: u32) -> String {
    let balance = |kind: &str, amount: u32| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"HKD\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>\n"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n\
         <GrpHdr><MsgId>M-{number}</MsgId><CreDtTm>2026-11-20T19:00:00+08:00</CreDtTm></GrpHdr>\n\
         <Stmt><Id>{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>\
         <Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>\n{}{}{}</Stmt>\n\
         </BkToCstmrStmt></Document>\n",
        balance("OPBD", 1_000),
        balance("CLBD", 990 + sum),
        entries(credits)
    )
}

fn notification(account: &str, number: u32, credits: &[Credit<'_>]) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\">\
         <BkToCstmrDbtCdtNtfctn><GrpHdr><CreDtTm>2026-11-20T19:30:00+08:00</CreDtTm></GrpHdr>\n\
         <Ntfctn><ElctrncSeqNb>{number}</ElctrncSeqNb>\
         <Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>\n{}</Ntfctn>\n\
         </BkToCstmrDbtCdtNtfctn></Document>\n",
        entries(credits)
    )
}

fn fate(word: &str, lines: i64, amount: &str) -> (String, i64, String) {
    (word.to_owned(), lines, amount.to_owned())
}

#[test]
fn a_bank_statement_pays_rent_once() {
    let office = Office::open();
    let [one, two, _] = office.codes[..] else {
        panic!("three households");
    };
    let nobody = TenantCode::of(987_654_321).unwrap();
    let credits = [
        ("B-1", format!("RENT {one} NOV"), "2364.00"),
        ("B-2", two.to_string(), "100"),
        ("B-3", nobody.to_string(), "7.00"),
        ("B-4", "A CHEQUE".to_owned(), "29.00"),
    ];
    let file = office.take("37.xml", statement(BANK, 37, &credits, 2_500).as_bytes());
    assert_eq!(
        (file.channel, file.state),
        (Channel::Bank, FileState::Posted)
    );
    assert_eq!((file.sequence, file.lines), (37, 4));
    assert_eq!(file.series, format!("camt.053 {BANK}"));
    let expected = [fate("posted", 2, "2464.00"), fate("suspense", 2, "36.00")];
    assert_eq!(office.fates(&file), expected);
    assert_eq!(office.credited(one.number()), "2364.00".parse().unwrap());
    // The same payments in a notification: its numbers are a row of their own.
    let told = notification(BANK, 1, &credits[..2]);
    let told = office.take("n1.xml", told.as_bytes());
    assert_eq!(told.state, FileState::Posted);
    assert_eq!(office.fates(&told), [fate("duplicate", 2, "2464.00")]);
    // The same reference of another bank account's channel is another payment.
    let fps = office.take("fps.xml", statement(FPS, 1, &credits[1..2], 100).as_bytes());
    assert_eq!((fps.channel, fps.state), (Channel::Fps, FileState::Posted));
    assert_eq!(office.fates(&fps), [fate("posted", 1, "100.00")]);
    assert_eq!(office.count("payment"), 5);
    assert_eq!(office.count("ledger_transfer WHERE kind = 'payment'"), 5);
}

/// What no household owes would overflow its balance, and stop the channel's other files.
#[test]
fn a_sum_too_large_for_one_household_waits_in_suspense() {
    let office = Office::open();
    let one = office.codes[0];
    let credits = [
        ("B-1", format!("RENT {one}"), "4000000000.00"),
        ("B-2", format!("RENT {one}"), "4000000000.00"),
        ("B-3", format!("RENT {one}"), "9999999.99"),
    ];
    let file = office.take("n1.xml", notification(BANK, 1, &credits).as_bytes());
    assert_eq!(file.state, FileState::Posted);
    assert_eq!(
        office.fates(&file),
        [
            fate("posted", 1, "9999999.99"),
            fate("suspense", 2, "8000000000.00")
        ]
    );
}

/// A name has no place in rows that are never erased.
#[test]
fn what_a_payer_wrote_is_kept_up_to_the_length_of_an_account() {
    let office = Office::open();
    let written = "FROM CHAN TAI MAN, 3/F WAH FU ESTATE".to_owned();
    let credits = [("B-1", written, "7.00"), ("B-2", String::new(), "8.00")];
    office.take("n1.xml", notification(BANK, 1, &credits).as_bytes());
    let kept = |from: &str| office.count(&format!("{from} WHERE length(account) > 20"));
    assert_eq!((kept("payment"), kept("payment_line")), (0, 0));
    assert_eq!(
        office.count("payment WHERE account = 'FROM CHAN TAI MAN, 3'"),
        1
    );
}

#[test]
fn statements_of_an_account_are_numbered_by_themselves() {
    let office = Office::open();
    let credit = |reference| [(reference, office.codes[0].to_string(), "1")];
    let numbered = |account, number, reference| statement(account, number, &credit(reference), 1);
    let mut conn = office.database.connect();
    execute(
        &mut conn,
        "INSERT INTO collection_account (account, channel, valid_from, recorded_at, source, assumed) \
         VALUES ('004000222222001', 'bank', '2026-11-20', now(), 'a test', true)",
    )
    .unwrap();
    for (account, number, reference, state) in [
        (BANK, 37, "B-37", FileState::Posted),
        (BANK, 39, "B-39", FileState::Held),
        ("004000222222001", 5, "C-5", FileState::Posted),
        (BANK, 38, "B-38", FileState::Posted),
    ] {
        let text = numbered(account, number, reference);
        let file = office.take(reference, text.as_bytes());
        assert_eq!(file.state, state, "{reference}");
    }
    assert_eq!(office.count("payment"), 4);
    let other = office.receive("other", numbered(BANK, 37, "B-99").as_bytes());
    assert!(matches!(
        other,
        Err(PaymentError::SequenceTaken { sequence: 37, .. })
    ));
}

#[test]
fn an_account_that_collects_for_no_channel_on_the_day_is_refused() {
    let office = Office::open();
    let credits = [("B-1", office.codes[0].to_string(), "1")];
    let refused = |account: &str| {
        let text = statement(account, 1, &credits, 1);
        let refused = office.receive("x.xml", text.as_bytes()).unwrap_err();
        assert!(
            matches!(&refused, PaymentError::NotOurs(named, _) if named == account),
            "{refused}"
        );
    };
    refused("004000333333001");
    // Ended the day before, or begun the day after.
    let mut conn = office.database.connect();
    for dates in ["'2026-11-01', '2026-11-19'", "'2026-11-21', NULL"] {
        execute(
            &mut conn,
            &format!(
                "INSERT INTO collection_account (account, channel, valid_from, valid_to, \
                 recorded_at, source, assumed) \
                 VALUES ('004000333333001', 'bank', {dates}, now(), 'a test', true)"
            ),
        )
        .unwrap();
        refused("004000333333001");
    }
    for table in ["payment_file", "payment_line"] {
        assert_eq!(office.count(table), 0, "{table}");
    }
    // On one day an account collects for one channel.
    let second = "INSERT INTO collection_account (account, channel, valid_from, recorded_at, \
                  source, assumed) VALUES ('004000111111002', 'fps', '2026-11-20', now(), 'a test', true)";
    let error = execute(&mut conn, second).unwrap_err();
    assert_eq!(error.constraint(), Some("collection_account_one_channel"));
}

/// The golden collection file: what was paid is posted, what was not paid is not.
#[test]
fn the_results_of_a_day_s_debits_are_taken_once() {
    let office = Office::open();
    let golden = include_str!("../../golden/payments/hsbc-collection.txt");
    let [one, two, three] = office.codes[..] else {
        panic!("three households");
    };
    let text = golden
        .replace("1000000018", &one.to_string())
        .replace("1000000026", &two.to_string())
        .replace("1000000039", &three.to_string());
    let file = office.take("collection.txt", text.as_bytes());
    assert_eq!(
        (file.channel, file.state),
        (Channel::Autopay, FileState::Posted)
    );
    assert_eq!((file.sequence, file.lines), (20_261_120, 2));
    assert_eq!(office.fates(&file), [fate("posted", 2, "3344.50")]);
    assert_eq!(office.credited(two.number()), "0.00".parse().unwrap());
    // Another file of that day; a later one needs none in between, an earlier one may still come.
    let other = text.replace("TENANT ONE", "TENANT 1  ");
    let refused = office.receive("again.txt", other.as_bytes()).unwrap_err();
    assert!(
        matches!(refused, PaymentError::SequenceTaken { .. }),
        "{refused}"
    );
    let earlier = text
        .replace("UHL120261120", "UHL120261118")
        .replace("A0120261120", "A0120261118")
        .replace("A0120261119", "A0120261118")
        .replace("A-2026-11", "A-2026-10");
    let earlier = office.take("earlier.txt", earlier.as_bytes());
    assert_eq!(earlier.state, FileState::Posted);
    assert_eq!(office.count("payment"), 4);
}

#[test]
fn a_bank_s_file_is_checked_without_a_database() {
    let program = Program::new("bank-file");
    let check = |text: &str, words: &[&str]| {
        let file = program.folder().join("bank.xml");
        fs::write(&file, text).unwrap();
        let mut command = program.command(&["payment-file", "check"]);
        let output = command.arg(&file).args(words).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            said.replace(&format!("{}", file.display()), "FILE"),
        )
    };
    let golden = include_str!("../../golden/payments/camt.053.001.02.xml");
    let told = "FILE: account 004000111111002 file 37 of 2026-11-20, 3 payments, HK$4544.50; \
                2 to tenant codes, 1 to none; 1 debits unpaid, 1 other movements\n";
    assert_eq!(check(golden, &[]), (Some(0), told.to_owned()));
    let (_, json) = check(golden, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["account"], "004000111111002");
    assert_eq!(
        (&json["unpaid"], &json["movements"]),
        (&1.into(), &1.into())
    );
    let (code, said) = check(&golden.replacen("54234.50", "54234.51", 1), &[]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("FILE: line 22, column 24: the closing balance"),
        "{said}"
    );
}
