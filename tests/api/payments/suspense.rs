//! Money in suspense: whose it may be, proposed by one, approved by another.

use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::Channel;
use serde_json::{Value, json};

use super::office::{file, line};
use crate::rent::charge;
use crate::support::{Call, count, start, world};

fn read(path: &str) -> Call {
    Call::get(&format!("/v1/{path}")).scope("suspense:read")
}

fn write(path: &str, key: &str, body: Value) -> Call {
    Call::post(&format!("/v1/{path}"))
        .scope("suspense:write")
        .key(key)
        .json(body)
}

fn to(code: TenantCode, amount: &str) -> Value {
    json!({ "tenant_code": code, "amount": amount })
}

/// A code with one digit wrong.
fn slip(code: TenantCode) -> String {
    let mut text = code.to_string();
    let last = text.pop().unwrap();
    text.push(if last == '9' { '0' } else { '9' });
    text
}

/// Brings payments for these accounts, numbered from 1.
fn bring(sequence: u32, paid: &[(&str, &str)]) -> Call {
    let lines = (1..).zip(paid).map(|(number, (account, amount))| {
        let reference = format!("S-{sequence}-{number}");
        line(number, &reference, account, amount)
    });
    let bytes = file(Channel::Store, sequence, &lines.collect::<Vec<_>>());
    Call::post("/v1/payment-files?name=f")
        .scope("payment-file:write")
        .bytes(bytes)
}

#[actix_web::test]
async fn money_for_nobody_goes_where_two_people_say() {
    let app = start().await;
    let codes = world::settle(&app.database, 3);
    charge(&app.database, &app.clock, "2026-11");
    app.clock.set("2026-11-20T12:00:00Z");
    let account = Call::get(&format!("/v1/rent-accounts/{}", codes[1])).scope("rent:read");
    let owed = app.send(account).await.expect(200)["owed"].clone();
    let owed = owed.as_str().unwrap();
    let paid = [
        (slip(codes[1]), owed),
        ("CHAN TAI MAN".to_owned(), "300.00"),
    ];
    let paid: Vec<_> = paid
        .iter()
        .map(|(who, much)| (who.as_str(), *much))
        .collect();
    app.send(bring(1, &paid)).await.expect(201);
    app.work();
    app.clock.set("2026-11-30T12:00:00Z");
    let listed = app.send(read("suspense?days=10")).await.expect(200);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let older = app.send(read("suspense?days=11")).await.expect(200);
    assert_eq!(older["items"], json!([]));
    let ages = app.send(read("suspense-ages")).await.expect(200);
    let age = json!([ages[0]["channel"], ages[0]["days"], ages[0]["payments"]]);
    assert_eq!(age, json!(["store", 8, 2]));
    let id = |account: &str| {
        let item = items
            .iter()
            .find(|item| item["account"] == account)
            .unwrap();
        format!("suspense/{}", item["id"].as_str().unwrap())
    };
    // A slip of a household's code, and it owes just that.
    let slipped = id(&slip(codes[1]));
    let told = app.send(read(&slipped)).await.expect(200);
    assert_eq!(
        told["candidates"][0],
        json!({ "tenant_code": codes[1], "owed": owed, "owes_just_that": true })
    );
    let named = id("CHAN TAI MAN");
    assert_eq!(
        app.send(read(&named)).await.expect(200)["candidates"],
        json!([])
    );

    let whole = json!({ "parts": [to(codes[1], owed)], "reason": "it owes just that" });
    let proposed = app
        .send(write(&format!("{slipped}/proposals"), "k1", whole).by("one"))
        .await
        .expect(201);
    let proposal = format!("suspense-proposals/{}", proposed["id"].as_str().unwrap());
    let alone = app
        .send(write(&format!("{proposal}/approval"), "-", json!({})).by("one"))
        .await;
    assert_eq!(alone.problem(), "payment-needs-another");
    let open = app.send(read("suspense?proposed=true")).await.expect(200);
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
    let cleared = app
        .send(write(&format!("{proposal}/approval"), "-", json!({})).by("two"))
        .await
        .expect(200);
    assert_eq!(
        json!([cleared["state"], cleared["decided_by"]]),
        json!(["approved", "two"])
    );
    // It counts from the day of the payment.
    let account = Call::get(&format!("/v1/rent-accounts/{}", codes[1])).scope("rent:read");
    assert_eq!(app.send(account).await.expect(200)["owed"], "0.00");
    let effective = "ledger_transfer WHERE kind = 'payment' AND effective_on = '2026-11-20'";
    assert_eq!(count(&mut app.database.connect(), effective), 3);

    // Some of the other to two households, the rest back.
    let parts = json!([to(codes[0], "100.00"), to(codes[2], "50.00"), { "amount": "150.00" }]);
    let split = json!({ "parts": parts, "reason": "the payer wrote to us" });
    let proposed = app
        .send(write(&format!("{named}/proposals"), "k2", split).by("two"))
        .await
        .expect(201);
    let proposal = format!("suspense-proposals/{}", proposed["id"].as_str().unwrap());
    app.send(write(&format!("{proposal}/approval"), "-", json!({})).by("one"))
        .await
        .expect(200);
    assert_eq!(
        app.send(read("suspense")).await.expect(200)["items"],
        json!([])
    );
    let left = "ledger_transfer WHERE 22 IN (debit, credit) \
                HAVING sum(CASE WHEN debit = 22 THEN amount ELSE -amount END) = 0";
    assert_eq!(count(&mut app.database.connect(), left), 6);
    let twice = app
        .send(write(&format!("{proposal}/approval"), "-", json!({})).by("three"))
        .await;
    assert_eq!(twice.problem(), "payment-not-now");
    // The tenant sees it as what it is.
    let entries = Call::get(&format!("/v1/rent-accounts/{}/entries", codes[1])).scope("rent:read");
    let entries = app.send(entries).await.expect(200);
    assert_eq!(entries["items"][0]["kind"], "payment");
}

