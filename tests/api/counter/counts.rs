//! The end of a day: what agrees is closed, what differs needs a reason and a second person.

use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::{approve, cash, fresh, read, slip, start_with, work};
use crate::support::{Call, count};

fn send_back(day: &str, by: &str) -> Call {
    let body = json!({ "reason": "count again" });
    work(&format!("{day}/refusal"), &fresh(), body).by(by)
}

/// What three payments leave in the drawer.
fn drawer() -> Value {
    json!({
        "cash": [
            { "kind": "note", "value": "100.00", "pieces": 3 },
            { "kind": "coin", "value": "10.00", "pieces": 1 },
            { "kind": "coin", "value": "0.50", "pieces": 1 },
        ],
        "cheques": { "pieces": 1, "amount": "2364.00" },
        "cards": { "pieces": 1, "amount": "99.90" },
    })
}

#[actix_web::test]
async fn a_count_that_agrees_closes_the_day_for_good() {
    let (app, codes) = start_with(1).await;
    let code = codes[0];
    let day = app.counter_day().await;
    app.take(&day, cash(code, "310.50")).await.expect(201);
    let wrong = app.take(&day, cash(code, "7.00")).await.expect(201);
    app.void(&wrong["payment"]).await;
    for (amount, tender, name) in [("2364.00", "cheque", "123456"), ("99.90", "card", "A-77")] {
        let handed = slip(code, amount, tender, name);
        app.take(&day, handed).await.expect(201);
    }
    let closed = app.count(&day, drawer()).await.expect(200);
    assert_eq!(closed["day"]["state"], "closed");
    assert_eq!(closed["day"]["closed_at"], "2026-11-20T01:00:00Z");
    let lines = closed["count"]["lines"].as_array().unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            let of = |name: &str| line[name].clone();
            json!([
                of("tender"),
                of("receipts"),
                of("held"),
                of("pieces"),
                of("counted"),
                of("difference")
            ])
        })
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["cash", 1, "310.50", 5, "310.50", "0.00"],
            ["cheque", 1, "2364.00", 1, "2364.00", "0.00"],
            ["card", 1, "99.90", 1, "99.90", "0.00"],
        ])
    );
    assert_eq!(closed["count"]["state"], Value::Null);
    let whole = app.send(read(&day)).await.expect(200);
    assert_eq!(whole["count"]["cash"][0]["value"], "100.00");

    // Nothing comes to it any more, through the application or past it.
    let late = app.take(&day, cash(code, "1.00")).await;
    assert_eq!(
        (late.status.as_u16(), late.problem()),
        (409, "counter-state")
    );
    let again = app.count(&day, drawer()).await;
    assert_eq!(again.problem(), "counter-state");
    let conn = &mut app.database.connect();
    for sql in [
        "UPDATE counter_day SET state = 'open', closed_at = NULL",
        "DELETE FROM counter_day",
        "INSERT INTO counter_receipt SELECT p.id, d.id, d.estate_id, 2026, 9, 'cash', NULL \
         FROM payment p, counter_day d LIMIT 1",
        "UPDATE counter_receipt SET number = 9",
    ] {
        assert!(execute(conn, sql).is_err(), "{sql}");
    }
}

#[actix_web::test]
async fn a_difference_needs_a_reason_and_a_second_person() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    app.take(&day, cash(codes[0], "310.00")).await.expect(201);
    let short = |reason: Option<&str>| {
        let pile = json!({ "kind": "note", "value": "100.00", "pieces": 3 });
        json!({ "cash": [pile], "reason": reason })
    };
    let silent = app.count(&day, short(None)).await;
    assert_eq!(
        (silent.status.as_u16(), silent.problem()),
        (422, "count-differs")
    );
    assert_eq!(count(&mut app.database.connect(), "counter_count"), 0);

    let counted = app.count(&day, short(Some("a coin is missing"))).await;
    let counted = counted.expect(200);
    assert_eq!(counted["day"]["state"], "counted");
    assert_eq!(counted["count"]["state"], "open");
    assert_eq!(counted["count"]["lines"][0]["difference"], "-10.00");
    // While somebody looks, nothing is taken and nothing counted again.
    for refused in [
        app.take(&day, cash(codes[0], "1.00")).await,
        app.count(&day, short(Some("so"))).await,
    ] {
        assert_eq!(refused.problem(), "counter-state");
    }
    let alone = app.send(approve(&day, "one")).await;
    assert_eq!(
        (alone.status.as_u16(), alone.problem()),
        (403, "counter-needs-another")
    );
    // Sent back, it is counted anew.
    let back = app.send(send_back(&day, "two")).await.expect(200);
    assert_eq!(back["day"]["state"], "open");
    assert_eq!(back["count"]["refused_for"], "count again");
    app.count(&day, short(Some("still missing")))
        .await
        .expect(200);
    let closed = app.send(approve(&day, "two")).await.expect(200);
    assert_eq!(
        json!([
            closed["day"]["state"],
            closed["count"]["number"],
            closed["count"]["decided_by"]
        ]),
        json!(["closed", 2, "two"])
    );
    let conn = &mut app.database.connect();
    for (action, times) in [("counted", 2), ("sent_back", 1), ("closed", 1)] {
        let entry = format!("audit_entry WHERE action = 'counter.day.{action}'");
        assert_eq!(count(conn, &entry), times, "{action}");
    }
}

