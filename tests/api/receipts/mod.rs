//! Receipts: of any payment, for whom it is, as JSON, page and slip.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::payments::Channel;
use serde_json::{Value, json};

use crate::counter::{cash, start_with, wah_fu};
use crate::payments::office::{file, line};
use crate::rent::charge;
use crate::support::{Call, count, fixture};

fn receipt(payment: &Value) -> Call {
    let payment = payment.as_str().unwrap();
    Call::get(&format!("/v1/payments/{payment}/receipt"))
}

#[actix_web::test]
async fn a_counters_receipt_says_what_was_paid_and_what_is_left() {
    let (app, codes) = start_with(1).await;
    charge(&app.database, &app.clock, "2026-11");
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    // What comes later is not on it.
    app.clock.set("2026-11-20T03:00:00Z");
    app.take(&day, cash(codes[0], "1.00")).await.expect(201);
    let call = || receipt(&taken["payment"]).scope("receipt:read");
    let told = app
        .send(call().header("Accept-Language", "en"))
        .await
        .expect(200);
    assert_eq!(
        told,
        json!({
            "payment": taken["payment"], "receipt": "001-2026-000001",
            "reference": "001-2026-000001", "tenant_code": codes[0],
            "flat": format!("Flat 0, 1/F, {}, Wah Fu (I) Estate", block(&app.database)),
            "amount": "300.00", "channel": "shroff", "channel_label": "Estate office counter",
            "tender": "cash", "place": "Wah Fu (I) Estate", "paid_at": "2026-11-20T01:00:00Z",
            "value_on": "2026-11-20", "balance": "2064.00", "balance_as_at": "2026-11-20",
            "undone": null, "issued_at": "2026-11-20T03:00:00Z",
        })
    );
    let slip = app.send(call().header("Accept", "text/plain")).await;
    assert_eq!(
        (slip.header("content-type"), slip.header("content-language")),
        ("text/plain; charset=utf-8", "zh-HK")
    );
    let slip = String::from_utf8(slip.bytes).unwrap();
    assert!(
        slip.contains("001-2026-000001") && slip.contains("HK$2,064.00"),
        "{slip}"
    );
    for language in ["zh-HK", "zh-CN", "en"] {
        let call = call().header("Accept", "application/pdf");
        let page = app.send(call.header("Accept-Language", language)).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        assert_eq!(
            (page.header("content-type"), page.header("content-language")),
            ("application/pdf", language)
        );
        assert!(page.bytes.starts_with(b"%PDF-"));
        assert!(page.bytes.len() < 200_000, "{} bytes", page.bytes.len());
    }
}

fn block(database: &crate::support::TestDatabase) -> String {
    use diesel::prelude::*;
    diesel::dsl::sql::<diesel::sql_types::Text>(
        "SELECT b.name ->> 'en' FROM flat f JOIN block b ON b.id = f.block_id LIMIT 1",
    )
    .get_result(&mut database.connect())
    .unwrap()
}

#[actix_web::test]
async fn a_receipt_shown_after_a_void_says_so() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    app.clock.set("2026-11-20T03:00:00Z");
    app.void(&taken["payment"]).await;
    let call = || receipt(&taken["payment"]).scope("receipt:read");
    let told = app
        .send(call().header("Accept-Language", "en"))
        .await
        .expect(200);
    assert_eq!(told["receipt"], "001-2026-000001");
    let said = "This receipt was voided on 20 November 2026. The money is not on the account.";
    assert_eq!(
        told["undone"],
        json!({ "by": "void", "at": "2026-11-20T03:00:00Z", "said": said })
    );
    let slip = app.send(call().header("Accept", "text/plain")).await;
    assert!(String::from_utf8(slip.bytes).unwrap().contains("收據作廢"));
}

