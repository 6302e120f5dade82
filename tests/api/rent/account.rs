//! What an account and a quote say, before, during and after the monthly charge.

use diesel::prelude::*;
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::{charge, money, receive};
use crate::support::{Call, start, world};

fn account(code: &impl ToString) -> Call {
    Call::get(&format!("/v1/rent-accounts/{}", code.to_string())).scope("rent:read")
}

fn quote(code: &impl ToString, query: &str) -> Call {
    Call::get(&format!(
        "/v1/rent-accounts/{}/quote{query}",
        code.to_string()
    ))
    .scope("rent:read")
}

#[actix_web::test]
async fn the_figure_is_the_same_before_and_after_the_charge_is_booked() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];

    let before = app.send(account(&code)).await.expect(200);
    charge(&app.database, &app.clock, "2026-11");
    let after = app.send(account(&code)).await.expect(200);

    // 30 m2 x 70.80 = 2124; x 1.0117 = 2149; x 1.1 = 2364
    assert_eq!(
        (&before["owed"], &before["rent"]),
        (&json!("2364.00"), &json!("2364.00"))
    );
    assert_eq!(before, after);
    assert_eq!(
        before["next"],
        json!({ "month": "2026-12", "due_on": "2026-12-01", "rent": "2364.00" })
    );
}

#[actix_web::test]
async fn a_month_booked_ahead_is_not_owed_before_it_begins() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-11");

    charge(&app.database, &app.clock, "2026-12");

    assert_eq!(
        app.send(account(&code)).await.expect(200)["owed"],
        "2364.00"
    );
    // One second before and at the turn of the month in Hong Kong.
    app.clock.set("2026-11-30T15:59:59Z");
    assert_eq!(
        app.send(account(&code)).await.expect(200)["owed"],
        "2364.00"
    );
    app.clock.set("2026-11-30T16:00:00Z");
    let december = app.send(account(&code)).await.expect(200);
    assert_eq!(
        (&december["month"], &december["owed"]),
        (&json!("2026-12"), &json!("4728.00"))
    );
}

#[actix_web::test]
async fn a_payment_lowers_what_is_owed_and_what_is_too_much_is_credit() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-11");

    receive(
        &app.database,
        code,
        money("2000.00"),
        "2026-11-20T00:30:00Z",
    );
    let part = app.send(account(&code)).await.expect(200);
    receive(
        &app.database,
        code,
        money("1000.50"),
        "2026-11-20T00:40:00Z",
    );
    let more = app.send(account(&code)).await.expect(200);

    assert_eq!(
        (&part["owed"], &part["credit"]),
        (&json!("364.00"), &json!("0.00"))
    );
    assert_eq!(
        (&more["owed"], &more["credit"]),
        (&json!("0.00"), &json!("636.50"))
    );
}

#[actix_web::test]
async fn a_quote_explains_itself_in_the_readers_language() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    for (language, label) in [
        ("zh-HK", "租金檢討調整"),
        ("zh-CN", "租金检讨调整"),
        ("en", "Rent review adjustment"),
    ] {
        let call = quote(&code, "?month=2024-11").header("Accept-Language", language);

        let told = app.send(call).await.expect(200);

        let lines = told["charges"][0]["lines"].as_array().unwrap();
        let parts: Vec<_> = lines
            .iter()
            .map(|line| (&line["kind"], &line["amount"]))
            .collect();
        assert_eq!(
            json!(parts),
            json!([
                ["base_rent", "2124.00"],
                ["rent_review", "25.00"],
                ["rent_review", "215.00"],
                ["increase_waived", "-215.00"]
            ])
        );
        assert_eq!(lines[1]["label"], label);
        assert_eq!(
            lines[1]["rule"]["source"],
            "HA announcement 2022 (day of record assumed)"
        );
        assert!(lines[1]["rule"]["number"].is_i64());
        assert_eq!(told["rent"], "2149.00");
    }
}

#[actix_web::test]
async fn a_quote_is_as_at_a_day_and_as_known_at_an_instant() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    app.clock.set("2026-10-01T00:00:00Z");
    charge(&app.database, &app.clock, "2026-10");
    receive(
        &app.database,
        code,
        money("2364.00"),
        "2026-10-05T02:00:00Z",
    );
    app.clock.set("2026-11-20T01:00:00Z");
    charge(&app.database, &app.clock, "2026-11");

    let due = async |query: &str| app.send(quote(&code, query)).await.expect(200)["due"].clone();

    assert_eq!(due("?month=2026-10&valid_at=2026-10-04").await, "2364.00");
    assert_eq!(due("?month=2026-10&valid_at=2026-10-05").await, "0.00");
    assert_eq!(
        due("?month=2026-10&valid_at=2026-10-05&known_at=2026-10-05T01:59:59Z").await,
        "2364.00"
    );
    assert_eq!(
        due("?month=2026-10&valid_at=2026-10-05&known_at=2026-10-05T02:00:00Z").await,
        "0.00"
    );
    assert_eq!(due("?month=2026-11").await, "2364.00");
    assert_eq!(due("").await, "2364.00");
}

