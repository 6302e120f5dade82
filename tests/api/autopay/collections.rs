//! Collections: what the quote says is due, on the right day, released by two people.

use kaifong::platform::crypto::{hex, sha256};
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::{order, refused, release, start_with, withdraw};
use crate::support::{Call, count, world};

#[actix_web::test]
async fn a_collection_takes_what_the_quote_says_and_two_people_send_it() {
    let (app, codes) = start_with(4).await;
    for code in &codes[..3] {
        app.mandate(*code, "autopay").await;
    }
    let ordered = app.send(order("2026-12", "autopay")).await.expect(202);
    assert_eq!(
        (&ordered["state"], &ordered["mandates"]),
        (&json!("preparing"), &json!(3))
    );
    refused(
        &app.send(order("2026-12", "autopay")).await,
        409,
        "collection-open",
    );
    refused(
        &app.send(release(&ordered, "two")).await,
        400,
        "malformed-request",
    );
    assert_eq!(app.work(), 1);
    let prepared = app.collection(&ordered).await;
    assert_eq!(prepared["state"], "prepared");
    assert_eq!(prepared["collect_on"], "2026-12-01");
    assert_eq!(prepared["file"], "AP20261201.apc");
    let lines = app.lines(&prepared).await;
    for (line, code) in lines.iter().zip(&codes) {
        assert_eq!(line["tenant_code"], code.to_string());
        assert_eq!(line["amount"], app.due(*code, "2026-12").await);
        assert_eq!(
            (&line["state"], &line["attempt"]),
            (&json!("waiting"), &json!(1))
        );
    }
    assert_eq!(lines.len(), 3);

    // Whoever is to release it looks at what will be sent.
    let look = |of: &Value| {
        let id = of["id"].as_str().unwrap();
        Call::get(&format!("/v1/autopay/collections/{id}/prepared-file")).scope("autopay:approve")
    };
    let looked_at = app.send(look(&prepared)).await;
    assert_eq!(looked_at.status, 200);
    assert_eq!(hex(&sha256(&[&looked_at.bytes])), prepared["sha256"]);
    // Not before it is released, not by who ordered it, not another file than was looked at.
    refused(&app.file(&prepared).await, 409, "collection-state");
    refused(
        &app.send(release(&prepared, "one")).await,
        403,
        "second-person-needed",
    );
    let mut other = prepared.clone();
    other["sha256"] = json!("0".repeat(64));
    refused(&app.send(release(&other, "two")).await, 409, "other-digest");
    let released = app.send(release(&prepared, "two")).await.expect(200);
    assert_eq!(
        (&released["state"], &released["decided_by"]),
        (&json!("released"), &json!("two"))
    );
    refused(
        &app.send(release(&prepared, "three")).await,
        409,
        "collection-state",
    );
    refused(
        &app.send(withdraw(&released)).await,
        409,
        "collection-state",
    );

    let file = app.file(&released).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.bytes, looked_at.bytes);
    refused(&app.send(look(&released)).await, 409, "collection-state");
    assert_eq!(hex(&sha256(&[&file.bytes])), released["sha256"]);
    assert_eq!(json!(file.bytes.len()), released["bytes"]);
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    let rows: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.len() == 400));
    for (row, line) in rows[1..].iter().zip(&lines) {
        assert!(row.starts_with("PD004BBAN123456789001 "), "{row}");
        assert!(row.contains(line["reference"].as_str().unwrap()), "{row}");
    }
    // The same for ever: days later, and after the mandate is no more.
    let mut conn = app.database.connect();
    execute(
        &mut conn,
        "UPDATE autopay_mandate SET state = 'ended', bank = '999'",
    )
    .unwrap();
    app.clock.set("2027-03-01T01:00:00Z");
    assert_eq!(app.file(&released).await.bytes, file.bytes);
    assert_eq!(
        count(&mut conn, "audit_entry WHERE action = 'autopay.file.taken'"),
        2
    );
    let looks = "audit_entry WHERE action = 'autopay.file.looked_at'";
    assert_eq!(count(&mut conn, looks), 1);
}

#[actix_web::test]
async fn credit_counts_first_and_a_zero_bill_is_no_debit() {
    let (app, codes) = start_with(3).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    // More than both months, exactly both months, and a little.
    app.adjust(codes[0], "-9000.00").await;
    let both = app.due(codes[1], "2026-12").await;
    app.adjust(codes[1], &format!("-{both}")).await;
    let before = app.due(codes[2], "2026-12").await;
    app.adjust(codes[2], "-0.07").await;

    let prepared = app.prepared("2026-12", "autopay").await;
    let nothing = |code: usize| (codes[code].to_string(), "nothing_due".to_owned());
    assert_eq!(app.left_out(&prepared).await, [nothing(0), nothing(1)]);
    let lines = app.lines(&prepared).await;
    assert_eq!(lines.len(), 1);
    let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let amount = lines[0]["amount"].as_str().unwrap();
    assert_eq!(cents(amount), cents(&before) - 7);
    assert_eq!(prepared["amount"], amount);
}

