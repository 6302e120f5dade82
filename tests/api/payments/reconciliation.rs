//! Whether files, bank and ledger say the same of a channel's day; money that moved for nobody.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use kaifong::kernel::id::PaymentId;
use kaifong::kernel::money::Money;
use kaifong::payments::reconciliation::{
    Cause, Day, DayStanding, NamedLine, Period, WholeDay, days, first_lines, whole_day,
};
use kaifong::payments::{Channel, FileState, Told, enter_told};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute};
use serde_json::{Value, json};

use super::office::{Office, file, line};
use crate::support::{Call, start, world};

/// The account to which channels' takings come in one sum, and the one that payers pay to.
const SUMS: &str = "004000111111005";
const BANK: &str = "004000111111002";

/// An entry of a statement: what the bank writes, the amount, and whether it came in.
type Entry<'a> = (&'a str, &'a str, bool);

/// Statement `number` of `account` of 20 November, with `entries`.
fn statement(account: &str, number: u32, entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut text, mut sum) = (String::new(), Money::ZERO);
    for (place, (wording, amount, is_in)) in entries.iter().enumerate() {
        let money: Money = amount.parse().unwrap();
        let (direction, moved) = if *is_in {
            ("CRDT", money)
        } else {
            ("DBIT", money.negated())
        };
        sum = sum.checked_add(moved).unwrap();
        writeln!(
            text,
            "<Ntry><Amt Ccy=\"HKD\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
             <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt>\
             <AcctSvcrRef>E-{number}-{place}</AcctSvcrRef>\
             <AddtlNtryInf>{wording}</AddtlNtryInf></Ntry>"
        )
        .unwrap();
    }
    let balance = |kind: &str, amount: Money| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"HKD\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>\n"
        )
    };
    let opening: Money = "100000.00".parse().unwrap();
    let closing = opening.checked_add(sum).unwrap();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n\
         <GrpHdr><MsgId>M-{number}</MsgId><CreDtTm>2026-11-20T19:00:00+08:00</CreDtTm></GrpHdr>\n\
         <Stmt><Id>{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>\
         <Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>\n{}{}{text}</Stmt>\n\
         </BkToCstmrStmt></Document>\n",
        balance("OPBD", opening),
        balance("CLBD", closing),
    )
    .into_bytes()
}

