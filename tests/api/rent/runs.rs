//! The monthly charge: exactly once, whatever happens.

use std::sync::Arc;

use kaifong::kernel::clock::Clock;
use kaifong::kernel::watch::Watch;
use kaifong::platform::db::execute;
use kaifong::rent::{self, Billed, RunOrder};
use serde_json::json;

use super::{charge, money, month, order};
use crate::support::{Call, count, start, world};

#[actix_web::test]
async fn every_tenancy_is_charged_once_however_often_it_runs() {
    let app = start().await;
    world::settle(&app.database, 100);

    let first = charge(&app.database, &app.clock, "2026-11");
    let second = charge(&app.database, &app.clock, "2026-11");

    assert_eq!((first.tenancies, first.refused.len()), (100, 0));
    assert_eq!(second, Billed::default());
    let mut conn = app.database.connect();
    assert_eq!(
        (
            count(&mut conn, "rent_charge"),
            count(&mut conn, "ledger_transfer")
        ),
        (100, 100)
    );
    let run = app
        .send(Call::get("/v1/rent-runs/2026-11").scope("rent-run:read"))
        .await
        .expect(200);
    assert_eq!(
        [&run["state"], &run["total"], &run["done"], &run["charged"]],
        [
            &json!("finished"),
            &json!(100),
            &json!(100),
            &json!(first.amount)
        ]
    );
}

#[actix_web::test]
async fn two_runs_at_once_charge_once() {
    let app = start().await;
    world::settle(&app.database, 500);

    let tenancies: i64 = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| charge(&app.database, &app.clock, "2026-11").tenancies))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });

    assert_eq!(tenancies, 500);
    let mut conn = app.database.connect();
    assert_eq!(
        (
            count(&mut conn, "rent_charge"),
            count(&mut conn, "ledger_transfer")
        ),
        (500, 500)
    );
}

#[actix_web::test]
async fn a_rehearsal_says_what_would_be_and_writes_nothing() {
    let app = start().await;
    world::settle(&app.database, 10);

    let rehearsed = order(&app.database, &app.clock, "2026-11", (false, true));

    let mut conn = app.database.connect();
    for table in ["rent_charge", "ledger_transfer", "rent_run", "rent_account"] {
        assert_eq!(count(&mut conn, table), 0, "{table}");
    }
    assert_eq!(rehearsed, charge(&app.database, &app.clock, "2026-11"));
}

#[actix_web::test]
async fn a_tenancy_recorded_later_is_charged_by_the_next_run() {
    let app = start().await;
    let codes = world::settle(&app.database, 3);
    let mut conn = app.database.connect();
    let number = codes[0].number();
    let starts = format!("UPDATE tenancy SET starts_on = '2026-12-16' WHERE household = {number}");
    execute(&mut conn, &starts).unwrap();
    assert_eq!(charge(&app.database, &app.clock, "2026-12").tenancies, 3);
    assert_eq!(charge(&app.database, &app.clock, "2026-11").tenancies, 2);

    let starts = format!("UPDATE tenancy SET starts_on = '2026-11-16' WHERE household = {number}");
    execute(&mut conn, &starts).unwrap();

    let billed = charge(&app.database, &app.clock, "2026-11");
    // 15 of 30 days of 2364
    assert_eq!((billed.tenancies, billed.amount), (1, money("1182.00")));
    // December had been charged from the 16th; revising it charges the whole month.
    let revised = order(&app.database, &app.clock, "2026-12", (true, false));
    assert_eq!((revised.tenancies, revised.amount), (1, money("1143.87")));
    assert_eq!(
        order(&app.database, &app.clock, "2026-12", (true, false)),
        Billed::default()
    );
}