#[actix_web::test]
async fn who_took_the_money_does_not_close_what_another_counted() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    app.take(&day, cash(codes[0], "310.00")).await.expect(201);
    let body = json!({ "reason": "the shroff is ill" });
    let counted = work(&format!("{day}/count"), &fresh(), body).by("two");
    app.send(counted).await.expect(200);
    for concerned in ["one", "two"] {
        let refused = app.send(approve(&day, concerned)).await;
        assert_eq!(refused.problem(), "counter-needs-another", "{concerned}");
    }
    app.send(approve(&day, "three")).await.expect(200);
}

#[actix_web::test]
async fn cheques_and_slips_are_counted_by_the_piece() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    for name in ["1", "2"] {
        let handed = slip(codes[0], "50.00", "cheque", name);
        app.take(&day, handed).await.expect(201);
    }
    // As much, by one cheque too few.
    let one = json!({ "cheques": { "pieces": 1, "amount": "100.00" } });
    assert_eq!(app.count(&day, one).await.problem(), "count-differs");
    // As much, by another tender.
    let cards = json!({ "cards": { "pieces": 2, "amount": "100.00" } });
    assert_eq!(app.count(&day, cards).await.problem(), "count-differs");
    let two = json!({ "cheques": { "pieces": 2, "amount": "100.00" } });
    app.count(&day, two).await.expect(200);
}

#[actix_web::test]
async fn a_count_that_cannot_be_is_refused() {
    let (app, _codes) = start_with(1).await;
    let day = app.counter_day().await;
    let pile = |kind: &str, value: &str, pieces: i64| json!({ "cash": [{ "kind": kind, "value": value, "pieces": pieces }], "reason": "so" });
    for (counted, status, problem) in [
        (pile("note", "3.00", 1), 422, "no-such-cash"),
        (pile("note", "5.00", 1), 422, "no-such-cash"),
        (pile("coin", "10.00", -1), 400, "malformed-request"),
        (pile("shell", "10.00", 1), 400, "malformed-request"),
        (
            pile("note", "1000.00", 4_294_967_295),
            422,
            "count-too-large",
        ),
        (
            json!({ "cheques": { "pieces": 4_294_967_295_u32, "amount": "1.00" }, "reason": "so" }),
            422,
            "count-too-large",
        ),
        (json!({ "gold": 1 }), 400, "malformed-request"),
    ] {
        let refused = app.count(&day, counted.clone()).await;
        let found = (refused.status.as_u16(), refused.problem());
        assert_eq!(found, (status, problem), "{counted}");
    }
    assert_eq!(count(&mut app.database.connect(), "counter_count"), 0);
    // The same coin named twice is two of it.
    let twice = json!({
        "cash": [
            { "kind": "coin", "value": "5.00", "pieces": 1 },
            { "kind": "coin", "value": "5.00", "pieces": 1 },
            { "kind": "coin", "value": "2.00", "pieces": 0 },
        ],
        "reason": "found under the mat",
    });
    let counted = app.count(&day, twice).await.expect(200);
    assert_eq!(counted["count"]["lines"][0]["counted"], "10.00");
    let told = app.send(read(&day)).await.expect(200)["count"]["cash"].clone();
    assert_eq!(
        told,
        json!([{ "kind": "coin", "value": "5.00", "pieces": 2 }])
    );
}
