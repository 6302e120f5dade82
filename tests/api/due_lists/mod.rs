//! Lists of what is due: the figures tenants see, once a day, for whom they are.

mod command;

use std::collections::BTreeMap;
use std::sync::Arc;

use kaifong::app;
use kaifong::due_lists::{self, DueList, DueListError};
use kaifong::kernel::clock::Clock;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::kernel::watch::Unwatched;
use kaifong::payments::Channel;
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute};
use kaifong::rent::RuleShelf;
use serde_json::{Value, json};

use crate::rent::charge;
use crate::support::{Call, FixedClock, TestDatabase, count, fixture, start, world};

fn make(
    database: &TestDatabase,
    clock: &Arc<FixedClock>,
    channel: Channel,
) -> Result<DueList, DueListError> {
    let mut conn = connect(database.url()).unwrap();
    let (actor, clock): (_, &dyn Clock) = (Actor::program("test"), clock.as_ref());
    let by = (&actor, clock);
    due_lists::make(&mut conn, &RuleShelf::default(), channel, by, &Unwatched)
}

fn lists(query: &str) -> Call {
    Call::get(&format!("/v1/due-lists{query}")).scope("due-list:read")
}

fn file(list: &Value) -> Call {
    let path = format!("/v1/due-lists/{}/file", list["id"].as_str().unwrap());
    Call::get(&path).scope("due-list:read")
}

#[actix_web::test]
async fn a_list_has_what_every_household_is_told_to_pay() {
    let app = start().await;
    let codes = world::settle(&app.database, 40);
    // Some owe from before, some have paid, one too much, and one has left owing.
    charge(&app.database, &app.clock, "2026-10");
    charge(&app.database, &app.clock, "2026-11");
    for (code, amount) in [
        (codes[1], "-9999.00"),
        (codes[2], "-100.10"),
        (codes[3], "50.00"),
    ] {
        let adjusted = Call::post(&format!("/v1/rent-accounts/{code}/adjustments"))
            .scope("rent:correct")
            .key(&code.to_string())
            .json(json!({ "amount": amount, "effective_on": "2026-11-20", "reason": "a test" }));
        app.send(adjusted).await.expect(201);
    }
    let left = "2026-10-31";
    world::end_tenancy(
        &mut app.database.connect(),
        codes[4],
        left,
        "2026-10-01T00:00:00Z",
    );
    let made = make(&app.database, &app.clock, Channel::Store).unwrap();
    assert_eq!(made.number, 1);

    let mut expected = BTreeMap::new();
    for code in &codes {
        let account = Call::get(&format!("/v1/rent-accounts/{code}/quote?month=2026-11"));
        let quote = app.send(account.scope("rent:read")).await.expect(200);
        let due = quote["due"].as_str().unwrap().to_owned();
        if due != "0.00" {
            expected.insert(code.to_string(), due);
        }
    }
    assert!(expected.len() < codes.len() && expected.contains_key(&codes[4].to_string()));
    let listed = app.send(lists("")).await.expect(200)["items"][0].clone();
    let answer = app.send(file(&listed)).await;
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    let (mut told, mut cents) = (BTreeMap::new(), 0_i64);
    for line in text.lines().filter(|line| line.starts_with("D|")) {
        let fields: Vec<_> = line.split('|').collect();
        cents += fields[3].replace('.', "").parse::<i64>().unwrap();
        told.insert(fields[2].to_owned(), fields[3].to_owned());
    }
    assert_eq!(told, expected);
    let sum = format!("{}.{:02}", cents / 100, cents % 100);
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        "H|kaifong-due-1|store|2026-11-20|1|UTF-8|2026-11-20T09:00:00+08:00"
    );
    assert!(
        text.ends_with(&format!("\nT|{}|{sum}|1\n", told.len())),
        "{text}"
    );
    assert_eq!(
        json!([
            listed["lines"],
            listed["amount"],
            listed["bytes"],
            listed["as_at"],
            listed["left_out"]
        ]),
        json!([told.len(), sum, text.len(), "2026-11-20T01:00:00Z", 0])
    );
    let digest = kaifong::platform::crypto::sha256(&[text.as_bytes()]);
    assert_eq!(listed["sha256"], kaifong::platform::crypto::hex(&digest));
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"due-store-2026-11-20-1.txt\""
    );
}

#[actix_web::test]
async fn the_same_state_at_the_same_time_is_the_same_bytes() {
    let app = start().await;
    world::settle(&app.database, 30);
    charge(&app.database, &app.clock, "2026-11");
    let mut texts = Vec::new();
    for _ in 0..2 {
        make(&app.database, &app.clock, Channel::Store).unwrap();
        let listed = app.send(lists("")).await.expect(200)["items"].clone();
        let newest = listed.as_array().unwrap().iter();
        let newest = newest.max_by_key(|list| list["number"].as_i64()).unwrap();
        let bytes = app.send(file(newest)).await.bytes;
        texts.push(String::from_utf8(bytes).unwrap());
    }
    let without_number = |text: &str| {
        text.replace("|2026-11-20|1|", "|2026-11-20|2|")
            .replace("|1\n", "|2\n")
    };
    assert_ne!(texts[0], texts[1], "the second has a number of its own");
    assert_eq!(without_number(&texts[0]), texts[1]);
}

