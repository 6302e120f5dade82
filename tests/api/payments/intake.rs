//! Settlement files taken in: every payment once, whatever comes and however often.

use std::fs;
use std::process::Command;
use std::thread;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::{Date, Text};
use kaifong::kernel::clock::{Clock, SystemClock, hong_kong_date};
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::files::{Characters, Line, write};
use kaifong::payments::{Channel, FileState, PaymentError, Told, enter_told};
use kaifong::platform::auth::Actor;

use super::office::{Office, file, line};

/// The number of the suspense account.
const SUSPENSE: i64 = 22;

#[test]
fn a_payment_is_posted_once_whatever_file_names_it() {
    let office = Office::open();
    let [one, two, _] = office.codes[..] else {
        panic!("three households");
    };
    let lines = [
        line(1, "S-1", &one, "2364.00"),
        line(2, "S-2", &two, "100.00"),
        // A digit is wrong: it is somebody's money all the same.
        line(3, "S-3", &"1000000019", "50.00"),
        // A household that there is not.
        line(4, "S-4", &TenantCode::of(987_654_321).unwrap(), "7.00"),
        line(5, "S-2", &two, "100.00"),
    ];
    let bytes = file(Channel::Store, 1, &lines);
    let taken = office.take("takings.txt", &bytes);
    assert_eq!((taken.state, taken.settled), (FileState::Posted, 5));
    let fate = |word: &str, lines: i64, amount: &str| (word.to_owned(), lines, amount.to_owned());
    assert_eq!(
        office.fates(&taken),
        [
            fate("duplicate", 1, "100.00"),
            fate("posted", 2, "2464.00"),
            fate("suspense", 2, "57.00"),
        ]
    );
    let standing = || {
        let accounts = [one.number(), two.number(), SUSPENSE];
        accounts.map(|account| office.credited(account).to_string())
    };
    assert_eq!(standing(), ["2364.00", "100.00", "57.00"]);

    let (again, is_new) = office
        .receive("the-same-by-another-name.txt", &bytes)
        .unwrap();
    assert_eq!((again.id, is_new), (taken.id, false));
    // The same payments in another order, and one that is new.
    let others = [
        line(1, "S-2", &two, "100.00"),
        line(2, "S-1", &one, "2364.00"),
        line(3, "S-9", &one, "1.00"),
    ];
    let other = office.take("other.txt", &file(Channel::Store, 2, &others));
    assert_eq!(
        office.fates(&other),
        [fate("duplicate", 2, "2464.00"), fate("posted", 1, "1.00")]
    );
    // Another channel's reference is another payment.
    let pps = office.take("pps.txt", &file(Channel::Pps, 1, &lines[..1]));
    assert_eq!(office.fates(&pps), [fate("posted", 1, "2364.00")]);
    assert_eq!(standing(), ["4729.00", "100.00", "57.00"]);
    assert_eq!(office.count("payment"), 6);
    assert_eq!(office.count("ledger_transfer WHERE kind = 'payment'"), 6);
}

#[test]
fn a_file_that_comes_early_waits_for_those_before_it() {
    let office = Office::open();
    let one = office.codes[0];
    let numbered = |sequence: u32| {
        let reference = format!("S-{sequence}");
        file(
            Channel::Store,
            sequence,
            &[line(1, &reference, &one, "1.00")],
        )
    };
    assert_eq!(office.take("5", &numbered(5)).state, FileState::Posted);
    for early in [8, 7] {
        let taken = office.take("early", &numbered(early));
        assert_eq!(taken.state, FileState::Held, "{early}");
    }
    assert_eq!(office.count("payment"), 1);
    let (sixth, _) = office.receive("6", &numbered(6)).unwrap();
    let posted = office.post(Channel::Store, u32::MAX);
    let order: Vec<_> = posted
        .iter()
        .map(|file| (file.sequence, file.state))
        .collect();
    let done = FileState::Posted;
    assert_eq!(order, [(6, done), (7, done), (8, done)]);
    assert_eq!(posted[0].id, sixth.id);
    assert_eq!(office.count("payment"), 4);
    // Another file 6, and one from before the first.
    for taken in [6, 4] {
        let other = file(Channel::Store, taken, &[line(1, "S-99", &one, "1.00")]);
        let refused = office.receive("taken", &other).unwrap_err();
        assert!(
            matches!(refused, PaymentError::SequenceTaken { .. }),
            "{refused}"
        );
    }
    assert_eq!(office.count("payment_line"), 4);
}