#[actix_web::test]
async fn a_tenancy_that_ended_before_its_charged_month_gets_the_charge_back() {
    let app = start().await;
    let codes = world::settle(&app.database, 2);
    charge(&app.database, &app.clock, "2026-11");
    let mut conn = app.database.connect();

    world::end_tenancy(&mut conn, codes[0], "2026-10-31", "2026-11-20T00:00:00Z");
    let revised = order(&app.database, &app.clock, "2026-11", (true, false));

    assert_eq!((revised.tenancies, revised.amount), (1, money("-2364.00")));
    assert_eq!(count(&mut conn, "rent_account WHERE balance = 0"), 1);
}

#[actix_web::test]
async fn a_tenancy_without_a_rate_is_told_and_does_not_keep_the_others() {
    let app = start().await;
    let codes = world::settle(&app.database, 3);
    let mut conn = app.database.connect();
    let elsewhere = format!(
        "UPDATE flat SET block_id = b.id, estate_id = b.estate_id \
         FROM block b JOIN estate e ON e.id = b.estate_id, tenancy t \
         WHERE e.name ->> 'en' = 'Oi Man Estate' AND b.position = 1 AND t.flat_id = flat.id AND t.household = {}; \
         DELETE FROM rent_rate r USING estate e WHERE e.id = r.estate_id AND e.name ->> 'en' = 'Oi Man Estate'",
        codes[0].number()
    );
    execute(&mut conn, &elsewhere).unwrap();

    let billed = charge(&app.database, &app.clock, "2026-11");

    assert_eq!((billed.tenancies, billed.refused.len()), (2, 1));
    assert!(
        billed.refused[0].1.contains("no rent rate"),
        "{:?}",
        billed.refused
    );
    let run = app
        .send(Call::get("/v1/rent-runs/2026-11").scope("rent-run:read"))
        .await
        .expect(200);
    assert_eq!(run["state"], "running");
}

/// Stops as soon as it hears of progress.
struct Impatient;

impl Watch for Impatient {
    fn progress(&self, _done: i64, _total: i64) {}

    fn stopped(&self) -> bool {
        true
    }
}

#[actix_web::test]
async fn a_stopped_run_goes_on_where_it_stopped() {
    let app = start().await;
    world::settle(&app.database, 50);
    let clock: Arc<dyn Clock> = app.clock.clone();
    let order = RunOrder {
        month: month("2026-11"),
        revise: false,
        rehearse: false,
    };

    let stopped = rent::run(app.database.url(), &clock, order, &Impatient).unwrap();
    let run = app
        .send(Call::get("/v1/rent-runs/2026-11").scope("rent-run:read"))
        .await
        .expect(200);
    let rest = charge(&app.database, &app.clock, "2026-11");

    assert_eq!(
        (run["state"].as_str(), stopped.tenancies + rest.tenancies),
        (Some("running"), 50)
    );
}

#[actix_web::test]
async fn a_run_is_ordered_once_and_done_in_the_background() {
    let app = start().await;
    world::settle(&app.database, 5);
    let call = |key: &str| {
        Call::post("/v1/rent-runs")
            .scope("rent:run")
            .key(key)
            .json(json!({ "month": "2026-11" }))
    };

    let queued = app.send(call("k1")).await.expect(202);
    let again = app.send(call("k2")).await.expect(202);

    assert!(queued["job"].is_string());
    assert_eq!(again["job"], json!(null), "the same work already waits");
    assert_eq!(app.work(), 1);
    let list = app
        .send(Call::get("/v1/rent-runs").scope("rent-run:read"))
        .await
        .expect(200);
    assert_eq!(list["items"][0]["done"], 5);
}

#[actix_web::test]
async fn a_month_far_away_is_refused() {
    let app = start().await;
    for (text, status) in [
        ("2027-01", 422),
        ("1999-12", 422),
        ("2026-00", 400),
        ("soon", 400),
    ] {
        let call = Call::post("/v1/rent-runs")
            .scope("rent:run")
            .key("k1")
            .json(json!({ "month": text }));
        assert_eq!(app.send(call).await.status, status, "{text}");
    }
}
