//! Status reports: on the order as a whole, and on the debits in it.

use kaifong::platform::db::execute;
use serde_json::json;

use super::bank_files::{REFUSED, status_report};
use super::told::{reference, state};
use super::{refused, start_with};
use crate::support::{Call, count};

#[actix_web::test]
async fn an_order_that_is_refused_as_a_whole_is_tried_again() {
    let (app, codes) = start_with(3).await;
    let policy = "UPDATE autopay_policy SET refusals = 1, retry_after = 0";
    execute(&mut app.database.connect(), policy).unwrap();
    let (released, lines) = app.collected(&codes).await;
    // One has a verdict of its own, which is none yet.
    let own = [(reference(&lines[2]), "PDNG", "")];
    let text = status_report("AP20261101", REFUSED, &own);
    let answer = app.bring_report(&text).await;
    let place = answer.header("Location").to_owned();
    let report = answer.expect(201);
    assert_eq!(
        json!([report["whole"], report["verdicts"], report["taken_at"]]),
        json!(["ORDER_REFUSED", 1, null])
    );
    assert_eq!(report["collection"], released["id"]);
    assert_eq!(app.work(), 1);
    let told = Call::get(&place).scope("autopay:read");
    let told = app.send(told).await.expect(200);
    assert_eq!(told["taken_at"], "2026-11-24T12:30:00Z");
    let refusal = state("refused", "ORDER_REFUSED");
    let waiting = ("waiting".to_owned(), None);
    let states = [refusal.clone(), refusal, waiting];
    assert_eq!(app.states(&released).await, states);
    // It was no payer's doing: nobody is suspended, or told that their bank refused.
    let told = "outbox_event WHERE kind LIKE 'autopay.%'";
    assert_eq!(count(&mut app.database.connect(), told), 0);
    for code in &codes {
        assert_eq!(app.newest_mandate(*code).await["state"], "active");
    }
    // The same bytes are the same report, and change nothing.
    let again = app.bring_report(&text).await.expect(200);
    assert_eq!(again["id"], report["id"]);
    assert_eq!(app.states(&released).await, states);
    let retried = app.prepared("2026-11", "autopay").await;
    let attempts: Vec<_> = app.lines(&retried).await;
    let attempts: Vec<_> = attempts.iter().map(|line| &line["attempt"]).collect();
    assert_eq!(attempts, [&json!(2), &json!(2)]);
}

#[actix_web::test]
async fn a_report_is_about_an_order_of_ours_that_was_sent() {
    let (app, codes) = start_with(1).await;
    let (_, lines) = app.collected(&codes).await;
    let own = [(reference(&lines[0]), "RJCT", "AM04")];
    for order in ["AUTOPAY-1", "AP20261107", "ED20261101"] {
        let answer = app.bring_report(&status_report(order, "", &own)).await;
        refused(&answer, 422, "not-our-order");
    }
    let ours = status_report("AP20261101", "", &own);
    let other = "<OrgnlPmtInfId>AP20261107</OrgnlPmtInfId>";
    let other = ours.replace("<OrgnlPmtInfId>AP20261101</OrgnlPmtInfId>", other);
    refused(&app.bring_report(&other).await, 422, "not-our-order");
    let cut = ours.get(..ours.len() / 2).unwrap();
    refused(&app.bring_report(cut).await, 422, "results-refused");
    let empty = app.bring_report("").await;
    refused(&empty, 422, "results-refused");
    let withdrawn = app.prepared("2026-12", "autopay").await;
    let early = app
        .bring_report(&status_report("AP20261201", "", &own))
        .await;
    refused(&early, 409, "collection-state");
    app.send(super::withdraw(&withdrawn)).await.expect(200);
    let mut conn = app.database.connect();
    for table in ["autopay_report", "autopay_verdict", "autopay_result"] {
        assert_eq!(count(&mut conn, table), 0, "{table}");
    }
    app.bring_report(&ours).await.expect(201);
}