#[test]
fn a_file_broken_off_between_chunks_goes_on_where_it_was() {
    let office = Office::open();
    let lines: Vec<Line> = (1..=20_000)
        .map(|number| {
            let code = office.codes[usize::try_from(number).unwrap() % 3];
            line(number, &format!("S-{number}"), &code, "1.01")
        })
        .collect();
    let bytes = file(Channel::Store, 1, &lines);
    let (taken, _) = office.receive("large.txt", &bytes).unwrap();
    let broken_off = office.post(Channel::Store, 1);
    let settled = broken_off[0].settled;
    assert_eq!(broken_off[0].state, FileState::Staged);
    assert!(settled > 0 && settled < 20_000, "{settled}");
    assert_eq!(office.count("payment"), i64::from(settled));
    let (again, is_new) = office.receive("large.txt", &bytes).unwrap();
    assert_eq!((again.id, is_new), (taken.id, false));
    let done = office.post(Channel::Store, u32::MAX);
    assert_eq!(
        (done[0].state, done[0].settled),
        (FileState::Posted, 20_000)
    );
    assert_eq!(office.count("payment"), 20_000);
    let paid = office
        .codes
        .iter()
        .map(|code| office.credited(code.number()));
    assert_eq!(Money::sum(paid).unwrap(), "20200.00".parse().unwrap());
    assert!(office.post(Channel::Store, u32::MAX).is_empty());
}

#[test]
fn a_file_of_one_reference_is_one_payment() {
    let office = Office::open();
    let lines: Vec<Line> = (1..=20_000)
        .map(|number| line(number, "S-1", &office.codes[0], "1.01"))
        .collect();
    let taken = office.take("flood.txt", &file(Channel::Store, 1, &lines));
    assert_eq!((taken.state, taken.settled), (FileState::Posted, 20_000));
    let fate = |word: &str, lines: i64, amount: &str| (word.to_owned(), lines, amount.to_owned());
    assert_eq!(
        office.fates(&taken),
        [
            fate("duplicate", 19_999, "20198.99"),
            fate("posted", 1, "1.01")
        ]
    );
}

/// A part is decided while the one before is written, and sees nothing of that.
#[test]
fn what_repeats_a_line_of_the_part_before_pays_nothing() {
    let office = Office::open();
    let code = &office.codes[0];
    let news = Told {
        reference: "T-1".to_owned(),
        account: code.to_string(),
        amount: "1.01".parse().unwrap(),
        instructed_at: office.now,
        place: "7-Eleven".to_owned(),
    };
    let (conn, actor) = (&mut office.database.connect(), Actor::program("test"));
    enter_told(conn, Channel::Store, vec![news], &actor, office.now).unwrap();
    // The payment that was told, and one of this file: each in three parts.
    let lines: Vec<Line> = (1..=20_000)
        .map(|number| {
            let reference = match number {
                7 | 9_000 | 17_000 => "T-1".to_owned(),
                6 | 9_001 | 17_001 => "S-6".to_owned(),
                other => format!("S-{other}"),
            };
            line(number, &reference, code, "1.01")
        })
        .collect();
    let taken = office.take("large.txt", &file(Channel::Store, 1, &lines));
    let fate = |word: &str, lines: i64, amount: &str| (word.to_owned(), lines, amount.to_owned());
    assert_eq!(
        office.fates(&taken),
        [
            fate("duplicate", 4, "4.04"),
            fate("posted", 19_995, "20194.95"),
            fate("settled", 1, "1.01"),
        ]
    );
    assert_eq!(office.credited(code.number()).to_string(), "20195.96");
    assert_eq!(office.count("payment"), 19_996);
}

#[test]
fn two_that_bring_the_same_file_at_once_bring_one() {
    let office = Office::open();
    let lines: Vec<Line> = (1..=2_000)
        .map(|number| line(number, &format!("S-{number}"), &office.codes[0], "1.01"))
        .collect();
    let bytes = file(Channel::Store, 1, &lines);
    let both = thread::scope(|scope| {
        ["one.txt", "two.txt"]
            .map(|name| scope.spawn(|| office.receive(name, &bytes).unwrap()))
            .map(|brought| brought.join().unwrap())
    });
    let [(one, one_is_new), (two, two_is_new)] = both;
    assert_eq!(one.id, two.id);
    assert!(one_is_new != two_is_new, "one of them is new");
    assert_eq!(office.count("payment_line"), 2_000);
}

