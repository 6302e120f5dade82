//! Voiding a receipt: two people, on its day, and the number stays used.

use serde_json::{Value, json};

use super::{approve, cash, fresh, numbers, read, start_with, work};
use crate::support::{Call, count};

fn propose(payment: &Value, by: &str) -> Call {
    let path = format!("counter-receipts/{}/voids", payment.as_str().unwrap());
    work(&path, &fresh(), json!({ "reason": "the wrong household" })).by(by)
}

fn path(void: &Value) -> String {
    format!("counter-voids/{}", void["id"].as_str().unwrap())
}

fn refuse(void: &Value, by: &str) -> Call {
    let path = format!("{}/refusal", path(void));
    work(&path, &fresh(), json!({ "reason": "a slip" })).by(by)
}

#[actix_web::test]
async fn a_receipt_is_voided_by_two_people_and_its_number_stays_used() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    let proposed = app
        .send(propose(&taken["payment"], "one"))
        .await
        .expect(201);
    assert_eq!(proposed["state"], "open");
    assert_eq!(app.paid(codes[0]), "300.00", "nothing moved yet");

    let alone = app.send(approve(&path(&proposed), "one")).await;
    assert_eq!(
        (alone.status.as_u16(), alone.problem()),
        (403, "counter-needs-another")
    );
    let second = app.send(propose(&taken["payment"], "three")).await;
    assert_eq!(second.problem(), "counter-not-now");
    let approved = app.send(approve(&path(&proposed), "two")).await.expect(200);
    assert_eq!(
        json!([approved["state"], approved["decided_by"]]),
        json!(["approved", "two"])
    );

    assert_eq!(app.paid(codes[0]), "0.00");
    let conn = &mut app.database.connect();
    let reversed = "ledger_reversal WHERE reason = 'the wrong household' AND recorded_by = 'two'";
    assert_eq!(count(conn, reversed), 1);
    for action in ["proposed", "approved"] {
        let entry = format!("audit_entry WHERE action = 'counter.void.{action}'");
        assert_eq!(count(conn, &entry), 1, "{action}");
    }
    let receipts = app.send(read(&format!("{day}/receipts"))).await.expect(200);
    assert_eq!(receipts["items"][0]["voided_at"], "2026-11-20T01:00:00Z");
    // Its household is told, once.
    let again = app.send(approve(&path(&proposed), "four")).await;
    assert_eq!(again.problem(), "counter-not-now");
    let told = format!(
        "outbox_event WHERE kind = 'payment.voided' AND household = {} AND detail = \
         '{{\"receipt\": \"001-2026-000001\", \"amount\": \"300.00\", \"paid_on\": \"2026-11-20\"}}'",
        codes[0].number()
    );
    assert_eq!(count(conn, &told), 1);
    assert_eq!(count(conn, "outbox_event WHERE kind = 'payment.voided'"), 1);
    let next = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    assert_eq!(next["receipt"], "001-2026-000002");
    assert_eq!(numbers(conn), "1 2");
    let held = app.send(read(&day)).await.expect(200)["held"].clone();
    assert_eq!(
        held,
        json!([{ "tender": "cash", "receipts": 1, "amount": "300.00", "voided": 1,
                 "voided_amount": "300.00" }])
    );
    // Beside what the bank will say, the void one was no payment.
    let compared = Call::get("/v1/reconciliations?channel=shroff").scope("reconciliation:read");
    let compared = app.send(compared).await.expect(200)["items"][0].clone();
    let one = json!({ "count": 1, "amount": "300.00" });
    assert_eq!(
        json!([compared["told"], compared["ledger"]]),
        json!([one, one])
    );
    // Once for ever.
    for again in [approve(&path(&proposed), "three"), refuse(&proposed, "one")] {
        assert_eq!(app.send(again).await.problem(), "counter-not-now");
    }
    let again = app.send(propose(&taken["payment"], "one")).await;
    assert_eq!(again.problem(), "counter-not-now");
}

#[actix_web::test]
async fn a_proposal_that_is_taken_back_makes_room_for_another() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    let proposed = app
        .send(propose(&taken["payment"], "one"))
        .await
        .expect(201);
    let back = app.send(refuse(&proposed, "one")).await.expect(200);
    assert_eq!(
        json!([back["state"], back["refused_for"]]),
        json!(["refused", "a slip"])
    );
    assert_eq!(app.paid(codes[0]), "300.00");
    app.void(&taken["payment"]).await;
    assert_eq!(app.paid(codes[0]), "0.00");
}

#[actix_web::test]
async fn a_receipt_is_voided_on_its_own_day_and_while_that_is_open() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    let proposed = app
        .send(propose(&taken["payment"], "one"))
        .await
        .expect(201);
    // While it waits the day is not counted.
    let counted = app.count(&day, json!({ "reason": "so" })).await;
    assert_eq!(counted.problem(), "counter-not-now");
    // The next day it is too late, to approve and to propose.
    app.clock.set("2026-11-20T16:00:00Z");
    let late = app.send(approve(&path(&proposed), "two")).await;
    assert_eq!(late.problem(), "counter-other-date");
    app.send(refuse(&proposed, "two")).await.expect(200);
    let late = app.send(propose(&taken["payment"], "one")).await;
    assert_eq!(late.problem(), "counter-other-date");
    app.clock.set("2026-11-20T10:00:00Z");
    // Counted, or closed, it is too late as well.
    app.count(&day, json!({ "reason": "nothing in it" }))
        .await
        .expect(200);
    let counted = app.send(propose(&taken["payment"], "one")).await;
    assert_eq!(counted.problem(), "counter-state");
    app.send(approve(&day, "two")).await.expect(200);
    let closed = app.send(propose(&taken["payment"], "one")).await;
    assert_eq!(closed.problem(), "counter-state");
    assert_eq!(app.paid(codes[0]), "300.00");
}

#[actix_web::test]
async fn what_was_reversed_otherwise_is_not_voided() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    let entries = Call::get(&format!("/v1/rent-accounts/{}/entries", codes[0])).scope("rent:read");
    let entries = app.send(entries).await.expect(200);
    let reversed = Call::post(&format!("/v1/rent-accounts/{}/reversals", codes[0]))
        .scope("rent:correct")
        .key("k")
        .json(json!({ "entry": entries["items"][0]["id"], "reason": "another way" }));
    app.send(reversed).await.expect(201);
    let proposed = app
        .send(propose(&taken["payment"], "one"))
        .await
        .expect(201);
    let approved = app.send(approve(&path(&proposed), "two")).await;
    assert_eq!(approved.problem(), "counter-not-now");
    assert_eq!(app.paid(codes[0]), "0.00");
    assert_eq!(
        count(&mut app.database.connect(), "counter_void_decision"),
        0
    );
}