#[actix_web::test]
async fn a_list_is_made_once_a_day_and_old_bytes_go() {
    let app = start().await;
    world::settle(&app.database, 3);
    charge(&app.database, &app.clock, "2026-11");
    let mut conn = connect(app.database.url()).unwrap();
    let made = |conn: &mut _| count(conn, "due_list");
    for day in 0..16 {
        for _ in 0..2 {
            app::timetable(&mut conn, app.clock.now()).unwrap();
            app.work();
            assert_eq!(made(&mut conn), day + 1, "once a day");
        }
        // From the last second of the day in Hong Kong to the first of the next.
        if day == 0 {
            app.clock.set("2026-11-20T15:59:59Z");
            app::timetable(&mut conn, app.clock.now()).unwrap();
            app.work();
            assert_eq!(made(&mut conn), 1);
            app.clock.advance(1);
        } else {
            app.clock.advance(86_400);
        }
    }
    // Of MTR counters, which are closed, there is none.
    assert_eq!(count(&mut conn, "due_list WHERE channel <> 'store'"), 0);
    assert_eq!(
        count(
            &mut conn,
            "(SELECT DISTINCT list FROM due_list_part) AS kept"
        ),
        14
    );
    let all = app
        .send(lists("?limit=100&channel=store"))
        .await
        .expect(200);
    let all = all["items"].as_array().unwrap();
    let numbers: Vec<_> = all
        .iter()
        .map(|list| list["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=16).rev().collect::<Vec<_>>());
    assert_eq!(app.send(file(&all[13])).await.status, 200);
    let gone = app.send(file(&all[14])).await;
    assert_eq!(
        (gone.status.as_u16(), gone.problem()),
        (410, "due-list-gone")
    );
}

#[actix_web::test]
async fn a_household_without_a_rate_keeps_no_other_from_the_list() {
    let app = start().await;
    let codes = world::settle(&app.database, 2);
    let conn = &mut app.database.connect();
    let (estate, number) = (fixture::estate(conn), codes[0].number());
    let block = fixture::block(conn, estate);
    let flat = fixture::flat_in(conn, (estate, block), "35.00");
    let moved = format!("UPDATE tenancy SET flat_id = '{flat}' WHERE household = {number}");
    execute(conn, &moved).unwrap();
    let made = make(&app.database, &app.clock, Channel::Store).unwrap();
    assert_eq!((made.lines, made.left_out), (1, 1));
}

#[actix_web::test]
async fn channels_without_tills_have_no_list() {
    let app = start().await;
    world::settle(&app.database, 1);
    let none = make(&app.database, &app.clock, Channel::Pps);
    assert!(matches!(none, Err(DueListError::NoLists(Channel::Pps))));
    let closed = make(&app.database, &app.clock, Channel::Mtr);
    assert!(matches!(closed, Err(DueListError::Closed(Channel::Mtr, _))));
    let app_made = count(&mut app.database.connect(), "due_list");
    assert_eq!(app_made, 0);
}

#[actix_web::test]
async fn a_list_is_for_finance_and_for_the_channels_own_program() {
    let app = start().await;
    world::settle(&app.database, 2);
    charge(&app.database, &app.clock, "2026-11");
    make(&app.database, &app.clock, Channel::Store).unwrap();
    let mut owner = app.database.connect();
    let client = uuid::Uuid::now_v7();
    let speaks = format!("INSERT INTO channel_client VALUES ('{client}', 'store', 'admin', now())");
    execute(&mut owner, &speaks).unwrap();
    let take = |channel: &str, by: &str| {
        Call::get(&format!("/v1/payment-channels/{channel}/due-list"))
            .scope("due-list:take")
            .by(by)
    };
    let program = format!("client:{client}");
    let theirs = app.send(take("store", &program)).await;
    assert_eq!(theirs.status, 200);
    let listed = app.send(lists("")).await.expect(200)["items"][0].clone();
    assert_eq!(app.send(file(&listed)).await.bytes, theirs.bytes);
    let other = format!("client:{}", uuid::Uuid::now_v7());
    for (channel, by) in [
        ("store", other.as_str()),
        ("store", "officer-7"),
        ("store", "client:x"),
        ("mtr", program.as_str()),
    ] {
        app.send(take(channel, by)).await.expect(404);
    }
    for (role, status) in [
        (Role::FinanceOfficer, 200),
        (Role::Auditor, 200),
        (Role::PaymentChannel, 403),
        (Role::EstateManager, 403),
    ] {
        let caller = app.session(role, Reach::Everywhere);
        let list = app.send(Call::get("/v1/due-lists").bearer(&caller)).await;
        assert_eq!(list.status, status, "{role}");
    }
}