#[test]
fn money_counts_from_the_day_that_the_channel_has_it() {
    #[derive(QueryableByName)]
    struct Paid {
        #[diesel(sql_type = Text)]
        reference: String,
        #[diesel(sql_type = Date)]
        value_on: NaiveDate,
        #[diesel(sql_type = Date)]
        effective_on: NaiveDate,
    }
    let office = Office::open();
    let one = office.codes[0];
    let at = |number: u32, reference: &str, instructed_at: &str| Line {
        instructed_at: instructed_at.parse().unwrap(),
        ..line(number, reference, &one, "10.00")
    };
    let lines = [
        // National Day, a Thursday.
        at(1, "holiday", "2026-10-01T04:00:00Z"),
        // A Friday, a second before seven and at seven.
        at(2, "in-time", "2026-11-13T10:59:59Z"),
        at(3, "late", "2026-11-13T11:00:00Z"),
    ];
    office.take("pps.txt", &file(Channel::Pps, 1, &lines));
    let paid: Vec<Paid> = diesel::sql_query(
        "SELECT p.reference, p.value_on, t.effective_on FROM payment p \
         JOIN ledger_transfer t ON t.source = p.id ORDER BY p.line",
    )
    .load(&mut office.database.connect())
    .unwrap();
    let told: Vec<_> = paid
        .iter()
        .map(|paid| {
            assert_eq!(paid.value_on, paid.effective_on);
            (paid.reference.as_str(), paid.value_on.to_string())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("holiday", "2026-10-02".to_owned()),
            ("in-time", "2026-11-13".to_owned()),
            ("late", "2026-11-16".to_owned()),
        ]
    );
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let office = Office::open();
    let one = office.codes[0];
    let lines = [line(1, "M-1", &one, "10.00")];
    let closed = office
        .receive("mtr.txt", &file(Channel::Mtr, 1, &lines))
        .unwrap_err();
    assert!(
        matches!(closed, PaymentError::Closed(Channel::Mtr, _)),
        "{closed}"
    );
    let good = file(Channel::Store, 1, &lines);
    let short = office
        .receive("short.txt", &good[..good.len() - 9])
        .unwrap_err();
    assert!(short.to_string().starts_with("line 3, column "), "{short}");
    for table in ["payment_file", "payment_line", "payment"] {
        assert_eq!(office.count(table), 0, "{table}");
    }
    // The household has left; what it pays is credit on its account.
    let left = "UPDATE tenancy SET ends_on = '2026-10-31', end_recorded_at = '2026-10-01', \
                end_reason = 'surrender' WHERE household = ";
    let left = format!("{left}{}", one.number());
    diesel::sql_query(left)
        .execute(&mut office.database.connect())
        .unwrap();
    office.take("store.txt", &good);
    assert_eq!(office.credited(one.number()), "10.00".parse().unwrap());
}

#[test]
fn a_file_is_taken_in_from_the_command_line() {
    let office = Office::open();
    let one = office.codes[0];
    let now = SystemClock.now() - TimeDelta::days(1);
    let lines: Vec<Line> = (1..=3)
        .map(|number| Line {
            instructed_at: now,
            ..line(number, &format!("S-{number}"), &one, "10.00")
        })
        .collect();
    let date = hong_kong_date(now);
    let bytes = write((Channel::Store, date, 1), Characters::Big5, &lines).unwrap();
    let path = office.database.folder().join("store.txt");
    fs::write(&path, bytes).unwrap();
    let ingest = || {
        let output = Command::new(env!("CARGO_BIN_EXE_kaifong"))
            .args(["ingest"])
            .arg(&path)
            .env("KAIFONG_DATABASE_URL", office.database.url())
            .env("KAIFONG_ROOT_KEY", office.database.root_key())
            .env("KAIFONG_DATA_DIR", office.database.folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let told = format!("store file 1 of {date} (store.txt): posted, 3 payments, HK$30.00\n");
    let said = ingest();
    assert!(
        said.starts_with(&told) && said.contains("3  HK$30.00  on accounts"),
        "{said}"
    );
    let again = ingest();
    assert!(
        again.starts_with(&format!("these bytes came before\n{told}")),
        "{again}"
    );
    assert_eq!(office.count("payment"), 3);
}
