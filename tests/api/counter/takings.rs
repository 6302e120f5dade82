//! Payments at a counter: posted as any other, each with a receipt of its own number.

use kaifong::kernel::tenant_code::TenantCode;
use kaifong::platform::db::execute;
use serde_json::json;

use super::{cash, fresh, numbers, read, slip, start_with, work};
use crate::support::{Call, count};

#[actix_web::test]
async fn a_payment_at_a_counter_is_posted_and_has_a_receipt() {
    let (app, codes) = start_with(1).await;
    let code = codes[0];
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(code, "300.00")).await.expect(201);
    assert_eq!(
        json!([
            taken["receipt"],
            taken["amount"],
            taken["tender"],
            taken["taken_at"]
        ]),
        json!(["001-2026-000001", "300.00", "cash", "2026-11-20T01:00:00Z"])
    );
    assert_eq!(app.paid(code), "300.00");
    let posted = "ledger_transfer WHERE kind = 'payment' AND debit = 38 AND amount = 300 \
                  AND effective_on = '2026-11-20'";
    let conn = &mut app.database.connect();
    assert_eq!(count(conn, posted), 1);
    // Its household is told, as of any payment.
    let told = format!(
        "outbox_event WHERE kind = 'payment.received' AND household = {}",
        code.number()
    );
    assert_eq!(count(conn, &told), 1);
    assert_eq!(
        count(conn, "audit_entry WHERE action = 'counter.payment.taken'"),
        1
    );
    let receipts = app.send(read(&format!("{day}/receipts"))).await.expect(200);
    assert_eq!(receipts["items"], json!([taken]));
    // No file ever names it: nothing is wrong.
    let unsettled = Call::get("/v1/unsettled-payments").scope("payment-notice:read");
    let unsettled = app.send(unsettled).await.expect(200);
    assert_eq!(unsettled["items"], json!([]));
    let held = app.send(read(&day)).await.expect(200)["held"].clone();
    assert_eq!(
        held,
        json!([{ "tender": "cash", "receipts": 1, "amount": "300.00", "voided": 0,
                 "voided_amount": "0.00" }])
    );
}

#[actix_web::test]
async fn what_is_sent_twice_is_taken_once() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let path = format!("{day}/payments");
    let send = |amount: &str| app.send(work(&path, "same", cash(codes[0], amount)));
    let first = send("300.00").await.expect(201);
    assert_eq!(send("300.00").await.expect(201), first);
    let other = send("301.00").await;
    assert_eq!(other.problem(), "idempotency-key-reused");
    assert_eq!(numbers(&mut app.database.connect()), "1");
    assert_eq!(app.paid(codes[0]), "300.00");
}

#[actix_web::test]
async fn cash_over_the_limit_is_refused_by_the_rule_of_the_day() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let over = app.take(&day, cash(codes[0], "20000.01")).await;
    assert_eq!((over.status.as_u16(), over.problem()), (422, "over-limit"));
    let said = over.body["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("HK$20000.00"), "{said}");
    app.take(&day, cash(codes[0], "20000.00")).await.expect(201);
    // A cheque may be more.
    let cheque = slip(codes[0], "20000.01", "cheque", "123456");
    app.take(&day, cheque.clone()).await.expect(201);
    // From the next day on the rule is another, and cheques are not taken at all.
    let conn = &mut app.database.connect();
    execute(
        conn,
        "RESET ROLE; UPDATE counter_terms SET valid_to = '2026-11-20' WHERE tender <> 'card'; \
         INSERT INTO counter_terms (tender, at_most, valid_from, recorded_at, source, assumed) \
         VALUES ('cash', 500, '2026-11-21', now(), 'a circular', false)",
    )
    .unwrap();
    app.take(&day, cash(codes[0], "500.01")).await.expect(201);
    app.count(&day, json!({ "reason": "not counted" }))
        .await
        .expect(200);
    app.clock.set("2026-11-23T01:00:00Z");
    app.send(super::approve(&day, "two")).await.expect(200);
    let day = app.counter_day().await;
    let over = app.take(&day, cash(codes[0], "500.01")).await;
    assert_eq!(over.problem(), "over-limit");
    app.take(&day, cash(codes[0], "500.00")).await.expect(201);
    let cheque = app.take(&day, cheque).await;
    assert_eq!(cheque.problem(), "tender-not-taken");
}

