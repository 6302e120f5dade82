//! The ways to pay, as dated rows.

use serde_json::{Value, json};

use crate::support::{Call, start};

fn channels(query: &str) -> Call {
    Call::get(&format!("/v1/payment-channels{query}"))
}

fn words(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["channel"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_channel_is_listed_while_it_is_open() {
    let app = start().await;
    let all = app.send(channels("")).await.expect(200);
    assert_eq!(
        words(&all),
        [
            "autopay",
            "bank",
            "cssa",
            "fps",
            "fps_debit",
            "mtr",
            "pps",
            "shroff",
            "store"
        ]
    );
    for (day, open) in [
        ("2007-05-23", false),
        ("2007-05-24", true),
        ("2013-12-31", true),
        ("2014-01-01", false),
    ] {
        let then = app.send(channels(&format!("?on={day}"))).await.expect(200);
        assert_eq!(words(&then).contains(&"mtr"), open, "{day}");
    }
    let store = channels("?channel=store").header("Accept-Language", "zh-CN");
    let store = app.send(store).await.expect(200);
    assert_eq!(words(&store), ["store"]);
    assert_eq!(
        json!([
            store[0]["label"],
            store[0]["at_most"],
            store[0]["lead_days"],
            store[0]["form"]
        ]),
        json!(["便利店", "5000.00", 3, "barcode"])
    );
    let pps = app.send(channels("?channel=pps")).await.expect(200);
    assert_eq!(
        json!([pps[0]["cut_off"], pps[0]["form"]]),
        json!(["19:00", "bill"])
    );
    app.send(channels("?channel=cheque")).await.expect(400);
    app.send(channels("?on=2026-02-30")).await.expect(400);
}

#[actix_web::test]
async fn two_sets_of_terms_never_hold_on_one_day() {
    let app = start().await;
    let add = |from: &str| {
        let sql = format!(
            "INSERT INTO payment_channel (channel, working_days_only, lead_days, payee_name, \
             valid_from, recorded_at, source, assumed) \
             VALUES ('mtr', false, 3, 'HK Housing Authority', '{from}', now(), 'a test', true)"
        );
        kaifong::platform::db::execute(&mut app.database.connect(), &sql)
    };
    let error = add("2013-12-31").unwrap_err();
    assert_eq!(error.constraint(), Some("payment_channel_one_at_a_time"));
    add("2014-01-01").unwrap();
}