#[actix_web::test]
async fn a_holiday_moves_the_day_and_a_late_release_is_refused() {
    let (app, codes) = start_with(1).await;
    app.mandate(codes[0], "autopay").await;
    let mut conn = app.database.connect();
    let holiday = "INSERT INTO general_holiday VALUES ('2026-12-01', '{}', 'a test') \
        ON CONFLICT DO NOTHING";
    execute(&mut conn, holiday).unwrap();
    let prepared = app.prepared("2026-12", "autopay").await;
    assert_eq!(prepared["collect_on"], "2026-12-02");
    // Monday and Wednesday are the bank's two working days: Sunday is the last.
    app.clock.set("2026-11-29T16:00:00Z");
    refused(&app.send(release(&prepared, "two")).await, 409, "too-late");
    let withdrawn = app.send(withdraw(&prepared)).await.expect(200);
    assert_eq!(withdrawn["state"], "withdrawn");
    // The next is made anew, for the first day that can be met.
    let again = app.prepared("2026-12", "autopay").await;
    assert_eq!(
        (&again["run"], &again["collect_on"]),
        (&json!(2), &json!("2026-12-03"))
    );
    let lines = app.lines(&again).await;
    assert_eq!(lines[0]["attempt"], 2);
    app.send(release(&again, "two")).await.expect(200);
}

#[actix_web::test]
async fn what_is_on_its_way_is_not_asked_for_again() {
    let (app, codes) = start_with(1).await;
    app.mandate(codes[0], "autopay").await;
    let november = app.released("2026-11", "autopay").await;
    assert_eq!(november["collect_on"], "2026-11-24");
    let both = app.due(codes[0], "2026-12").await;
    let again = app.prepared("2026-11", "autopay").await;
    let waits = (codes[0].to_string(), "on_its_way".to_owned());
    assert_eq!(app.left_out(&again).await, [waits]);
    // An empty file is not sent.
    refused(
        &app.send(release(&again, "two")).await,
        409,
        "collection-state",
    );
    let december = app.prepared("2026-12", "autopay").await;
    let cents = |value: &Value| {
        value
            .as_str()
            .unwrap()
            .replace('.', "")
            .parse::<i64>()
            .unwrap()
    };
    let amounts = cents(&november["amount"]) + cents(&december["amount"]);
    assert_eq!(amounts, cents(&json!(both)));
}

#[actix_web::test]
async fn nobody_is_debited_who_has_taken_the_leave_back_meanwhile() {
    let (app, codes) = start_with(2).await;
    let first = app.mandate(codes[0], "autopay").await;
    app.mandate(codes[1], "autopay").await;
    let prepared = app.prepared("2026-12", "autopay").await;
    let end = super::change(
        &first,
        "end",
        "mandate:write",
        json!({ "reason": "another bank" }),
    );
    app.send(end).await.expect(200);
    refused(
        &app.send(release(&prepared, "two")).await,
        409,
        "mandates-lapsed",
    );
    app.send(withdraw(&prepared)).await.expect(200);
    let again = app.released("2026-12", "autopay").await;
    let lines = app.lines(&again).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["tenant_code"], codes[1].to_string());
}

#[actix_web::test]
async fn nobody_is_debited_who_moves_out_before_the_day() {
    let (app, codes) = start_with(2).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let prepared = app.prepared("2026-12", "autopay").await;
    assert_eq!(prepared["lines"], 2);
    let mut conn = app.database.connect();
    world::end_tenancy(&mut conn, codes[0], "2026-11-30", "2026-11-20T09:30:00Z");
    let late = app.send(release(&prepared, "two")).await;
    refused(&late, 409, "mandates-lapsed");
    app.send(withdraw(&prepared)).await.expect(200);
    let again = app.released("2026-12", "autopay").await;
    let lines = app.lines(&again).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["tenant_code"], codes[1].to_string());
}

