//! Settlement files, spoiled in every way: what is refused leaves nothing, and the books are what
//! the files that were posted say, each payment once.
//!
//! `./dev test` spoils some hundreds; `TORTURE=1` ten thousand.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Numeric, Text, Uuid as SqlUuid};
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::Channel;
use uuid::Uuid;

use super::office::{file, line};
use crate::support::{Call, dice, start, world};

type Dice<'a> = &'a mut dyn FnMut(u64) -> u64;

/// What a file says, read as simply as can be: reference, account and amount of each line.
fn said(bytes: &[u8]) -> Vec<(String, String, Money)> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .filter(|line| line.starts_with("D|"))
        .map(|line| {
            let fields: Vec<_> = line.split('|').collect();
            (
                fields[2].to_owned(),
                fields[3].to_owned(),
                fields[4].parse().unwrap(),
            )
        })
        .collect()
}

/// A file of some lines, most of them new and some of files before.
fn good(number: u32, codes: &[TenantCode], dice: Dice<'_>) -> Vec<u8> {
    let count = 1 + dice(8);
    let lines: Vec<_> = (1..=u32::try_from(count).unwrap())
        .map(|at| {
            let newest = u64::from(number) * 8;
            let name = newest.saturating_sub(dice(24));
            // A payment is the same whenever it is named.
            let code = codes[usize::try_from(name).unwrap() % codes.len()];
            let amount = format!("{}.{:02}", 1 + name % 977, name % 100);
            line(at, &format!("S-{name:07}"), &code, &amount)
        })
        .collect();
    file(Channel::Store, number, &lines)
}

/// Spoils `bytes` in one way of many; some leave them as they were.
fn spoil(mut bytes: Vec<u8>, other: &[u8], dice: Dice<'_>) -> Vec<u8> {
    let at = usize::try_from(dice(bytes.len().try_into().unwrap())).unwrap();
    let mut lines: Vec<Vec<u8>> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let one = usize::try_from(dice(lines.len().try_into().unwrap())).unwrap();
    let two = usize::try_from(dice(lines.len().try_into().unwrap())).unwrap();
    match dice(16) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << dice(8),
        2 => bytes[at] = b'0' + u8::try_from(dice(10)).unwrap(),
        3 => bytes.insert(at, b"0|9-.\n\0\xff"[usize::try_from(dice(8)).unwrap()]),
        4 => drop(bytes.remove(at)),
        5 => {
            lines.swap(one, two);
            bytes = lines.concat();
        }
        6 => {
            lines.insert(one, lines[two].clone());
            bytes = lines.concat();
        }
        7 => {
            lines.remove(one);
            bytes = lines.concat();
        }
        8 => bytes.extend_from_slice(other),
        9 => bytes = [&bytes[..at], other].concat(),
        10 => {
            bytes = String::from_utf8_lossy(&bytes)
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect();
        }
        11 => bytes = [b"\x1f\x8b\x08\0".as_slice(), &bytes].concat(),
        12 => bytes = [b"\xef\xbb\xbf".as_slice(), &bytes].concat(),
        13 => {
            bytes = String::from_utf8_lossy(&bytes)
                .replace('\n', "\r\n")
                .into_bytes();
        }
        14 => bytes = other.to_vec(),
        _ => {}
    }
    bytes
}

#[actix_web::test]
async fn whatever_is_spoiled_the_books_are_what_posted_files_say() {
    let rounds = match std::env::var_os("TORTURE") {
        Some(_) => 10_000,
        None => 400,
    };
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 5);
    let mut dice = dice(20_261_130);
    let (mut next, mut before) = (1, Vec::new());
    let mut sent = HashMap::new();
    let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
    for round in 0..rounds {
        let whole = good(next, &codes, &mut dice);
        let bytes = spoil(whole, &before, &mut dice);
        let call = Call::post(&format!("/v1/payment-files?name={round}.txt"))
            .scope("payment-file:write")
            .bytes(bytes.clone());
        let answer = app.send(call).await;
        let status = answer.status.as_u16();
        *answers.entry(status).or_default() += 1;
        let readable = || String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            [200, 201, 409, 422].contains(&status),
            "{status} for\n{}",
            readable()
        );
        if status == 422 {
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            assert!(!detail.is_empty(), "{} for\n{}", answer.body, readable());
        }
        if status == 201 {
            let id: Uuid = answer.body["id"].as_str().unwrap().parse().unwrap();
            let number = u32::try_from(answer.body["sequence"].as_i64().unwrap()).unwrap();
            if answer.body["state"] != "held" {
                next = next.max(number + 1);
            }
            sent.insert(id, bytes.clone());
        }
        before = bytes;
        app.work();
    }
    eprintln!("answers: {answers:?}");
    assert!(
        answers[&201] > rounds / 10 && answers[&422] > rounds / 4,
        "{answers:?}"
    );

    let conn = &mut app.database.connect();
    let mut expected: HashMap<String, (String, Money)> = HashMap::new();
    let mut quarantined = 0;
    for (id, bytes) in &sent {
        match state(conn, *id).as_str() {
            "posted" => {
                for (reference, account, amount) in said(bytes) {
                    let told = (account, amount);
                    let same = expected.entry(reference).or_insert_with(|| told.clone());
                    assert_eq!(*same, told);
                }
            }
            "quarantined" => quarantined += 1,
            other => assert_eq!(other, "held"),
        }
    }
    assert!(expected.len() > 100, "{} payments", expected.len());
    eprintln!(
        "{} payments, {quarantined} files quarantined",
        expected.len()
    );
    let paid: HashMap<String, (String, Money)> = paid(conn)
        .into_iter()
        .map(|row| (row.reference, (row.account, row.amount)))
        .collect();
    assert_eq!(paid, expected);
    let sum = Money::sum(expected.values().map(|(_, amount)| *amount)).unwrap();
    assert_eq!(posted(conn), (i64::try_from(expected.len()).unwrap(), sum));
}

#[derive(QueryableByName)]
struct Paid {
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Numeric)]
    amount: Money,
}

fn paid(conn: &mut PgConnection) -> Vec<Paid> {
    diesel::sql_query("SELECT reference, account, amount FROM payment")
        .load(conn)
        .unwrap()
}

fn state(conn: &mut PgConnection, id: Uuid) -> String {
    diesel::dsl::sql::<Text>("SELECT state FROM payment_file WHERE id = ")
        .bind::<SqlUuid, _>(id)
        .get_result(conn)
        .unwrap()
}

/// How many payments the ledger has, and what they come to.
fn posted(conn: &mut PgConnection) -> (i64, Money) {
    use diesel::sql_types::BigInt;
    diesel::dsl::sql::<(BigInt, Numeric)>(
        "SELECT count(*), coalesce(sum(amount), 0) FROM ledger_transfer WHERE kind = 'payment'",
    )
    .get_result(conn)
    .unwrap()
}
