//! The ways to pay, as dated rows.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::platform::db::{connect_as_owner, execute};
use serde_json::{Value, json};

use crate::support::{Call, count, start};

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

/// Terms of `channel` as `change` has them, sent by `key` as the administrator.
fn record(channel: &str, key: &str, change: &Value) -> Call {
    terms(channel, key, change)
        .scope("payment-channel:write")
        .by("administrator")
}

fn terms(channel: &str, key: &str, change: &Value) -> Call {
    let mut terms = json!({
        "valid_from": "2026-12-01", "working_days_only": false, "lead_days": 3,
        "at_most": "8000.00", "signs": false, "source": "a circular of November 2026",
    });
    let change = change.as_object().unwrap().clone();
    terms.as_object_mut().unwrap().extend(change);
    Call::post(&format!("/v1/payment-channels/{channel}/terms"))
        .key(key)
        .json(terms)
}

#[actix_web::test]
async fn new_terms_hold_from_a_day_to_come_and_what_was_known_stays() {
    let app = start().await;
    let recorded = app.send(record("store", "a", &json!({}))).await.expect(201);
    let again = app.send(record("store", "a", &json!({}))).await.expect(201);
    assert_eq!(again, recorded);
    let other = record("store", "a", &json!({ "lead_days": 4 }));
    assert_eq!(app.send(other).await.problem(), "idempotency-key-reused");
    for (day, most, ends) in [
        ("2026-11-30", "5000.00", json!("2026-11-30")),
        ("2026-12-01", "8000.00", Value::Null),
    ] {
        let then = channels(&format!("?channel=store&on={day}"));
        let then = app.send(then).await.expect(200);
        assert_eq!(
            json!([then[0]["at_most"], then[0]["valid_to"]]),
            json!([most, ends]),
            "{day}"
        );
    }
    let listed = app.send(channels("?channel=store")).await.expect(200);
    assert_eq!(words(&listed), ["store", "store"]);
    assert_eq!(
        json!([
            listed[1]["number"],
            listed[1]["source"],
            listed[1]["assumed"]
        ]),
        json!([recorded["number"], "a circular of November 2026", false])
    );
    // As it was known before, and by whom it was recorded.
    let conn = &mut app.database.connect();
    let before = "payment_channel WHERE channel = 'store' AND valid_to IS NULL \
                  AND replaced_at = '2026-11-20T01:00:00Z' AND at_most = 5000";
    assert_eq!(count(conn, before), 1);
    let audited = format!(
        "audit_entry WHERE action = 'payments.terms.recorded' AND subject = '{}'",
        recorded["number"]
    );
    assert_eq!(count(conn, &audited), 1);
}

/// Nobody sends the rents of a city to another account by themselves.
#[actix_web::test]
async fn whom_the_payer_names_stays_and_who_signs_is_said_each_time() {
    let app = start().await;
    for (key, change) in [
        ("a", json!({ "payee": "1" })),
        ("b", json!({ "signs": null })),
    ] {
        app.send(record("fps", key, &change)).await.expect(400);
    }
    let conn = &mut app.database.connect();
    let named = "payment_channel WHERE channel = 'fps' AND replaced_at IS NULL \
                 AND (payee, payee_name) = (SELECT payee, payee_name FROM payment_channel \
                     WHERE channel = 'fps' ORDER BY id LIMIT 1)";
    assert_eq!(count(conn, named), 1);

    app.send(record("fps", "c", &json!({}))).await.expect(201);

    assert_eq!(count(conn, named), 2);
    // A channel that there was never is not opened by this.
    let never = "SET session_replication_role = replica; \
                 DELETE FROM payment_channel WHERE channel = 'fps'";
    let owner = &mut connect_as_owner(app.database.url()).unwrap();
    execute(owner, never).unwrap();
    let refused = app.send(record("fps", "d", &json!({}))).await;
    assert_eq!(refused.problem(), "terms-refused");
}

#[actix_web::test]
async fn terms_alter_nothing_that_was_decided_and_write_over_no_others() {
    let app = start().await;
    app.send(record("store", "a", &json!({}))).await.expect(201);
    let conn = &mut app.database.connect();
    let rows = count(conn, "payment_channel");
    for (name, change, status, problem) in [
        (
            "today",
            json!({ "valid_from": "2026-11-20" }),
            422,
            "terms-of-the-past",
        ),
        (
            "over those from December on",
            json!({ "valid_from": "2026-11-25" }),
            409,
            "terms-overlap",
        ),
        (
            "over the first day of December",
            json!({ "valid_from": "2026-11-25", "valid_to": "2026-12-01" }),
            409,
            "terms-overlap",
        ),
        ("the same", json!({}), 409, "terms-overlap"),
        (
            "never",
            json!({ "valid_from": "2027-01-02", "valid_to": "2027-01-01" }),
            422,
            "terms-refused",
        ),
        (
            "too early",
            json!({ "valid_from": "2027-01-01", "lead_days": 16 }),
            422,
            "terms-refused",
        ),
        (
            "nothing",
            json!({ "valid_from": "2027-01-01", "at_most": "0.00" }),
            422,
            "terms-refused",
        ),
        (
            "no time",
            json!({ "valid_from": "2027-01-01", "cut_off": "25:00" }),
            422,
            "payment-refused",
        ),
    ] {
        let refused = app
            .send(record("store", &name.replace(' ', "-"), &change))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem()),
            (status, problem),
            "{name}"
        );
    }
    assert_eq!(count(conn, "payment_channel"), rows, "all or nothing");
    // What ends before those begin fits in, and so does a channel's end.
    let until = json!({ "valid_from": "2026-11-25", "valid_to": "2026-11-30", "cut_off": "18:30" });
    app.send(record("store", "until", &until)).await.expect(201);
    let day = app
        .send(channels("?channel=store&on=2026-11-30"))
        .await
        .expect(200);
    assert_eq!(day[0]["cut_off"], "18:30");
    let last = json!({ "valid_to": "2026-12-31" });
    app.send(record("pps", "last", &last)).await.expect(201);
    for (day, open) in [("2026-12-31", true), ("2027-01-01", false)] {
        let then = app.send(channels(&format!("?on={day}"))).await.expect(200);
        assert_eq!(words(&then).contains(&"pps"), open, "{day}");
    }
}

/// Whoever brings a channel's files does not say whether they need be signed.
#[actix_web::test]
async fn terms_are_for_the_administrator() {
    let app = start().await;
    for (role, status) in [
        (Role::Administrator, 201),
        (Role::FinanceOfficer, 403),
        (Role::PaymentChannel, 403),
    ] {
        let caller = app.session(role, Reach::Everywhere);
        let signs = json!({ "signs": true });
        let sent = terms("store", role.as_str(), &signs).bearer(&caller);
        assert_eq!(app.send(sent).await.status, status, "{role}");
    }
    let then = channels("?channel=store&on=2026-12-01");
    assert_eq!(app.send(then).await.expect(200)[0]["signs"], true);
}