#[actix_web::test]
async fn an_account_that_does_not_open_holds_up_its_collection_and_no_other() {
    let (app, codes) = start_with(2).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let mut conn = app.database.connect();
    let household = codes[0].number();
    let spoil = format!(
        "UPDATE autopay_mandate SET account = set_byte(account, 30, get_byte(account, 30) # 1) \
         WHERE household = {household}"
    );
    execute(&mut conn, &spoil).unwrap();
    let stuck = app.prepared("2026-12", "autopay").await;
    assert_eq!(
        (&stuck["state"], &stuck["lines"]),
        (&json!("preparing"), &json!(2))
    );
    let order_again = app.send(order("2026-12", "autopay")).await;
    refused(&order_again, 409, "collection-open");
    let withdrawn = app.send(withdraw(&stuck)).await.expect(200);
    assert_eq!(withdrawn["state"], "withdrawn");
    // Its debits never went anywhere, and are told so.
    let lines = app.lines(&stuck).await;
    assert!(
        lines.iter().all(|line| line["state"] == "withdrawn"),
        "{lines:?}"
    );
    let waiting = app.list(&stuck, "/lines?state=waiting").await;
    assert_eq!(waiting["items"], json!([]));
    let told = app.list(&stuck, "/lines?state=withdrawn").await;
    assert_eq!(told["items"].as_array().unwrap().len(), 2);
    // Its job, tried again, leaves it alone; the others are debited.
    let suspend =
        format!("UPDATE autopay_mandate SET state = 'suspended' WHERE household = {household}");
    execute(&mut conn, &suspend).unwrap();
    app.clock.advance(3_600);
    app.work();
    assert_eq!(app.collection(&stuck).await["state"], "withdrawn");
    let again = app.released("2026-12", "autopay").await;
    let lines = app.lines(&again).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["tenant_code"], codes[1].to_string());
}

#[actix_web::test]
async fn a_bill_above_the_limit_is_left_to_the_household() {
    let (app, codes) = start_with(1).await;
    let mut body = super::payer("autopay", "123456789001");
    body["limit"] = json!("100.00");
    let proposed = app
        .send(super::propose(codes[0], "k", body))
        .await
        .expect(201);
    app.send(super::verify(&proposed)).await.expect(200);
    let prepared = app.prepared("2026-12", "autopay").await;
    let list = app.list(&prepared, "/left-out?reason=over_limit").await;
    assert_eq!(list["items"][0]["reason"], "over_limit");
    assert_eq!(list["items"][0]["due"], app.due(codes[0], "2026-12").await);
    let others = app.list(&prepared, "/left-out?reason=nothing_due").await;
    assert_eq!(others["items"], json!([]));
}

#[actix_web::test]
async fn months_that_are_not_collected_now_are_refused() {
    let (app, _) = start_with(1).await;
    for (month, status) in [("2026-10", 422), ("2027-01", 422), ("2026-13", 400)] {
        let answer = app.send(order(month, "autopay")).await;
        assert_eq!(answer.status, status, "{month}: {:?}", answer.body);
    }
    let absent = json!({ "id": "01940000-0000-7000-8000-000000000001", "sha256": "0".repeat(64) });
    refused(&app.send(release(&absent, "two")).await, 404, "not-found");
    refused(&app.send(withdraw(&absent)).await, 404, "not-found");
    refused(&app.file(&absent).await, 404, "not-found");
    for path in ["", "/lines", "/left-out", "/strays"] {
        let id = absent["id"].as_str().unwrap();
        let call = Call::get(&format!("/v1/autopay/collections/{id}{path}"));
        let answer = app.send(call.scope("autopay:read")).await;
        refused(&answer, 404, "not-found");
    }
    let policies = Call::get("/v1/autopay/policies").scope("autopay:read");
    let policies = app.send(policies).await.expect(200);
    assert_eq!(policies[0]["channel"], "autopay");
    assert_eq!(policies[0]["assumed"], true);
}

#[actix_web::test]
async fn lists_are_told_a_page_at_a_time() {
    let (app, codes) = start_with(3).await;
    for code in &codes {
        app.mandate(*code, "fps_debit").await;
    }
    let prepared = app.prepared("2026-12", "fps_debit").await;
    let first = app.list(&prepared, "/lines?limit=2").await;
    let next = first["next"].as_str().unwrap();
    let rest = app
        .list(&prepared, &format!("/lines?limit=2&after={next}"))
        .await;
    let codes_of = |page: &Value| {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["tenant_code"].clone())
            .collect::<Vec<_>>()
    };
    let told = [codes_of(&first), codes_of(&rest)].concat();
    let expected: Vec<Value> = codes.iter().map(|code| json!(code.to_string())).collect();
    assert_eq!(told, expected);
    assert_eq!(rest["next"], Value::Null);
    let list = Call::get("/v1/autopay/collections?limit=1").scope("autopay:read");
    let list = app.send(list).await.expect(200);
    assert_eq!(list["items"][0]["id"], prepared["id"]);
    let waiting = app.list(&prepared, "/lines?state=waiting").await;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 3);
    let accepted = app.list(&prepared, "/lines?state=accepted").await;
    assert_eq!(accepted["items"], json!([]));
}
