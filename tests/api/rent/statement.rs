//! Entries and statements: what was charged and paid.

use serde_json::json;

use super::{charge, money, receive};
use crate::support::{Call, start, world};

fn entries(code: &impl ToString, query: &str) -> Call {
    Call::get(&format!(
        "/v1/rent-accounts/{}/entries{query}",
        code.to_string()
    ))
    .scope("rent:read")
}

fn statement(code: &impl ToString, query: &str) -> Call {
    Call::get(&format!(
        "/v1/rent-accounts/{}/statement{query}",
        code.to_string()
    ))
    .scope("rent:read")
}

#[actix_web::test]
async fn six_months_of_entries_are_told_newest_first_a_page_at_a_time() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    for month in ["2026-05", "2026-06", "2026-07", "2026-10", "2026-11"] {
        charge(&app.database, &app.clock, month);
    }
    receive(
        &app.database,
        code,
        money("2364.00"),
        "2026-07-03T02:00:00Z",
    );

    let (mut told, mut after) = (Vec::new(), String::new());
    loop {
        let page = app
            .send(entries(&code, &format!("?limit=2{after}")))
            .await
            .expect(200);
        for item in page["items"].as_array().unwrap() {
            told.push(json!([item["effective_on"], item["kind"], item["amount"]]));
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }

    assert_eq!(
        json!(told),
        json!([
            ["2026-11-01", "charge", "2364.00"],
            ["2026-10-01", "charge", "2364.00"],
            ["2026-07-03", "payment", "-2364.00"],
            ["2026-07-01", "charge", "2364.00"],
            ["2026-06-01", "charge", "2364.00"],
        ])
    );
    let oldest = app
        .send(entries(&code, "?order=oldest&kind=payment&from=2026-01-01"))
        .await
        .expect(200);
    assert_eq!(oldest["items"].as_array().unwrap().len(), 1);
    let english = entries(&code, "?kind=payment").header("Accept-Language", "en");
    assert_eq!(
        app.send(english).await.expect(200)["items"][0]["label"],
        "Payment"
    );
}

#[actix_web::test]
async fn a_reversed_entry_is_undone_once() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    receive(&app.database, code, money("100.00"), "2026-11-03T02:00:00Z");
    let page = app.send(entries(&code, "")).await.expect(200);
    let entry = page["items"][0]["id"].as_str().unwrap().to_owned();
    let reverse = |key: &str, entry: &str| {
        Call::post(&format!("/v1/rent-accounts/{code}/reversals"))
            .scope("rent:correct")
            .key(key)
            .json(json!({ "entry": entry, "reason": "the bank took it back" }))
    };

    let mirror = app.send(reverse("k1", &entry)).await.expect(201);
    let again = app.send(reverse("k1", &entry)).await.expect(201);
    let twice = app.send(reverse("k2", &entry)).await;
    let of_reversal = app
        .send(reverse("k3", mirror["id"].as_str().unwrap()))
        .await;
    let of_nothing = app
        .send(reverse("k4", "01940000-0000-7000-8000-000000000001"))
        .await;

    assert_eq!(
        (&mirror["amount"], &mirror["kind"]),
        (&json!("100.00"), &json!("reversal"))
    );
    assert_eq!(mirror, again);
    assert_eq!(
        (twice.status.as_u16(), twice.problem()),
        (409, "not-reversible")
    );
    assert_eq!(of_reversal.status, 409);
    assert_eq!(of_nothing.status, 404);
    let page = app.send(entries(&code, "")).await.expect(200);
    let reversal = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["kind"] == "reversal");
    assert_eq!(reversal.unwrap()["reverses"], json!(entry));
}

#[actix_web::test]
async fn a_statement_adds_up_and_ends_with_what_is_due() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-05");
    charge(&app.database, &app.clock, "2026-10");
    receive(
        &app.database,
        code,
        money("3000.00"),
        "2026-10-03T02:00:00Z",
    );
    charge(&app.database, &app.clock, "2026-11");

    let told = app.send(statement(&code, "")).await.expect(200);

    assert_eq!(
        [&told["from"], &told["to"], &told["issued_on"]],
        ["2026-06", "2026-11", "2026-11-20"]
    );
    let lines: Vec<_> = told["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["balance"].clone())
        .collect();
    assert_eq!(
        (&told["opening"], json!(lines)),
        (&json!("2364.00"), json!(["4728.00", "1728.00", "4092.00"]))
    );
    assert_eq!(
        (&told["closing"], &told["due"]["due"]),
        (&json!("4092.00"), &json!("4092.00"))
    );
    assert_eq!(told["estates"][0]["en"], "Wah Fu (I) Estate");
}

#[actix_web::test]
async fn a_statement_is_printed_in_the_readers_language() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-11");
    for language in ["zh-HK", "zh-CN", "en"] {
        let call = statement(&code, "")
            .header("Accept", "application/pdf")
            .header("Accept-Language", language);

        let answer = app.send(call).await;

        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(
            (
                answer.header("content-type"),
                answer.header("content-language")
            ),
            ("application/pdf", language)
        );
        assert!(answer.bytes.starts_with(b"%PDF-"));
        assert!(answer.bytes.len() < 200_000, "{} bytes", answer.bytes.len());
    }
}

#[actix_web::test]
async fn periods_that_cannot_be_are_refused() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    for (call, status) in [
        (statement(&code, "?from=2026-11&to=2026-10"), 422),
        (statement(&code, "?to=2026-12"), 422),
        (statement(&code, "?from=2010-01&to=2026-11"), 422),
        (statement(&code, "?from=2026-1"), 400),
        (statement(&code, "?format=pdf"), 400),
        (statement(&"9999999990", ""), 404),
        (entries(&code, "?from=2026-11-02&to=2026-11-01"), 422),
        (entries(&code, "?from=2025-02-30"), 400),
        (entries(&code, "?from=0001-01-01"), 422),
        (entries(&code, "?kind=gift"), 400),
        (entries(&code, "?order=random"), 400),
        (entries(&code, "?after=WyIyMDI2LTExLTAxIiwieCJd"), 400),
        (entries(&"9999999990", ""), 404),
    ] {
        let answer = app.send(call).await;
        assert_eq!(answer.status.as_u16(), status, "{:?}", answer.body);
        answer.problem();
    }
}
