//! A tenancy starts.

use futures_util::future::join_all;
use kaifong::kernel::id::FlatId;
use serde_json::json;

use super::{body, ending, id, reading, refused, rows, start_with_tenancy, starting};
use crate::support::fixture::waiting_jobs;
use crate::support::{count, fixture, start};

#[actix_web::test]
async fn a_household_without_a_code_gets_one() {
    let app = start().await;
    let mut conn = app.database.connect();
    let flat = fixture::flat(&mut conn, "35.50");

    let answer = app.send(starting("k", body(flat, "2026-11-01"))).await;

    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let started = answer.expect(201);
    assert_eq!(location, format!("/v1/tenancies/{}", id(&started)));
    assert_eq!(
        started,
        json!({
            "id": id(&started), "tenant_code": "1000000005", "flat_id": flat, "kind": "prh",
            "starts_on": "2026-11-01", "household_size": 3, "recorded_at": "2026-11-20T01:00:00Z",
        })
    );
    let read = app.send(reading(&location)).await;
    assert_eq!(read.header("etag"), "\"1\"");
    assert_eq!(read.expect(200), started);
    let audited = format!(
        "audit_entry WHERE action = 'tenancy.started' AND subject = '{}'",
        id(&started)
    );
    assert_eq!(count(&mut conn, &audited), 1);
    assert_eq!(
        waiting_jobs(&mut conn, "tenancy.household_changed"),
        [("1000000005".to_owned(), 1)]
    );
}

#[actix_web::test]
async fn a_household_with_a_code_keeps_it() {
    let (app, mut conn, first) = start_with_tenancy().await;
    let mut again = body(fixture::flat(&mut conn, "20"), "2026-11-10");
    again["tenant_code"] = first["tenant_code"].clone();

    let second = app.send(starting("second", again)).await.expect(201);

    assert_eq!(second["tenant_code"], first["tenant_code"]);
    assert_eq!(count(&mut conn, "household"), 1);
    let jobs = waiting_jobs(&mut conn, "tenancy.household_changed");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(jobs[0].1, 1);
}

#[actix_web::test]
async fn a_flat_let_to_eight_at_once_is_let_to_one() {
    let app = start().await;
    let mut conn = app.database.connect();
    let flat = fixture::flat(&mut conn, "35.50");

    let calls = (0..8).map(|n| app.send(starting(&format!("k{n}"), body(flat, "2026-11-01"))));
    let answers = join_all(calls).await;

    let (started, others): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.status.as_u16() == 201);
    assert_eq!(started.len(), 1, "{answers:?}");
    for other in others {
        refused(other, 409, "flat-occupied");
    }
    assert_eq!(rows(&mut conn), [1, 1, 1, 1, 1]);
}

#[actix_web::test]
async fn tenancies_of_a_flat_may_touch_but_not_overlap() {
    let (app, mut conn, first) = start_with_tenancy().await;
    let flat: FlatId = first["flat_id"].as_str().unwrap().parse().unwrap();
    let ended = app.send(ending(id(&first), "end", 1, "2027-06-30")).await;
    ended.expect(200);
    let before = rows(&mut conn);

    let overlapping = app.send(starting("a", body(flat, "2027-06-30"))).await;
    // One that started earlier and has no end covers every day after.
    let around = app.send(starting("b", body(flat, "2020-01-01"))).await;

    refused(&overlapping, 409, "flat-occupied");
    refused(&around, 409, "flat-occupied");
    assert_eq!(rows(&mut conn), before);
    app.send(starting("c", body(flat, "2027-07-01")))
        .await
        .expect(201);
    let later = app.send(ending(id(&first), "end2", 2, "2027-07-01")).await;
    refused(&later, 409, "flat-occupied");
}

#[actix_web::test]
async fn dates_are_counted_in_hong_kong_and_twelve_months_from_29_february_is_the_28th() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    let flat = fixture::flat(&mut conn, "20");
    for (key, now, latest, too_late) in [
        ("a", "2028-02-28T15:59:59Z", "2029-02-28", "2029-03-01"),
        ("b", "2028-02-28T16:00:00Z", "2029-02-28", "2029-03-01"),
        ("c", "2028-02-29T15:59:59Z", "2029-02-28", "2029-03-01"),
        ("d", "2028-02-29T16:00:00Z", "2029-03-01", "2029-03-02"),
        ("e", "2027-02-28T15:59:59Z", "2028-02-28", "2028-02-29"),
        ("f", "2027-02-28T16:00:00Z", "2028-03-01", "2028-03-02"),
        ("g", "2027-12-31T15:59:59Z", "2028-12-31", "2029-01-01"),
        ("h", "2027-12-31T16:00:00Z", "2029-01-01", "2029-01-02"),
    ] {
        app.clock.set(now);
        let late = app.send(starting(key, body(flat, too_late))).await;
        refused(&late, 422, "tenancy-refused");
        let late = app.send(ending(id(&tenancy), key, 1, too_late)).await;
        refused(&late, 422, "tenancy-refused");
        let last = fixture::flat(&mut conn, "20");
        app.send(starting(key, body(last, latest)))
            .await
            .expect(201);
    }
}
