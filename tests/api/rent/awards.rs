//! Rent Assistance and additional rent, in time and late.

use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::Unwatched;
use kaifong::ledger;
use kaifong::platform::db::connect;
use serde_json::{Value, json};

use super::charge;
use crate::support::{Call, count, start, world};

fn grant(code: TenantCode, key: &str, scheme: &str, months: (&str, Option<&str>)) -> Call {
    Call::post(&format!("/v1/rent-accounts/{code}/awards"))
        .scope("rent:award")
        .key(key)
        .json(
            json!({ "scheme": scheme, "first_month": months.0, "last_month": months.1,
                      "reason": "income below half the limit" }),
        )
}

fn end(award: &Value, key: &str, last_month: &str) -> Call {
    Call::post(&format!(
        "/v1/rent-awards/{}/end",
        award["id"].as_str().unwrap()
    ))
    .scope("rent:award")
    .key(key)
    .header("If-Match", &format!("\"{}\"", award["revision"]))
    .json(json!({ "last_month": last_month }))
}

#[actix_web::test]
async fn a_late_award_books_the_difference_and_edits_nothing() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let mut conn = app.database.connect();
    app.clock.set("2026-10-01T00:00:00Z");
    charge(&app.database, &app.clock, "2026-10");
    app.clock.set("2026-11-03T00:00:00Z");
    charge(&app.database, &app.clock, "2026-11");
    let owes = |conn: &mut _| {
        ledger::balance(
            conn,
            code,
            "2026-11-30".parse().unwrap(),
            chrono::DateTime::<chrono::Utc>::MAX_UTC,
        )
        .unwrap()
        .to_string()
    };
    assert_eq!(owes(&mut conn), "4728.00");

    let award = app
        .send(grant(
            code,
            "k1",
            "assistance_50",
            ("2026-11", Some("2028-10")),
        ))
        .await
        .expect(201);

    assert_eq!(owes(&mut conn), "3546.00");
    assert_eq!(count(&mut conn, "rent_charge WHERE revision = 0"), 2);
    assert_eq!(
        count(
            &mut conn,
            "rent_charge WHERE revision = 1 AND amount = -1182.00"
        ),
        1
    );
    let account = Call::get(&format!("/v1/rent-accounts/{code}")).scope("rent:read");
    assert_eq!(app.send(account).await.expect(200)["owed"], "3546.00");

    // Ended before it began, it is as if never granted; and what was known then stays known.
    app.clock.set("2026-11-04T00:00:00Z");
    app.send(end(&award, "k2", "2026-10")).await.expect(200);
    assert_eq!(owes(&mut conn), "4728.00");
    let known = async |at: &str| {
        let path = format!("/v1/rent-accounts/{code}/quote?month=2026-11&known_at={at}");
        app.send(Call::get(&path).scope("rent:read"))
            .await
            .expect(200)["rent"]
            .clone()
    };
    assert_eq!(known("2026-11-02T23:59:59Z").await, "2364.00");
    assert_eq!(known("2026-11-03T00:00:00Z").await, "1182.00");
    assert_eq!(known("2026-11-04T00:00:00Z").await, "2364.00");
}

#[actix_web::test]
async fn an_award_of_the_future_counts_from_its_month() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];

    app.send(grant(code, "k1", "additional_over_3", ("2026-12", None)))
        .await
        .expect(201);

    let account = Call::get(&format!("/v1/rent-accounts/{code}")).scope("rent:read");
    let told = app.send(account).await.expect(200);
    // Rates 144; net rent 2220; 3.5 x 2220 + 144
    assert_eq!(
        (&told["rent"], &told["next"]["rent"]),
        (&json!("2364.00"), &json!("7914.00"))
    );
}

#[actix_web::test]
async fn one_scheme_at_a_time() {
    let app = start().await;
    let codes = world::settle(&app.database, 2);
    let award = app
        .send(grant(
            codes[0],
            "k1",
            "assistance_25",
            ("2026-11", Some("2027-10")),
        ))
        .await
        .expect(201);

    for (key, months, status) in [
        ("k2", ("2027-10", Some("2027-12")), 409),
        ("k3", ("2026-01", Some("2026-11")), 409),
        ("k4", ("2027-11", Some("2027-12")), 201),
    ] {
        let answer = app
            .send(grant(codes[0], key, "assistance_50", months))
            .await;
        assert_eq!(answer.status, status, "{months:?}");
    }
    app.send(grant(
        codes[1],
        "k5",
        "assistance_50",
        ("2026-11", Some("2026-11")),
    ))
    .await
    .expect(201);

    // Ending the first leaves room for another.
    app.send(end(&award, "k6", "2026-12")).await.expect(200);
    app.send(grant(
        codes[0],
        "k7",
        "additional_over_2",
        ("2027-01", Some("2027-02")),
    ))
    .await
    .expect(201);
    let list = Call::get(&format!("/v1/rent-accounts/{}/awards", codes[0])).scope("rent:read");
    assert_eq!(
        app.send(list).await.expect(200).as_array().unwrap().len(),
        4
    );
}