/// The same as a notification, which has no balances.
fn notification(number: u32, entries: &[Entry<'_>]) -> Vec<u8> {
    let text = String::from_utf8(statement(SUMS, number, entries)).unwrap();
    let text = text
        .replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
        .replace("Stmt>", "Ntfctn>")
        .replace("camt.053", "camt.054");
    text.into_bytes()
}

impl Office {
    /// Every channel's days of November 2026.
    fn days(&self) -> Vec<Day> {
        let period = Period {
            channel: None,
            from: "2026-11-01".parse().unwrap(),
            to: "2026-11-30".parse().unwrap(),
        };
        days(&mut connect(self.database.url()).unwrap(), period).unwrap()
    }

    /// Where the day of `channel` stands, 20 November.
    fn standing(&self, channel: Channel) -> Option<DayStanding> {
        let days = self.days();
        let day = days.iter().find(|day| day.figures.channel == channel);
        day.map(|day| day.standing)
    }

    fn whole(&self, channel: Channel) -> WholeDay {
        let day = (channel, "2026-11-20".parse().unwrap());
        whole_day(&mut connect(self.database.url()).unwrap(), day).unwrap()
    }

    fn named(&self, channel: Channel) -> Vec<NamedLine> {
        let day = (channel, "2026-11-20".parse().unwrap());
        first_lines(&mut connect(self.database.url()).unwrap(), day, 100).unwrap()
    }

    /// Cause, reference and line of what is named of stores' day.
    fn causes(&self) -> Vec<(Cause, String, Option<i32>)> {
        let named = self.named(Channel::Store).into_iter();
        named
            .map(|line| (line.cause, line.reference, line.line))
            .collect()
    }

    /// A store's file of the day that comes to 2,471.00, one line of it in suspense.
    fn takings(&self) -> Vec<u8> {
        let lines = [
            line(1, "S-1", &self.codes[0], "2364.00"),
            line(2, "S-2", &self.codes[1], "100.00"),
            line(3, "S-3", &"1000000019", "7.00"),
        ];
        file(Channel::Store, 1, &lines)
    }

    fn bank_says(&self, entries: &[Entry<'_>]) -> kaifong::payments::PaymentFile {
        let number = u32::try_from(self.count("payment_file")).unwrap() + 1;
        self.take(&format!("{number}.xml"), &statement(SUMS, number, entries))
    }

    /// Told as it happened.
    fn tell(&self, channel: Channel, reference: &str, amount: &str) {
        let told = Told {
            reference: reference.to_owned(),
            account: self.codes[2].to_string(),
            amount: amount.parse().unwrap(),
            instructed_at: "2026-11-20T03:00:00Z".parse().unwrap(),
            place: "7-Eleven 彩虹邨".to_owned(),
        };
        let conn = &mut connect(self.database.url()).unwrap();
        let actor = Actor::program("test");
        enter_told(conn, channel, vec![told], &actor, self.now).unwrap();
    }
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn a_day_waits_for_the_bank_and_then_agrees() {
    let office = Office::open();
    office.take("takings.txt", &office.takings());
    assert_eq!(
        office.standing(Channel::Store),
        Some(DayStanding::WaitingForBank)
    );
    let statement = office.bank_says(&[
        ("STORES TAKINGS 20261120", "2471.00", true),
        ("TRANSFER TO GENERAL ACCOUNT", "50000.00", false),
    ]);
    // The sum is nobody's rent.
    assert_eq!((statement.lines, statement.amount), (0, Money::ZERO));
    assert_eq!(statement.state, FileState::Posted);
    assert_eq!(office.count("payment"), 3);
    let [bank, store] = &office.days()[..] else {
        panic!("{:?}", office.days());
    };
    assert_eq!(bank.standing, DayStanding::Agreed);
    assert_eq!(store.standing, DayStanding::Agreed);
    let figures = &store.figures;
    assert_eq!((figures.files, figures.lines, figures.credits), (1, 3, 1));
    assert_eq!((figures.payments, figures.in_suspense), (3, 1));
    for amount in [figures.amount, figures.bank_amount, figures.ledger_amount] {
        assert_eq!(amount, money("2471.00"));
    }
    assert_eq!(figures.suspense_amount, money("7.00"));
    let whole = office.whole(Channel::Store);
    assert_eq!((whole.files.len(), whole.credits.len()), (1, 1));
    assert!(!whole.files[0].is_alone && !whole.credits[0].is_alone);
    assert!(office.named(Channel::Store).is_empty());
}

#[test]
fn the_bank_may_be_first_and_its_notification_counts_nothing() {
    let office = Office::open();
    let sum = [("STORES TAKINGS 20261120", "2471.00", true)];
    let told = office.take("n1.xml", &notification(1, &sum));
    assert_eq!((told.state, told.lines), (FileState::Posted, 0));
    assert_eq!(office.count("bank_movement"), 0);
    office.bank_says(&sum);
    assert_eq!(
        office.standing(Channel::Store),
        Some(DayStanding::WaitingForFile)
    );
    office.take("takings.txt", &office.takings());
    assert_eq!(office.standing(Channel::Store), Some(DayStanding::Agreed));
}

#[test]
fn one_cent_is_a_difference_and_file_and_credit_are_named() {
    let office = Office::open();
    office.take("takings.txt", &office.takings());
    let other = file(
        Channel::Store,
        2,
        &[line(1, "S-9", &office.codes[0], "50.00")],
    );
    office.take("evening.txt", &other);
    office.bank_says(&[
        ("STORES TAKINGS 20261120", "50.00", true),
        ("STORES TAKINGS 20261120", "2470.99", true),
    ]);
    let whole = office.whole(Channel::Store);
    assert_eq!(whole.day.standing, DayStanding::Difference);
    assert_eq!(whole.day.figures.bank_less_ledger(), money("-0.01"));
    let files = whole.files.iter().filter(|file| file.is_alone);
    assert_eq!(
        files.map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["takings.txt"]
    );
    let credits = whole.credits.iter().filter(|credit| credit.is_alone);
    assert_eq!(
        credits.map(|credit| credit.amount).collect::<Vec<_>>(),
        [money("2470.99")]
    );
}

#[test]
fn a_line_that_the_bank_left_out_is_named() {
    let office = Office::open();
    office.take("takings.txt", &office.takings());
    office.bank_says(&[("STORES TAKINGS 20261120", "2371.00", true)]);
    assert_eq!(
        office.standing(Channel::Store),
        Some(DayStanding::Difference)
    );
    let expected = [(Cause::OfThatAmount, "S-2".to_owned(), Some(2))];
    assert_eq!(office.causes(), expected);
}

#[test]
fn lines_that_were_paid_before_are_in_no_sum_and_are_named() {
    let office = Office::open();
    office.take("takings.txt", &office.takings());
    // The same file again, with one line more: another name, another number.
    let again = [
        line(1, "S-1", &office.codes[0], "2364.00"),
        line(2, "S-2", &office.codes[1], "100.00"),
        line(3, "S-3", &"1000000019", "7.00"),
        line(4, "S-4", &office.codes[1], "29.00"),
    ];
    office.take("again.txt", &file(Channel::Store, 2, &again));
    office.bank_says(&[("STORES TAKINGS 20261120", "2500.00", true)]);
    let whole = office.whole(Channel::Store);
    assert_eq!(whole.day.standing, DayStanding::Agreed);
    let figures = &whole.day.figures;
    assert_eq!((figures.lines, figures.duplicates), (7, 3));
    assert_eq!(figures.duplicate_amount, money("2471.00"));
    assert_eq!(whole.files[1].net_amount, money("29.00"));
    let duplicate = |number: i32| (Cause::Duplicate, format!("S-{number}"), Some(number));
    assert_eq!(office.causes(), [1, 2, 3].map(duplicate));
}

#[test]
fn what_was_told_and_is_in_no_file_makes_a_difference_until_a_file_has_it() {
    let office = Office::open();
    office.tell(Channel::Store, "T-1", "40.00");
    assert_eq!(
        office.standing(Channel::Store),
        Some(DayStanding::WaitingForFile)
    );
    office.take("takings.txt", &office.takings());
    office.bank_says(&[("STORES TAKINGS 20261120", "2511.00", true)]);
    assert_eq!(
        office.standing(Channel::Store),
        Some(DayStanding::Difference)
    );
    assert_eq!(
        office.causes(),
        [(Cause::NotSettled, "T-1".to_owned(), None)]
    );
    let settles = [line(1, "T-1", &office.codes[2], "40.00")];
    office.take("late.txt", &file(Channel::Store, 2, &settles));
    assert_eq!(office.standing(Channel::Store), Some(DayStanding::Agreed));
    // A counter sends no file: what it told is what the bank must credit.
    office.tell(Channel::Shroff, "C-1", "12.00");
    assert_eq!(
        office.standing(Channel::Shroff),
        Some(DayStanding::WaitingForBank)
    );
    office.bank_says(&[("SHROFF DEPOSIT 20261120", "12.00", true)]);
    assert_eq!(office.standing(Channel::Shroff), Some(DayStanding::Agreed));
}

#[test]
fn a_file_that_stopped_is_a_difference_and_each_of_its_lines_is_named() {
    let office = Office::open();
    office.take("takings.txt", &office.takings());
    let otherwise = [
        line(1, "S-8", &office.codes[0], "5.00"),
        line(2, "S-1", &office.codes[0], "2364.01"),
    ];
    office.take("otherwise.txt", &file(Channel::Store, 2, &otherwise));
    office.bank_says(&[("STORES TAKINGS 20261120", "2471.00", true)]);
    let whole = office.whole(Channel::Store);
    assert_eq!(whole.day.standing, DayStanding::Difference);
    assert_eq!(whole.day.figures.waiting_amount, money("2369.01"));
    let reason = whole.files[1].reason.as_deref().unwrap();
    assert!(reason.starts_with("line 2: S-1"), "{reason}");
    let waits = |reference: &str, line| (Cause::NotEntered, reference.to_owned(), Some(line));
    assert_eq!(office.causes(), [waits("S-1", 2), waits("S-8", 1)]);
}

/// What nothing of ours can do, a hand in the database may.
#[test]
fn a_payment_that_the_ledger_does_not_hold_is_named() {
    let office = Office::open();
    office.take("takings.txt", &office.takings());
    office.bank_says(&[("STORES TAKINGS 20261120", "2471.00", true)]);
    assert_eq!(office.standing(Channel::Store), Some(DayStanding::Agreed));
    let payment = PaymentId::derived("store/S-2");
    let conn = &mut office.database.connect();
    for (change, back, held) in [
        ("amount = amount - 0.01", "amount = amount + 0.01", 3),
        ("debit = 32", "debit = 35", 3),
        ("kind = 'fee'", "kind = 'payment'", 2),
    ] {
        let update = |set: &str| {
            format!(
                "SET session_replication_role = replica; \
                 UPDATE ledger_transfer SET {set} WHERE source = '{payment}'"
            )
        };
        execute(conn, &update(change)).unwrap();
        let whole = office.whole(Channel::Store);
        assert_eq!(whole.day.standing, DayStanding::Difference, "{change}");
        assert_eq!(whole.day.figures.unposted, 1, "{change}");
        assert_eq!(whole.day.figures.payments, held, "{change}");
        let causes = office.causes();
        let named = causes.iter().filter(|named| named.0 == Cause::NotInLedger);
        let named: Vec<_> = named.map(|named| (named.1.as_str(), named.2)).collect();
        assert_eq!(named, [("S-2", Some(2))], "{change}");
        execute(conn, &update(back)).unwrap();
        assert_eq!(office.standing(Channel::Store), Some(DayStanding::Agreed));
    }
}

#[test]
fn whose_a_credit_is_goes_by_the_rule_of_the_day() {
    let office = Office::open();
    let conn = &mut office.database.connect();
    execute(
        conn,
        "INSERT INTO paying_in (account, begins, channel, valid_from, valid_to, recorded_at, source, \
         assumed) VALUES \
         ('004000111111005', 'KIOSK SUMS', 'store', '2026-11-21', NULL, now(), 'a test', true), \
         ('004000111111005', 'OLD SUMS', 'store', '2026-11-01', '2026-11-19', now(), 'a test', true), \
         ('004000111111005', 'NEW SUMS', 'store', '2026-11-20', '2026-11-20', now(), 'a test', true)",
    )
    .unwrap();
    let statement = office.bank_says(&[
        ("NEW SUMS 20261120", "4.00", true),
        ("KIOSK SUMS 20261120", "1.00", true),
        ("PPS SETTLEMENT", "8.00", true),
        ("OLD SUMS 20261119", "2.00", true),
        ("STORES TAKINGS, DAY UNKNOWN", "16.00", true),
    ]);
    // Those of other days' rules are credits like any other: money in suspense.
    assert_eq!((statement.state, statement.lines), (FileState::Posted, 2));
    assert_eq!(office.count("payment WHERE household IS NULL"), 2);
    let mut found: Vec<_> = office
        .days()
        .into_iter()
        .map(|day| {
            (
                day.figures.channel,
                day.figures.day.to_string(),
                day.figures.bank_amount,
            )
        })
        .collect();
    found.sort();
    let day = |channel, day: &str, amount: &str| (channel, day.to_owned(), money(amount));
    let mut expected = [
        day(Channel::Bank, "2026-11-20", "3.00"),
        day(Channel::Store, "2026-11-20", "4.00"),
        day(Channel::Pps, "2026-11-19", "8.00"),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(
        office.count("bank_movement WHERE NOT known AND amount = 16"),
        1
    );
}

/// Where payers pay, what they write names no channel and hides no money.
#[test]
fn a_payer_who_writes_as_the_bank_does_pays_all_the_same() {
    let office = Office::open();
    let text = statement(
        BANK,
        1,
        &[
            ("STORES TAKINGS 20261120", "10.00", true),
            ("TRANSFER TO GENERAL ACCOUNT", "20.00", true),
            ("TRANSFER TO GENERAL ACCOUNT", "5.00", false),
        ],
    );
    let taken = office.take("1.xml", &text);
    assert_eq!((taken.lines, taken.amount), (2, money("30.00")));
    assert_eq!(office.count("payment WHERE household IS NULL"), 2);
    assert_eq!(office.count("bank_movement WHERE known AND amount = -5"), 1);
    assert_eq!(office.standing(Channel::Bank), Some(DayStanding::Agreed));
}

#[test]
fn a_debit_that_was_paid_back_is_kept_and_asks_nobody() {
    let office = Office::open();
    let golden = include_str!("../../golden/payments/camt.053.001.02.xml");
    office.take("golden.xml", golden.as_bytes());
    assert_eq!(office.count("bank_movement"), 2);
    let returned = "bank_movement WHERE returned AND amount = -310 AND wording = '1000000047' \
                    AND channel IS NULL";
    assert_eq!(office.count(returned), 1);
    assert_eq!(office.count("bank_movement_now WHERE NOT known"), 0);
    // HSBC's file tells of debits that never came: no money moved.
    let golden = include_str!("../../golden/payments/hsbc-collection.txt");
    office.take("collection.txt", golden.as_bytes());
    assert_eq!(office.count("bank_movement"), 2);
}

fn read(path: &str) -> Call {
    Call::get(&format!("/v1/{path}")).scope("reconciliation:read")
}

fn write(path: &str, by: &str, body: Value) -> Call {
    let key = uuid::Uuid::now_v7().to_string();
    let call = Call::post(&format!("/v1/{path}")).scope("reconciliation:write");
    call.by(by).key(&key).json(body)
}

fn bring(bytes: Vec<u8>) -> Call {
    let call = Call::post("/v1/payment-files?name=f").scope("payment-file:write");
    call.header("Content-Type", "application/octet-stream")
        .bytes(bytes)
}

#[actix_web::test]
async fn a_movement_of_nobody_s_is_assigned_by_two_people() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 1);
    let takings = file(Channel::Store, 1, &[line(1, "S-1", &codes[0], "30.00")]);
    app.send(bring(takings)).await.expect(201);
    // The day of one cannot be read; a charge is under no rule.
    let says = [
        ("STORES TAKINGS", "30.00", true),
        ("CHARGES", "1.50", false),
    ];
    app.send(bring(statement(SUMS, 1, &says))).await.expect(201);
    app.work();
    let day = || read("reconciliations/store/2026-11-20");
    assert_eq!(
        app.send(day()).await.expect(200)["state"],
        "waiting_for_bank"
    );
    let list = || read("bank-movements?known=false");
    let unknown = app.send(list()).await.expect(200);
    let [one, other] = &unknown["items"].as_array().unwrap()[..] else {
        panic!("{unknown}");
    };
    let (sum, charge) = if one["amount"] == "30.00" {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!(charge["amount"], "-1.50");
    let assignments = format!("bank-movements/{}/assignments", sum["id"].as_str().unwrap());
    for (body, problem) in [
        (
            json!({ "channel": "store", "reason": "so" }),
            "payment-refused",
        ),
        (
            json!({ "day": "2026-11-20", "reason": "so" }),
            "payment-refused",
        ),
        (
            json!({ "channel": "store", "day": "2026-11-21", "reason": "so" }),
            "payment-refused",
        ),
        (
            json!({ "channel": "store", "day": "2025-11-18", "reason": "so" }),
            "payment-refused",
        ),
    ] {
        let refused = app.send(write(&assignments, "one", body)).await;
        assert_eq!(refused.problem(), problem);
    }
    let body = json!({ "channel": "store", "day": "2026-11-20", "reason": "the amount is theirs" });
    let proposed = app
        .send(write(&assignments, "one", body.clone()))
        .await
        .expect(201);
    let second = app.send(write(&assignments, "two", body.clone())).await;
    assert_eq!(second.problem(), "payment-not-now");
    // Nothing counts that one person says.
    assert_eq!(
        app.send(day()).await.expect(200)["state"],
        "waiting_for_bank"
    );
    let assignment =
        |of: &Value| format!("bank-movement-assignments/{}", of["id"].as_str().unwrap());
    let approval = format!("{}/approval", assignment(&proposed));
    let alone = app.send(write(&approval, "one", json!({}))).await;
    assert_eq!(alone.problem(), "payment-needs-another");
    let refusal = format!("{}/refusal", assignment(&proposed));
    let back = app
        .send(write(&refusal, "one", json!({ "reason": "a slip" })))
        .await;
    assert_eq!(back.expect(200)["state"], "refused");
    let late = app.send(write(&approval, "two", json!({}))).await;
    assert_eq!(late.problem(), "payment-not-now");
    let again = app.send(write(&assignments, "one", body)).await.expect(201);
    let approval = format!("{}/approval", assignment(&again));
    app.send(write(&approval, "two", json!({})))
        .await
        .expect(200);
    assert_eq!(app.send(day()).await.expect(200)["state"], "agreed");

    // The charge is no channel's: it leaves the list.
    let path = format!(
        "bank-movements/{}/assignments",
        charge["id"].as_str().unwrap()
    );
    let nobody = json!({ "reason": "what the bank takes for the account" });
    let proposed = app.send(write(&path, "two", nobody)).await.expect(201);
    let approval = format!("{}/approval", assignment(&proposed));
    app.send(write(&approval, "one", json!({})))
        .await
        .expect(200);
    assert_eq!(app.send(list()).await.expect(200)["items"], json!([]));
    let told = read(&format!("bank-movements/{}", sum["id"].as_str().unwrap()));
    let told = app.send(told).await.expect(200);
    assert_eq!(told["channel"], "store");
    assert_eq!(told["assignments"].as_array().unwrap().len(), 2);
    app.send(read("bank-movements/01940000-0000-7000-8000-000000000001"))
        .await
        .expect(404);
}

#[actix_web::test]
async fn days_are_listed_filtered_sorted_and_paged() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 1);
    for (channel, amount) in [(Channel::Store, "30.00"), (Channel::Pps, "20.00")] {
        let lines = [
            line(1, "R-1", &codes[0], amount),
            line(2, "R-1", &codes[0], amount),
        ];
        app.send(bring(file(channel, 1, &lines))).await.expect(201);
    }
    let says = [
        ("STORES TAKINGS 20261120", "29.99", true),
        ("STORES TAKINGS 20261119", "500.00", true),
        ("STORES TAKINGS 20261020", "1.00", true),
    ];
    app.send(bring(statement(SUMS, 1, &says))).await.expect(201);
    app.work();
    let list = async |query: &str| {
        let call = read(&format!("reconciliations?{query}"));
        let page = app.send(call).await.expect(200);
        let days = page["items"].as_array().unwrap().iter().map(|day| {
            let (channel, on) = (
                day["channel"].as_str().unwrap(),
                day["day"].as_str().unwrap(),
            );
            format!("{channel} {on} {}", day["state"].as_str().unwrap())
        });
        (
            days.collect::<Vec<_>>(),
            page["next"].as_str().map(ToOwned::to_owned),
        )
    };
    let bank = "bank 2026-11-20 agreed";
    let pps = "pps 2026-11-20 waiting_for_bank";
    let store = "store 2026-11-20 difference";
    let early = "store 2026-11-19 waiting_for_file";
    // A month is looked at, so October's is not.
    assert_eq!(list("").await.0, [pps, bank, store, early]);
    assert_eq!(list("sort=oldest").await.0, [early, pps, bank, store]);
    assert_eq!(list("sort=difference").await.0, [early, pps, store, bank]);
    assert_eq!(list("state=difference").await.0, [store]);
    assert_eq!(
        list("channel=store&to=2026-11-19").await.0,
        [early, "store 2026-10-20 waiting_for_file"]
    );
    assert_eq!(list("from=2026-11-20&channel=pps").await.0, [pps]);
    for sort in ["newest", "oldest", "difference"] {
        let (all, _) = list(&format!("sort={sort}")).await;
        let (mut paged, mut after) = (Vec::new(), String::new());
        loop {
            let (days, next) = list(&format!("sort={sort}&limit=1{after}")).await;
            paged.extend(days);
            let Some(next) = next else { break };
            after = format!("&after={next}");
        }
        assert_eq!(paged, all, "{sort}");
    }
    for query in [
        "from=2026-11-20&to=2026-11-19",
        "from=2026-08-01&to=2026-11-20",
    ] {
        let refused = app.send(read(&format!("reconciliations?{query}"))).await;
        assert_eq!(refused.problem(), "reconciliation-period", "{query}");
    }
    app.send(read("reconciliations/fps/2026-11-20"))
        .await
        .expect(404);
    let lines = read("reconciliations/store/2026-11-20/lines?limit=1");
    let lines = app.send(lines).await.expect(200);
    assert_eq!(lines["items"][0]["cause"], "duplicate");
    let pps = read("reconciliations/pps/2026-11-20/lines?limit=1");
    assert_eq!(app.send(pps).await.expect(200)["next"], Value::Null);
}

#[test]
fn the_command_line_names_what_differs_and_fails() {
    let office = Office::open();
    office.take("takings.txt", &office.takings());
    let reconcile = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_kaifong"))
            .args(["reconcile", "--from", "2026-11-19", "--to", "2026-11-20"])
            .args(words)
            .env("KAIFONG_DATABASE_URL", office.database.url())
            .env("KAIFONG_DATA_DIR", office.database.folder())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, said) = reconcile(&[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("2026-11-20  store      awaits the bank"),
        "{said}"
    );
    office.bank_says(&[("STORES TAKINGS 20261120", "2370.99", true)]);
    let (code, said) = reconcile(&["--channel", "store"]);
    assert_eq!(code, Some(1), "{said}");
    for told in [
        "2026-11-20  store      DIFFERS",
        "bank less ledger: -HK$100.01",
        "file takings.txt: no credit is its HK$2,471.00",
        "no file is its HK$2,370.99",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let (code, said) = reconcile(&["--state", "difference", "--json"]);
    assert_eq!(code, Some(1), "{said}");
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["days"].as_array().unwrap().len(), 1);
    assert_eq!(told["days"][0]["credits_alone"][0]["amount"], "2370.99");
    let (code, said) = reconcile(&["--state", "agreed"]);
    assert_eq!(code, Some(0));
    assert!(!said.contains("held since"), "{said}");

    // One that came early is told of, whatever day is looked at, until it goes on.
    let early = [line(1, "S-99", &office.codes[0], "1.00")];
    let early = office.take("early.txt", &file(Channel::Store, 9, &early));
    assert_eq!(early.state, FileState::Held);
    let next = office.count("payment_file WHERE channel = 'store' AND state = 'posted'");
    let reminder = format!(
        "held since 2026-11-20: store file 9 (early.txt) waits for {}: ask for it, or release {}\n",
        next + 1,
        early.id
    );
    let (_, said) = reconcile(&["--state", "agreed"]);
    assert!(said.ends_with(&reminder), "{said}");
    let (_, said) = reconcile(&["--channel", "pps"]);
    assert!(!said.contains("held since"), "{said}");
    let (_, said) = reconcile(&["--json"]);
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["held"][0]["file"], early.id.to_string());
    assert_eq!(told["held"][0]["awaits"], next + 1);
}

/// A day of many lines is asked by a few statements; this many take well under a second.
#[test]
fn a_large_day_is_compared_by_sets() {
    let office = Office::open();
    let lines: Vec<_> = (1..=30_000)
        .map(|number| line(number, &format!("S-{number}"), &office.codes[0], "1.00"))
        .collect();
    let taken = office.take("large.txt", &file(Channel::Store, 1, &lines));
    assert_eq!(taken.state, FileState::Posted);
    office.bank_says(&[("STORES TAKINGS 20261120", "29999.00", true)]);
    let began = Instant::now();
    let whole = office.whole(Channel::Store);
    assert_eq!(whole.day.standing, DayStanding::Difference);
    assert_eq!(office.named(Channel::Store).len(), 100);
    eprintln!("30,000 lines were compared in {:?}", began.elapsed());
}
