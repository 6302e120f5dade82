//! Adjustments and refunds.

use diesel::prelude::*;
use futures_util::future::join_all;
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::json;

use super::{charge, money, receive};
use crate::support::{Call, count, start, world};

fn adjust(code: TenantCode, key: &str, amount: &str, effective_on: &str) -> Call {
    Call::post(&format!("/v1/rent-accounts/{code}/adjustments"))
        .scope("rent:correct")
        .key(key)
        .json(
            json!({ "amount": amount, "effective_on": effective_on, "reason": "charged in error" }),
        )
}

fn refund(code: TenantCode, key: &str, amount: &str) -> Call {
    Call::post(&format!("/v1/rent-accounts/{code}/refunds"))
        .scope("rent:correct")
        .key(key)
        .json(json!({ "amount": amount, "reason": "left the flat" }))
}

fn balance(conn: &mut PgConnection, code: TenantCode) -> String {
    let sql = format!(
        "SELECT balance::text FROM rent_account WHERE household = {}",
        code.number()
    );
    diesel::dsl::sql::<diesel::sql_types::Text>(&sql)
        .get_result(conn)
        .unwrap()
}

#[actix_web::test]
async fn an_adjustment_sent_twice_at_once_is_posted_once() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];

    let calls = (0..8).map(|_| app.send(adjust(code, "k1", "-100.00", "2026-11-20")));
    let answers = join_all(calls).await;

    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 && answer.bytes == answers[0].bytes),
        "{answers:?}"
    );
    let mut conn = app.database.connect();
    assert_eq!(balance(&mut conn, code), "-100.00");
    for table in [
        "ledger_transfer",
        "rent_adjustment",
        "audit_entry WHERE action = 'rent.account.corrected'",
    ] {
        assert_eq!(count(&mut conn, table), 1, "{table}");
    }
}

#[actix_web::test]
async fn a_key_is_for_one_request_of_one_caller() {
    let app = start().await;
    let codes = world::settle(&app.database, 2);
    app.send(adjust(codes[0], "k1", "1.00", "2026-11-20"))
        .await
        .expect(201);

    let other_amount = app.send(adjust(codes[0], "k1", "2.00", "2026-11-20")).await;
    let other_account = app.send(adjust(codes[1], "k1", "1.00", "2026-11-20")).await;
    let no_key =
        Call::post(&format!("/v1/rent-accounts/{}/adjustments", codes[0])).scope("rent:correct");
    let no_key = app.send(no_key.json(json!({}))).await;

    assert_eq!(
        (other_amount.status.as_u16(), other_amount.problem()),
        (422, "idempotency-key-reused")
    );
    assert_eq!(other_account.status, 422);
    assert_eq!(
        (no_key.status.as_u16(), no_key.problem()),
        (400, "idempotency-key-missing")
    );
    // The same key for another operation is another attempt.
    receive(
        &app.database,
        codes[0],
        money("50.00"),
        "2026-11-20T00:00:00Z",
    );
    app.send(refund(codes[0], "k1", "10.00")).await.expect(201);
}

#[actix_web::test]
async fn what_cannot_be_adjusted_is_refused_and_leaves_nothing() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let stranger = TenantCode::of(999_999_999).unwrap();
    for (code, amount, day, status, problem) in [
        (code, "0.00", "2026-11-20", 422, "correction-refused"),
        (code, "1.00", "2026-11-21", 422, "correction-refused"),
        (code, "1.00", "2021-12-31", 422, "outside-ledger"),
        (code, "1.00", "0001-01-01", 422, "outside-ledger"),
        (code, "1.001", "2026-11-20", 400, "malformed-request"),
        (
            code,
            "99999999999.00",
            "2026-11-20",
            400,
            "malformed-request",
        ),
        (code, "1e3", "2026-11-20", 400, "malformed-request"),
        (code, "1.00", "2026-02-30", 400, "malformed-request"),
        (stranger, "1.00", "2026-11-20", 404, "not-found"),
    ] {
        let answer = app.send(adjust(code, "k1", amount, day)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (status, problem),
            "{amount} on {day}"
        );
    }
    let mut conn = app.database.connect();
    for table in [
        "ledger_transfer",
        "rent_adjustment",
        "rent_account",
        "idempotency_key",
    ] {
        assert_eq!(count(&mut conn, table), 0, "{table}");
    }
}

#[actix_web::test]
async fn a_balance_cannot_outgrow_money() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    app.send(adjust(code, "k1", "9999999999.99", "2026-11-20"))
        .await
        .expect(201);

    let answer = app.send(adjust(code, "k2", "0.01", "2026-11-20")).await;

    assert_eq!(
        (answer.status.as_u16(), answer.problem()),
        (422, "correction-refused")
    );
    assert_eq!(balance(&mut app.database.connect(), code), "9999999999.99");
}

#[actix_web::test]
async fn of_many_refunds_at_once_no_more_than_the_credit_is_paid() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    charge(&app.database, &app.clock, "2026-11");
    receive(
        &app.database,
        code,
        money("2664.00"),
        "2026-11-20T00:00:00Z",
    );

    let calls = (0..8).map(|n| app.send(refund(code, &format!("k{n}"), "100.00")));
    let answers = join_all(calls).await;

    let (paid, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(paid.len(), 3);
    assert!(
        refused
            .iter()
            .all(|answer| answer.problem() == "more-than-credit")
    );
    assert_eq!(balance(&mut app.database.connect(), code), "0.00");
}

#[actix_web::test]
async fn a_negative_refund_is_refused() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    for amount in ["-5.00", "0.00"] {
        let answer = app.send(refund(code, "k1", amount)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (422, "correction-refused"),
            "{amount}"
        );
    }
}