#[actix_web::test]
async fn what_cannot_be_granted_is_refused_with_its_reason() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let stranger = TenantCode::of(999_999_999).unwrap();
    for (code, scheme, months, status, problem) in [
        (
            code,
            "assistance_25",
            ("2026-11", None),
            422,
            "award-refused",
        ),
        (
            code,
            "assistance_25",
            ("2026-11", Some("2028-11")),
            422,
            "award-refused",
        ),
        (
            code,
            "assistance_25",
            ("2026-11", Some("2026-10")),
            422,
            "award-refused",
        ),
        (code, "licence", ("2026-11", None), 422, "award-refused"),
        (
            code,
            "everything",
            ("2026-11", None),
            400,
            "malformed-request",
        ),
        (
            code,
            "assistance_25",
            ("2026-13", None),
            400,
            "malformed-request",
        ),
        (
            stranger,
            "assistance_25",
            ("2026-11", Some("2026-12")),
            404,
            "not-found",
        ),
    ] {
        let answer = app.send(grant(code, "k1", scheme, months)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (status, problem),
            "{scheme} {months:?}"
        );
    }
    let mut conn = app.database.connect();
    for table in [
        "rent_award",
        "idempotency_key",
        "audit_entry WHERE action LIKE 'rent%'",
    ] {
        assert_eq!(count(&mut conn, table), 0, "{table}");
    }
}

#[actix_web::test]
async fn an_award_changed_meanwhile_is_not_changed_again() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let award = app
        .send(grant(
            code,
            "k1",
            "assistance_25",
            ("2026-11", Some("2027-10")),
        ))
        .await
        .expect(201);

    app.send(end(&award, "k2", "2027-01")).await.expect(200);
    let stale = app.send(end(&award, "k3", "2027-02")).await;
    let again = app.send(end(&award, "k2", "2027-01")).await;

    assert_eq!(
        (stale.status.as_u16(), stale.problem()),
        (412, "precondition-failed")
    );
    assert_eq!(
        (again.status.as_u16(), again.header("etag")),
        (200, "\"2\"")
    );
    let path = format!("/v1/rent-awards/{}/end", award["id"].as_str().unwrap());
    let bare = Call::post(&path)
        .scope("rent:award")
        .key("k4")
        .json(json!({ "last_month": "2027-02" }));
    assert_eq!(app.send(bare).await.status, 428);
}

/// An award and the monthly charge of the same household at once: whichever comes first, the
/// month ends up charged with the award.
#[actix_web::test]
async fn an_award_during_the_charge_is_not_missed() {
    let app = start().await;
    let codes = world::settle(&app.database, 8);
    let mut conn = connect(app.database.url()).unwrap();
    for code in &codes {
        let url = app.database.url().to_owned();
        let run = std::thread::spawn({
            let clock = app.clock.clone();
            move || {
                let clock: std::sync::Arc<dyn kaifong::kernel::clock::Clock> = clock;
                let order = kaifong::rent::RunOrder {
                    month: "2026-11".parse().unwrap(),
                    revise: false,
                    rehearse: false,
                };
                kaifong::rent::run(&url, &clock, order, &Unwatched).unwrap()
            }
        });
        let call = grant(*code, "k1", "assistance_50", ("2026-11", Some("2026-11")));
        let key = code.to_string();
        app.send(call.header("Idempotency-Key", &key))
            .await
            .expect(201);
        run.join().unwrap();

        let today = "2026-11-20".parse().unwrap();
        let balance = ledger::balance(
            &mut conn,
            *code,
            today,
            chrono::DateTime::<chrono::Utc>::MAX_UTC,
        )
        .unwrap();
        let account = Call::get(&format!("/v1/rent-accounts/{code}")).scope("rent:read");
        let account = app.send(account).await.expect(200);
        assert_eq!(
            (account["owed"].clone(), account["rent"].clone()),
            (json!(balance), json!(balance))
        );
        kaifong::platform::db::execute(
            &mut app.database.connect(),
            "SET session_replication_role = replica; DELETE FROM rent_charge; DELETE FROM ledger_transfer; \
             DELETE FROM rent_account; DELETE FROM rent_run",
        )
        .unwrap();
    }
}