#[actix_web::test]
async fn a_stores_payment_has_a_receipt_and_once_reversed_it_says_so() {
    let (app, codes) = start_with(2).await;
    app.clock.set("2026-11-20T12:00:00Z");
    let lines = [line(1, "S-1", &codes[0], "500.00")];
    let brought = Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(file(Channel::Store, 1, &lines));
    app.send(brought).await.expect(201);
    app.work();
    let list = Call::get(&format!("/v1/rent-accounts/{}/payments", codes[0]));
    let list = app.send(list.scope("receipt:read")).await.expect(200);
    let paid = &list["items"][0];
    assert_eq!(
        json!([paid["reference"], paid["amount"], paid["channel"]]),
        json!(["S-1", "500.00", "store"])
    );
    let told = app
        .send(receipt(&paid["id"]).scope("receipt:read"))
        .await
        .expect(200);
    assert_eq!(
        json!([
            told["receipt"],
            told["reference"],
            told["place"],
            told["balance"],
            told["undone"]
        ]),
        json!([null, "S-1", "7-Eleven 華富邨", "-500.00", null])
    );
    let entries = Call::get(&format!("/v1/rent-accounts/{}/entries", codes[0])).scope("rent:read");
    let entries = app.send(entries).await.expect(200);
    let reversed = Call::post(&format!("/v1/rent-accounts/{}/reversals", codes[0]))
        .scope("rent:correct")
        .key("k")
        .json(json!({ "entry": entries["items"][0]["id"], "reason": "SECRET" }));
    app.clock.set("2026-11-23T12:00:00Z");
    app.send(reversed).await.expect(201);
    let after = app.send(receipt(&paid["id"]).scope("receipt:read")).await;
    let text = String::from_utf8(after.bytes.clone()).unwrap();
    assert!(!text.contains("SECRET"), "why is between officers: {text}");
    let after = after.expect(200);
    assert_eq!(
        json!([
            after["undone"]["by"],
            after["undone"]["at"],
            after["balance"]
        ]),
        json!(["reversal", "2026-11-23T12:00:00Z", "-500.00"])
    );
    let other = Call::get(&format!("/v1/rent-accounts/{}/payments", codes[1]));
    let other = app.send(other.scope("receipt:read")).await.expect(200);
    assert_eq!(other["items"], json!([]));
}

#[actix_web::test]
async fn money_that_left_suspense_has_a_receipt_for_each_household() {
    let (app, codes) = start_with(3).await;
    app.clock.set("2026-11-20T12:00:00Z");
    let lines = [line(1, "S-1", &"nobody", "500.00")];
    let brought = Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(file(Channel::Store, 1, &lines));
    app.send(brought).await.expect(201);
    app.work();
    let found = Call::get("/v1/suspense").scope("suspense:read");
    let payment = app.send(found).await.expect(200)["items"][0]["id"].clone();
    let asked = |query: &str| {
        let path = format!("/v1/payments/{}/receipt{query}", payment.as_str().unwrap());
        Call::get(&path)
    };
    // In suspense it is nobody's, and nobody has a receipt.
    app.send(asked("").scope("receipt:read")).await.expect(404);
    let part = |code, amount: &str| json!({ "tenant_code": code, "amount": amount });
    let parts = json!([part(codes[0], "300.00"), part(codes[1], "200.00")]);
    let proposed = Call::post(&format!(
        "/v1/suspense/{}/proposals",
        payment.as_str().unwrap()
    ))
    .scope("suspense:write")
    .by("one")
    .key("k")
    .json(json!({ "parts": parts, "reason": "the payer wrote" }));
    let proposed = app.send(proposed).await.expect(201);
    app.clock.set("2026-11-23T12:00:00Z");
    let path = format!(
        "/v1/suspense-proposals/{}/approval",
        proposed["id"].as_str().unwrap()
    );
    let approved = Call::post(&path).scope("suspense:write").by("two");
    app.send(approved).await.expect(200);
    for (code, amount) in [(codes[0], "300.00"), (codes[1], "200.00")] {
        let home = || app.session(Role::Tenant, Reach::Household(code));
        let told = app.send(asked("").bearer(&home())).await.expect(200);
        assert_eq!(
            json!([told["tenant_code"], told["amount"], told["balance_as_at"]]),
            json!([code, amount, "2026-11-23"])
        );
        let named = format!("?tenant_code={code}");
        let named = app
            .send(asked(&named).scope("receipt:read"))
            .await
            .expect(200);
        assert_eq!(named["amount"], amount);
        let list = Call::get(&format!("/v1/rent-accounts/{code}/payments"));
        let list = app.send(list.bearer(&home())).await.expect(200);
        assert_eq!(list["items"][0]["amount"], amount);
    }
    let stranger = app.session(Role::Tenant, Reach::Household(codes[2]));
    app.send(asked("").bearer(&stranger)).await.expect(404);
    let other = format!("?tenant_code={}", codes[0]);
    let second = app.session(Role::Tenant, Reach::Household(codes[1]));
    app.send(asked(&other).bearer(&second)).await.expect(404);
}