#[actix_web::test]
async fn a_proposal_is_for_the_whole_of_a_payment_and_the_only_one() {
    let app = start().await;
    let codes = world::settle(&app.database, 2);
    app.clock.set("2026-11-20T12:00:00Z");
    app.send(bring(
        1,
        &[("nobody", "10.00"), (&codes[0].to_string(), "5.00")],
    ))
    .await
    .expect(201);
    app.work();
    let listed = app.send(read("suspense")).await.expect(200);
    let item = format!("suspense/{}", listed["items"][0]["id"].as_str().unwrap());
    let propose = |key: &str, parts: Value| {
        let body = json!({ "parts": parts, "reason": "so" });
        write(&format!("{item}/proposals"), key, body).by("one")
    };
    let nobody = TenantCode::of(987_654_321).unwrap();
    for (key, parts) in [
        ("empty", json!([])),
        ("short", json!([to(codes[0], "9.99")])),
        ("over", json!([to(codes[0], "10.00"), to(codes[1], "0.01")])),
        (
            "nothing",
            json!([to(codes[0], "10.00"), to(codes[1], "0.00")]),
        ),
        (
            "less",
            json!([to(codes[0], "11.00"), to(codes[1], "-1.00")]),
        ),
        ("nobody", json!([to(nobody, "10.00")])),
    ] {
        let refused = app.send(propose(key, parts)).await;
        assert_eq!(refused.problem(), "payment-refused", "{key}");
    }
    let good = json!([to(codes[0], "10.00")]);
    let proposed = app.send(propose("good", good.clone())).await.expect(201);
    assert_eq!(
        app.send(propose("good", good.clone())).await.expect(201)["id"],
        proposed["id"]
    );
    let second = app.send(propose("second", good.clone())).await;
    assert_eq!(second.problem(), "payment-not-now");
    // Taken back by whoever proposed it, it makes room for another.
    let proposal = format!("suspense-proposals/{}", proposed["id"].as_str().unwrap());
    let back = json!({ "reason": "a slip" });
    let refusal = format!("{proposal}/refusal");
    let refused = app
        .send(write(&refusal, "-", back.clone()).by("one"))
        .await
        .expect(200);
    assert_eq!(
        json!([refused["state"], refused["refused_for"]]),
        json!(["refused", "a slip"])
    );
    let again = app.send(write(&refusal, "-", back)).await;
    assert_eq!(again.problem(), "payment-not-now");
    app.send(propose("third", good)).await.expect(201);
    assert_eq!(
        count(
            &mut app.database.connect(),
            "ledger_transfer WHERE kind = 'payment'"
        ),
        2
    );

    // What reached a household is none.
    let all = Call::get("/v1/payments?amount=5.00").scope("payment:trace");
    let all = app.send(all).await.expect(200);
    let posted = format!("suspense/{}", all["items"][0]["id"].as_str().unwrap());
    app.send(read(&posted)).await.expect(404);
}