#[actix_web::test]
async fn what_is_no_payment_is_refused_and_uses_no_number() {
    let (app, codes) = start_with(1).await;
    let code = codes[0];
    let day = app.counter_day().await;
    let nobody = TenantCode::of(987_654_321).unwrap();
    for (handed, status, problem) in [
        (cash(code, "0.00"), 422, "payment-refused"),
        (cash(code, "-1.00"), 422, "payment-refused"),
        (cash(nobody, "1.00"), 404, "not-found"),
        (cash(code, "1.001"), 400, "malformed-request"),
        (slip(code, "1.00", "cash", "1"), 422, "instrument-refused"),
        (slip(code, "1.00", "card", "1 2"), 422, "instrument-refused"),
        (
            slip(code, "1.00", "card", "4111111111111"),
            400,
            "malformed-request",
        ),
        (
            slip(code, "9999999999.99", "card", "1"),
            422,
            "payment-refused",
        ),
        (
            json!({ "tenant_code": code, "amount": "1.00", "tender": "cheque" }),
            422,
            "instrument-refused",
        ),
        (
            json!({ "tenant_code": code, "amount": "1.00", "tender": "gold" }),
            400,
            "malformed-request",
        ),
    ] {
        let refused = app.take(&day, handed.clone()).await;
        let found = (refused.status.as_u16(), refused.problem());
        assert_eq!(found, (status, problem), "{handed}");
    }
    app.take(&day, cash(code, "0.01")).await.expect(201);
    assert_eq!(numbers(&mut app.database.connect()), "1");
    // On another's day nobody takes anything, nor on one of another date.
    let other = work(&format!("{day}/payments"), &fresh(), cash(code, "1.00")).by("two");
    assert_eq!(app.send(other).await.problem(), "counter-not-theirs");
    app.clock.set("2026-11-20T16:00:00Z");
    let late = app.take(&day, cash(code, "1.00")).await;
    assert_eq!(late.problem(), "counter-other-date");
}

#[actix_web::test]
async fn a_taking_that_fails_at_its_end_leaves_no_gap_in_the_numbers() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    app.take(&day, cash(codes[0], "1.00")).await.expect(201);
    // Whatever is wrong after the number was taken: here the last thing that is written.
    let mut owner = app.database.connect();
    execute(
        &mut owner,
        "RESET ROLE; CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN RAISE 'down'; END $$; \
         CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON counter_receipt DEFERRABLE INITIALLY \
         DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    .unwrap();
    app.take(&day, cash(codes[0], "2.00")).await.expect(500);
    execute(&mut owner, "DROP TRIGGER fail ON counter_receipt").unwrap();
    let next = app.take(&day, cash(codes[0], "3.00")).await.expect(201);
    assert_eq!(next["receipt"], "001-2026-000002");
    assert_eq!(numbers(&mut owner), "1 2");
    assert_eq!(app.paid(codes[0]), "4.00");
}

#[actix_web::test]
async fn receipts_are_numbered_by_office_and_year() {
    let (app, codes) = start_with(1).await;
    let elsewhere = crate::support::fixture::estate(&mut app.database.connect());
    let mut given = Vec::new();
    for now in ["2026-12-31T01:00:00Z", "2027-01-04T01:00:00Z"] {
        app.clock.set(now);
        for estate in [super::wah_fu(), elsewhere] {
            let opened = work("counter-days", &fresh(), json!({ "estate": estate }));
            let opened = app.send(opened).await.expect(201);
            let day = format!("counter-days/{}", opened["id"].as_str().unwrap());
            for _ in 0..2 {
                let card = slip(codes[0], "1.00", "card", "A-1");
                given.push(app.take(&day, card).await.expect(201)["receipt"].clone());
            }
            let cards = json!({ "cards": { "pieces": 2, "amount": "2.00" } });
            app.count(&day, cards).await.expect(200);
        }
    }
    let wanted = ["1-2026", "2-2026", "1-2027", "2-2027"];
    let wanted: Vec<_> = wanted
        .iter()
        .flat_map(|book| [1, 2].map(|number| format!("00{book}-{number:06}")))
        .collect();
    assert_eq!(json!(given), json!(wanted));
    // Nobody skips a number, or takes one back, in the database either.
    for sql in [
        "UPDATE receipt_book SET last = last + 2",
        "UPDATE receipt_book SET last = last - 1",
        "INSERT INTO receipt_book SELECT estate_id, 2030, 7 FROM counter_office",
    ] {
        let refused = execute(&mut app.database.connect(), sql);
        assert!(refused.is_err(), "{sql}");
    }
}

#[actix_web::test]
async fn a_number_that_came_by_another_way_is_not_used_again() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let line = crate::payments::office::line;
    let bytes = crate::payments::office::file(
        kaifong::payments::Channel::Shroff,
        1,
        &[line(1, "001-2026-000001", &codes[0].to_string(), "5.00")],
    );
    app.clock.set("2026-11-20T12:00:00Z");
    let brought = crate::support::Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(bytes);
    app.send(brought).await.expect(201);
    app.work();
    let same = app.take(&day, cash(codes[0], "5.00")).await;
    assert_eq!(same.problem(), "receipt-number-used");
    let other = app.take(&day, cash(codes[0], "6.00")).await;
    assert_eq!(other.problem(), "payment-contradicts");
    assert_eq!(count(&mut app.database.connect(), "counter_receipt"), 0);
}