#[actix_web::test]
async fn a_receipt_is_for_its_household_and_its_office_alone() {
    let (app, codes) = start_with(2).await;
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    let elsewhere = fixture::estate(&mut app.database.connect());
    let at = |estate| Reach::Estates([estate].into());
    for (role, reach, status) in [
        (Role::Tenant, Reach::Household(codes[0]), 200),
        (Role::Tenant, Reach::Household(codes[1]), 404),
        (Role::EstateOfficer, at(wah_fu()), 200),
        (Role::EstateOfficer, at(elsewhere), 404),
        (Role::FinanceOfficer, Reach::Everywhere, 200),
        (Role::Kiosk, at(wah_fu()), 403),
    ] {
        let caller = app.session(role, reach.clone());
        for kind in ["application/json", "application/pdf", "text/plain"] {
            let call = receipt(&taken["payment"]).header("Accept", kind);
            let answer = app.send(call.bearer(&caller)).await;
            assert_eq!(answer.status, status, "{role} at {reach:?}");
        }
    }
    let none = json!("01940000-0000-7000-8000-000000000001");
    app.send(receipt(&none).scope("receipt:read"))
        .await
        .expect(404);
}

#[actix_web::test]
async fn an_office_that_took_a_payment_for_another_estate_gives_no_particulars() {
    let (app, codes) = start_with(1).await;
    let elsewhere = fixture::estate(&mut app.database.connect());
    let officer = app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    let opened = Call::post("/v1/counter-days")
        .bearer(&officer)
        .key("k1")
        .json(json!({ "estate": elsewhere }));
    let opened = app.send(opened).await.expect(201);
    let path = format!(
        "/v1/counter-days/{}/payments",
        opened["id"].as_str().unwrap()
    );
    let handed = Call::post(&path)
        .bearer(&officer)
        .key("k2")
        .json(cash(codes[0], "300.00"));
    let taken = app.send(handed).await.expect(201);
    assert_eq!(count(&mut app.database.connect(), "counter_receipt"), 1);
    let bare = app
        .send(receipt(&taken["payment"]).bearer(&officer))
        .await
        .expect(200);
    assert_eq!(
        json!([
            bare["amount"],
            bare["flat"],
            bare["balance"],
            bare["balance_as_at"]
        ]),
        json!(["300.00", null, null, null])
    );
    let theirs = app.session(Role::EstateOfficer, Reach::Estates([wah_fu()].into()));
    let whole = app
        .send(receipt(&taken["payment"]).bearer(&theirs))
        .await
        .expect(200);
    assert_eq!(whole["balance"], "-300.00");
    assert!(whole["flat"].is_string());
}

#[actix_web::test]
async fn what_was_paid_is_listed_page_by_page_newest_first() {
    let (app, codes) = start_with(1).await;
    let mut taken = Vec::new();
    for date in ["20", "23", "24"] {
        app.clock.set(&format!("2026-11-{date}T01:00:00Z"));
        let day = app.counter_day().await;
        for _ in 0..2 {
            let one = app.take(&day, cash(codes[0], "5.00")).await.expect(201);
            taken.push(one["payment"].clone());
        }
        let reason = Call::post(&format!("/v1/{day}/count"))
            .scope("counter:take")
            .by("one")
            .key(date)
            .json(json!({ "cash": [{ "kind": "coin", "value": "10.00", "pieces": 1 }] }));
        app.send(reason).await.expect(200);
    }
    let (mut told, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/rent-accounts/{}/payments?limit=4{after}", codes[0]);
        let page = app
            .send(Call::get(&path).scope("receipt:read"))
            .await
            .expect(200);
        for item in page["items"].as_array().unwrap() {
            told.push((item["value_on"].clone(), item["id"].clone()));
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(told.len(), 6);
    let days: Vec<_> = told.iter().map(|(day, _)| day.as_str().unwrap()).collect();
    assert!(days.is_sorted_by(|one, next| one >= next), "{days:?}");
    for payment in taken {
        assert_eq!(told.iter().filter(|(_, id)| *id == payment).count(), 1);
    }
}