/// The account's short way (one row and the charges around today) and the quote's long way
/// (every transfer) are two readings of one figure.
#[actix_web::test]
async fn the_account_and_the_quote_never_differ() {
    let app = start().await;
    let codes = world::settle(&app.database, 3);
    let compare = async |code, now: &str| {
        app.clock.set(now);
        let account = app.send(account(&code)).await.expect(200);
        let quote = app.send(quote(&code, "")).await.expect(200);
        assert_eq!(
            [
                &account["owed"],
                &account["credit"],
                &account["rent"],
                &account["month"]
            ],
            [
                &quote["due"],
                &quote["credit"],
                &quote["rent"],
                &quote["month"]
            ],
            "{code} at {now}"
        );
    };
    for (now, paid) in [
        ("2026-08-31T16:00:00Z", "1000.00"),
        ("2026-09-30T15:59:59Z", "5000.00"),
        ("2026-09-30T16:00:00Z", "0.01"),
        ("2026-10-31T16:00:05Z", "2364.00"),
        ("2026-11-29T16:00:00Z", "1.00"),
    ] {
        for code in &codes {
            compare(*code, now).await;
        }
        let month = kaifong::kernel::clock::hong_kong_month(now.parse().unwrap());
        charge(&app.database, &app.clock, &month.to_string());
        charge(&app.database, &app.clock, &month.next().to_string());
        receive(&app.database, codes[0], money(paid), now);
        if now == "2026-09-30T16:00:00Z" {
            world::end_tenancy(&mut app.database.connect(), codes[1], "2026-10-15", now);
        }
        for code in &codes {
            compare(*code, now).await;
        }
    }
}

#[actix_web::test]
async fn an_unknown_code_is_not_found_and_a_mistyped_one_is_told_so() {
    let app = start().await;
    world::settle(&app.database, 1);
    for (code, status, problem) in [
        ("1000000018", 404, "not-found"),
        ("1000000019", 400, "malformed-request"),
        ("12", 400, "malformed-request"),
        ("%F0%9F%98%80", 400, "malformed-request"),
        ("1000000005%00", 400, "malformed-request"),
    ] {
        for call in [account(&code), quote(&code, "")] {
            let answer = app.send(call).await;
            assert_eq!(
                (answer.status.as_u16(), answer.problem()),
                (status, problem),
                "{code}"
            );
        }
    }
    let typo = app.send(account(&"1000000019")).await;
    assert!(
        typo.body["detail"]
            .as_str()
            .unwrap()
            .contains("check digit"),
        "{:?}",
        typo.body
    );
}

#[actix_web::test]
async fn the_calculator_tells_the_same_rent_as_the_quote() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let estates = app
        .send(Call::get("/v1/estates?q=Wah%20Fu"))
        .await
        .expect(200);
    let estate = estates["items"][0]["id"].as_str().unwrap().to_owned();
    let calculate = async |query: &str| {
        let path = format!("/v1/rent-calculator?estate={estate}&ifa=30&household_size=3{query}");
        app.send(Call::get(&path)).await.expect(200)
    };

    let quoted = app.send(quote(&code, "?month=2026-12")).await.expect(200);
    let told = calculate("&month=2026-12").await;

    assert_eq!(told["rent"], quoted["rent"]);
    assert_eq!(told["lines"], quoted["charges"][0]["lines"]);
    assert_eq!(told["ifa_per_person"], "10.00");
    let scheme = async |scheme: &str| calculate(&format!("&scheme={scheme}")).await["rent"].clone();
    assert_eq!(scheme("assistance_50").await, "1182.00");
    // Rates 144; net rent 2220; 2.5 x 2220 + 144
    assert_eq!(scheme("additional_over_2").await, "5694.00");
    assert_eq!(scheme("occupation").await, "6804.00");
}

#[actix_web::test]
async fn the_rules_are_listed_with_their_sources() {
    let app = start().await;
    world::settle(&app.database, 1);

    let all = app.send(Call::get("/v1/rent-rules")).await.expect(200);
    let now = app
        .send(Call::get("/v1/rent-rules?on=2026-11-20"))
        .await
        .expect(200);

    let times = |rules: &Value, scheme: &str| -> Vec<Value> {
        let rules = rules.as_array().unwrap().iter();
        rules
            .filter(|rule| rule["scheme"] == scheme)
            .map(|rule| rule["times"].clone())
            .collect()
    };
    assert_eq!(
        times(&all, "additional_over_2"),
        [json!("1.5000"), json!("2.5000")]
    );
    assert_eq!(times(&now, "additional_over_2"), [json!("2.5000")]);
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .all(|rule| rule["source"].as_str().unwrap() != "")
    );
}

#[actix_web::test]
async fn a_rule_changed_in_the_database_is_seen_by_the_next_request() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    assert_eq!(
        app.send(account(&code)).await.expect(200)["rent"],
        "2364.00"
    );

    let double = "UPDATE rent_rate SET rent_per_m2 = rent_per_m2 * 2";
    execute(&mut app.database.connect(), double).unwrap();

    assert_eq!(
        app.send(account(&code)).await.expect(200)["rent"],
        "4728.00"
    );
    let mut conn = app.database.connect();
    let version: i64 =
        diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT version FROM rent_rule_book")
            .get_result(&mut conn)
            .unwrap();
    assert!(version > 2);
}
