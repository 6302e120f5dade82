//! Tenancies over HTTP.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use diesel::prelude::*;
use futures_util::future::{join, join_all};
use kaifong::kernel::id::FlatId;
use serde_json::{Value, json};

use crate::support::fixture::{self, waiting_jobs};
use crate::support::{Answer, Call, TestApp, count, start};

const NOBODY: &str = "01940000-0000-7000-8000-000000000001";

fn body(flat: FlatId, starts_on: &str) -> Value {
    json!({ "flat_id": flat, "kind": "prh", "starts_on": starts_on, "household_size": 3 })
}

fn starting(key: &str, body: Value) -> Call {
    Call::post("/v1/tenancies")
        .scope("tenancy:write")
        .key(key)
        .json(body)
}

/// A change of tenancy `id` read at version `version`.
fn changing(method: &str, path: &str, version: i32, body: Value) -> Call {
    Call::new(method, path)
        .scope("tenancy:write")
        .header("If-Match", &format!("\"{version}\""))
        .json(body)
}

fn ending(id: &str, key: &str, version: i32, ends_on: &str) -> Call {
    let body = json!({ "ends_on": ends_on, "reason": "surrender" });
    changing("POST", &format!("/v1/tenancies/{id}/end"), version, body).key(key)
}

fn transferring(id: &str, key: &str, flat: FlatId, starts_on: &str) -> Call {
    let body = json!({ "flat_id": flat, "starts_on": starts_on });
    changing("POST", &format!("/v1/tenancies/{id}/transfer"), 1, body).key(key)
}

fn resizing(id: &str, version: i32, household_size: i32) -> Call {
    let body = json!({ "household_size": household_size });
    changing("PATCH", &format!("/v1/tenancies/{id}"), version, body)
}

fn reading(path: &str) -> Call {
    Call::get(path).scope("tenancy:read")
}

/// The app with one tenancy that started on 1 November 2026.
async fn start_with_tenancy() -> (
    TestApp<
        impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
    >,
    PgConnection,
    Value,
) {
    let app = start().await;
    let mut conn = app.database.connect();
    let flat = fixture::flat(&mut conn, "35.50");
    let started = app.send(starting("first", body(flat, "2026-11-01"))).await;
    (app, conn, started.expect(201))
}

/// Everything that a refused request must leave as it was.
fn rows(conn: &mut PgConnection) -> [i64; 5] {
    [
        "tenancy",
        "household",
        "audit_entry",
        "idempotency_key",
        "job",
    ]
    .map(|table| count(conn, table))
}

fn id(tenancy: &Value) -> &str {
    tenancy["id"].as_str().unwrap()
}

#[track_caller]
fn refused(answer: &Answer, status: u16, problem: &str) {
    let found = (answer.status.as_u16(), answer.problem());
    assert_eq!(found, (status, problem), "{:?}", answer.body);
}

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
async fn a_tenancy_ends_once_its_day_has_come() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    let tenancy = id(&tenancy);

    app.clock.set("2026-11-20T15:59:59Z");
    let ended = app.send(ending(tenancy, "k1", 1, "2026-11-21")).await;
    assert_eq!(ended.header("etag"), "\"2\"");
    let ended = ended.expect(200);
    assert_eq!(ended["end_reason"], "surrender");
    assert_eq!(ended["end_recorded_at"], "2026-11-20T15:59:59Z");
    let changed = app.send(ending(tenancy, "k2", 2, "2026-11-21")).await;
    assert_eq!(changed.header("etag"), "\"3\"");

    // In Hong Kong it is now the 21st.
    app.clock.set("2026-11-20T16:00:00Z");
    let before = rows(&mut conn);
    let again = app.send(ending(tenancy, "k3", 3, "2026-12-31")).await;
    refused(&again, 409, "tenancy-ended");
    assert_eq!(rows(&mut conn), before);
    let jobs = waiting_jobs(&mut conn, "tenancy.household_changed");
    assert_eq!(jobs, [("1000000005".to_owned(), 1)]);
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

#[actix_web::test]
async fn a_tenancy_does_not_end_before_it_starts_nor_by_transfer_alone() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    let path = format!("/v1/tenancies/{}/end", id(&tenancy));
    let before = rows(&mut conn);

    let early = app.send(ending(id(&tenancy), "k", 1, "2026-10-31")).await;
    let by_transfer = json!({ "ends_on": "2026-11-30", "reason": "transfer" });
    let by_transfer = app
        .send(changing("POST", &path, 1, by_transfer).key("k"))
        .await;

    refused(&early, 422, "tenancy-refused");
    refused(&by_transfer, 422, "tenancy-refused");
    assert_eq!(rows(&mut conn), before);
    app.send(ending(id(&tenancy), "k", 1, "2026-11-01"))
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_household_that_moves_keeps_its_code() {
    let (app, mut conn, old) = start_with_tenancy().await;
    let flat = fixture::flat(&mut conn, "50");

    let answer = app
        .send(transferring(id(&old), "move", flat, "2026-12-01"))
        .await;

    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let new = answer.expect(201);
    assert_eq!(location, format!("/v1/tenancies/{}", id(&new)));
    assert_eq!(
        (
            &new["tenant_code"],
            &new["flat_id"],
            &new["starts_on"],
            &new["household_size"]
        ),
        (
            &old["tenant_code"],
            &json!(flat),
            &json!("2026-12-01"),
            &json!(3)
        )
    );
    let read = app
        .send(reading(&format!("/v1/tenancies/{}", id(&old))))
        .await;
    assert_eq!(read.header("etag"), "\"2\"");
    let left = read.expect(200);
    assert_eq!(
        (&left["ends_on"], &left["end_reason"]),
        (&json!("2026-11-30"), &json!("transfer"))
    );
    assert_eq!(rows(&mut conn), [2, 1, 3, 2, 1]);
}

#[actix_web::test]
async fn a_refused_transfer_leaves_the_old_tenancy_running() {
    let (app, mut conn, old) = start_with_tenancy().await;
    let own: FlatId = old["flat_id"].as_str().unwrap().parse().unwrap();
    let free = fixture::flat(&mut conn, "50");
    let taken = fixture::flat(&mut conn, "50");
    app.send(starting("other", body(taken, "2026-12-15")))
        .await
        .expect(201);
    let before = rows(&mut conn);

    for (flat, starts_on, status, problem) in [
        (taken, "2026-12-01", 409, "flat-occupied"),
        (own, "2026-12-01", 422, "tenancy-refused"),
        (free, "2026-11-01", 422, "tenancy-refused"),
        (free, "2027-11-21", 422, "tenancy-refused"),
        (NOBODY.parse().unwrap(), "2026-12-01", 422, "no-such-flat"),
    ] {
        let answer = app
            .send(transferring(id(&old), "move", flat, starts_on))
            .await;
        refused(&answer, status, problem);
        let read = app
            .send(reading(&format!("/v1/tenancies/{}", id(&old))))
            .await;
        assert_eq!(read.header("etag"), "\"1\"");
        assert_eq!(read.expect(200), old);
        assert_eq!(rows(&mut conn), before);
    }
}

/// Two households exchange flats at the same time as others try to move in: whatever comes
/// first, nobody waits for ever and nobody shares a flat.
#[actix_web::test]
async fn transfers_that_cross_never_wait_for_each_other_in_a_circle() {
    let (app, mut conn, one) = start_with_tenancy().await;
    let there = fixture::flat(&mut conn, "50");
    let two = app
        .send(starting("two", body(there, "2026-11-01")))
        .await
        .expect(201);
    let here: FlatId = one["flat_id"].as_str().unwrap().parse().unwrap();

    let calls = (0..4).flat_map(|n| {
        let day = "2026-12-01";
        [
            app.send(transferring(id(&one), &format!("a{n}"), there, day)),
            app.send(transferring(id(&two), &format!("b{n}"), here, day)),
            app.send(starting(&format!("c{n}"), body(here, day))),
            app.send(starting(&format!("d{n}"), body(there, day))),
        ]
    });
    for answer in join_all(calls).await {
        refused(&answer, 409, "flat-occupied");
    }

    assert_eq!(count(&mut conn, "tenancy"), 2);
}

#[actix_web::test]
async fn a_change_names_the_version_it_was_decided_on() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    let path = format!("/v1/tenancies/{}", id(&tenancy));
    let flat = fixture::flat(&mut conn, "20");
    let before = rows(&mut conn);
    let unnamed = |method: &str, path: &str, body: Value| {
        Call::new(method, path)
            .scope("tenancy:write")
            .key("k")
            .json(body)
    };

    for (method, path, body) in [
        ("PATCH", path.clone(), json!({ "household_size": 4 })),
        (
            "POST",
            format!("{path}/end"),
            json!({ "ends_on": "2026-11-30", "reason": "death" }),
        ),
        (
            "POST",
            format!("{path}/transfer"),
            json!({ "flat_id": flat, "starts_on": "2026-12-01" }),
        ),
    ] {
        for (if_match, status, problem) in [
            (None, 428, "precondition-required"),
            (Some("\"2\""), 412, "precondition-failed"),
            (Some("\"0\""), 412, "precondition-failed"),
            (Some("1"), 400, "malformed-request"),
            (Some("*"), 400, "malformed-request"),
            (Some("W/\"1\""), 400, "malformed-request"),
        ] {
            let call = unnamed(method, &path, body.clone());
            let call = match if_match {
                Some(version) => call.header("If-Match", version),
                None => call,
            };
            refused(&app.send(call).await, status, problem);
        }
    }

    assert_eq!(rows(&mut conn), before);
}

#[actix_web::test]
async fn of_two_changes_decided_on_one_version_one_wins() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    for round in 1..=5 {
        let one = app.send(resizing(id(&tenancy), round, 4));
        let other = app.send(resizing(id(&tenancy), round, 5));

        let (one, other) = join(one, other).await;

        let (won, lost) = if one.status.as_u16() == 200 {
            (one, other)
        } else {
            (other, one)
        };
        refused(&lost, 412, "precondition-failed");
        assert_eq!(won.header("etag"), format!("\"{}\"", round + 1));
        let read = app
            .send(reading(&format!("/v1/tenancies/{}", id(&tenancy))))
            .await;
        assert_eq!(read.expect(200), won.expect(200));
    }
    assert_eq!(
        count(&mut conn, "audit_entry WHERE action = 'tenancy.resized'"),
        5
    );
}

#[actix_web::test]
async fn a_change_leaves_what_it_does_not_name() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    let path = format!("/v1/tenancies/{}", id(&tenancy));

    let nothing = app.send(changing("PATCH", &path, 1, json!({}))).await;
    assert_eq!(nothing.header("etag"), "\"1\"");
    assert_eq!(nothing.expect(200), tenancy);

    let changed = app.send(resizing(id(&tenancy), 1, 30)).await.expect(200);
    let mut expected = tenancy.clone();
    expected["household_size"] = json!(30);
    assert_eq!(changed, expected);
    let before = rows(&mut conn);
    for (body, status) in [
        (json!({ "household_size": null }), 400),
        (json!({ "household_size": 0 }), 422),
        (json!({ "household_size": 31 }), 422),
        (json!({ "household_size": 3.5 }), 400),
        (json!({ "kind": "licence" }), 400),
    ] {
        let answer = app.send(changing("PATCH", &path, 2, body.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
    }
    assert_eq!(rows(&mut conn), before);
}

#[actix_web::test]
async fn the_same_request_twice_is_done_once_and_answered_alike() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    let (flat, other) = (
        fixture::flat(&mut conn, "20"),
        fixture::flat(&mut conn, "20"),
    );
    let tenancy = id(&tenancy);
    let calls: [&dyn Fn() -> Call; 3] = [
        &|| starting("k", body(flat, "2026-11-01")),
        &|| ending(tenancy, "k", 1, "2026-12-31"),
        // Version 2 by now.
        &|| {
            let body = json!({ "flat_id": other, "starts_on": "2026-12-01" });
            changing(
                "POST",
                &format!("/v1/tenancies/{tenancy}/transfer"),
                2,
                body,
            )
            .key("k")
        },
    ];
    for call in calls {
        let first = app.send(call()).await;
        let after_first = rows(&mut conn);
        app.clock.set("2026-11-20T02:00:00Z");

        let again = app.send(call()).await;

        assert!(first.status.is_success(), "{:?}", first.body);
        assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
        for header in ["etag", "location"] {
            assert_eq!(again.header(header), first.header(header));
        }
        assert_eq!(rows(&mut conn), after_first);
    }
}

#[actix_web::test]
async fn the_same_request_eight_times_at_once_is_done_once() {
    let app = start().await;
    let mut conn = app.database.connect();
    let flat = fixture::flat(&mut conn, "20");

    let calls = (0..8).map(|_| app.send(starting("k", body(flat, "2026-11-01"))));
    let answers = join_all(calls).await;

    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), &answer.bytes),
            (201, &answers[0].bytes)
        );
    }
    assert_eq!(rows(&mut conn), [1, 1, 1, 1, 1]);
}

#[actix_web::test]
async fn a_key_is_needed_and_serves_one_request() {
    let (app, mut conn, tenancy) = start_with_tenancy().await;
    let flat = fixture::flat(&mut conn, "20");
    let path = format!("/v1/tenancies/{}", id(&tenancy));
    let end = json!({ "ends_on": "2026-12-31", "reason": "death" });
    let to = json!({ "flat_id": flat, "starts_on": "2026-12-01" });
    app.send(ending(id(&tenancy), "spent", 1, "2027-01-31"))
        .await
        .expect(200);
    let before = rows(&mut conn);

    for call in [
        Call::post("/v1/tenancies")
            .scope("tenancy:write")
            .json(body(flat, "2026-11-01")),
        changing("POST", &format!("{path}/end"), 2, end),
        changing("POST", &format!("{path}/transfer"), 2, to),
    ] {
        refused(&app.send(call).await, 400, "idempotency-key-missing");
    }
    let long = "k".repeat(65);
    for key in ["", " ", "two words", long.as_str()] {
        let answer = app.send(starting(key, body(flat, "2026-11-01"))).await;
        refused(&answer, 400, "idempotency-key-missing");
    }
    let other = app
        .send(ending(id(&tenancy), "spent", 2, "2027-02-28"))
        .await;
    refused(&other, 422, "idempotency-key-reused");
    let elsewhere = app.send(ending(NOBODY, "spent", 2, "2027-01-31")).await;
    refused(&elsewhere, 422, "idempotency-key-reused");
    let changed = app.send(starting("first", body(flat, "2026-11-02"))).await;
    refused(&changed, 422, "idempotency-key-reused");

    assert_eq!(rows(&mut conn), before);
}

#[actix_web::test]
async fn bad_input_is_a_problem_and_changes_nothing() {
    let app = start().await;
    let mut conn = app.database.connect();
    let flat = fixture::flat(&mut conn, "20");
    let with = |field: &str, value: Value| {
        let mut body = body(flat, "2026-11-01");
        body[field] = value;
        body
    };
    let mut lacking = body(flat, "2026-11-01");
    lacking.as_object_mut().unwrap().remove("kind");
    let malformed = "malformed-request";
    for (sent, status, problem) in [
        (with("starts_on", json!("2025-02-30")), 400, malformed),
        (with("starts_on", json!("2025-02-29")), 400, malformed),
        (with("starts_on", json!("2026-11-1")), 400, malformed),
        (
            with("starts_on", json!("2026-11-01T00:00:00Z")),
            400,
            malformed,
        ),
        (with("starts_on", json!("-4713-01-01")), 400, malformed),
        (with("starts_on", json!("2026-11-01\0")), 400, malformed),
        (with("starts_on", json!(20_261_101)), 400, malformed),
        (
            with("starts_on", json!("1953-12-31")),
            422,
            "tenancy-refused",
        ),
        (with("kind", json!("prh\0")), 400, malformed),
        (with("kind", json!("PRH")), 400, malformed),
        (with("note", json!("x")), 400, malformed),
        (with("flat_id", json!("x")), 400, malformed),
        (with("flat_id", json!(NOBODY)), 422, "no-such-flat"),
        (with("tenant_code", json!("1000000004")), 400, malformed),
        (with("tenant_code", json!("100000000\0")), 400, malformed),
        (with("tenant_code", json!(1_000_000_005)), 400, malformed),
        (
            with("tenant_code", json!("1000000005")),
            422,
            "no-such-household",
        ),
        (with("household_size", json!("3")), 400, malformed),
        (with("household_size", json!("three")), 400, malformed),
        (with("household_size", json!(2.5)), 400, malformed),
        (with("household_size", json!(100_000)), 400, malformed),
        (with("household_size", json!(-1)), 422, "tenancy-refused"),
        (with("household_size", json!(0)), 422, "tenancy-refused"),
        (with("household_size", json!(31)), 422, "tenancy-refused"),
        (lacking, 400, malformed),
        (json!([]), 400, malformed),
        (json!(null), 400, malformed),
    ] {
        let answer = app.send(starting("k", sent.clone())).await;
        let found = (answer.status.as_u16(), answer.problem());
        assert_eq!(found, (status, problem), "{sent} got {:?}", answer.body);
        assert_eq!(rows(&mut conn), [0; 5], "{sent}");
    }
}

#[actix_web::test]
async fn a_body_that_is_not_json_of_a_fair_size_is_refused() {
    let app = start().await;
    let mut conn = app.database.connect();
    let flat = fixture::flat(&mut conn, "20");
    let good = body(flat, "2026-11-01").to_string();
    let mut not_utf8 = good.clone().into_bytes();
    let place = good.find("prh").unwrap();
    not_utf8[place] = 0xff;
    let twice = good.replacen('{', "{\"kind\":\"licence\",", 1);
    let json = "application/json";

    for (content_type, sent, status, problem) in [
        (json, vec![b' '; 10 * 1024 * 1024], 413, "body-too-large"),
        (json, not_utf8, 400, "malformed-request"),
        (json, good[..40].into(), 400, "malformed-request"),
        (json, Vec::new(), 400, "malformed-request"),
        (json, twice.into(), 400, "malformed-request"),
        (
            "text/plain",
            good.clone().into(),
            415,
            "unsupported-media-type",
        ),
        (
            "application/x-www-form-urlencoded",
            b"kind=prh".into(),
            415,
            "unsupported-media-type",
        ),
    ] {
        let call = Call::post("/v1/tenancies")
            .scope("tenancy:write")
            .key("k")
            .header("Content-Type", content_type)
            .bytes(sent);
        refused(&app.send(call).await, status, problem);
    }

    assert_eq!(rows(&mut conn), [0; 5]);
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    let (app, mut conn, _) = start_with_tenancy().await;
    let flat = fixture::flat(&mut conn, "20");
    let before = rows(&mut conn);

    for call in [
        reading(&format!("/v1/tenancies/{NOBODY}")),
        reading(&format!("/v1/flats/{NOBODY}/tenancies")),
        resizing(NOBODY, 1, 3),
        ending(NOBODY, "k", 1, "2026-12-31"),
        transferring(NOBODY, "k", flat, "2026-12-31"),
    ] {
        refused(&app.send(call).await, 404, "not-found");
    }
    for path in ["/v1/tenancies/x", "/v1/flats/x/tenancies"] {
        refused(&app.send(reading(path)).await, 400, "malformed-request");
    }

    assert_eq!(rows(&mut conn), before);
    let empty = app
        .send(reading(&format!("/v1/flats/{flat}/tenancies")))
        .await;
    assert_eq!(empty.expect(200), json!({ "items": [] }));
}

#[actix_web::test]
async fn a_flat_remembers_who_lived_in_it() {
    let (app, mut conn, first) = start_with_tenancy().await;
    let flat: FlatId = first["flat_id"].as_str().unwrap().parse().unwrap();
    let elsewhere = fixture::flat(&mut conn, "20");
    app.send(transferring(id(&first), "k", elsewhere, "2026-11-10"))
        .await
        .expect(201);
    let second = app
        .send(starting("second", body(flat, "2026-11-10")))
        .await
        .expect(201);

    let history = app
        .send(reading(&format!("/v1/flats/{flat}/tenancies")))
        .await
        .expect(200);

    let items: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect();
    assert_eq!(items, [id(&first), id(&second)]);
    assert_eq!(history["items"][0]["ends_on"], "2026-11-09");
}

/// Six tenancies of three households in two estates; returns the app and the estates.
async fn start_with_several() -> (
    TestApp<
        impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
    >,
    [String; 2],
) {
    let app = start().await;
    let mut conn = app.database.connect();
    let mut estates = Vec::new();
    for (estate, starts) in [("2026-01-01", "2026-02-01"), ("2026-01-01", "2026-03-01")]
        .into_iter()
        .enumerate()
    {
        let place = fixture::estate(&mut conn);
        let block = fixture::block(&mut conn, place);
        estates.push(place.to_string());
        for (n, starts_on) in [starts.0, starts.1].into_iter().enumerate() {
            let flat = fixture::flat_in(&mut conn, (place, block), "30");
            let started = app.send(starting(&format!("{estate}{n}"), body(flat, starts_on)));
            started.await.expect(201);
        }
    }
    let [first, second] = <[String; 2]>::try_from(estates).unwrap();
    // The first household has had a licence since, in a flat of the second estate.
    let block = fixture::block(&mut conn, second.parse().unwrap());
    for (key, starts_on) in [("l1", "2026-05-01"), ("l2", "2026-05-01")] {
        let flat = fixture::flat_in(&mut conn, (second.parse().unwrap(), block), "30");
        let mut licence = body(flat, starts_on);
        licence["kind"] = json!("licence");
        licence["tenant_code"] = json!("1000000005");
        app.send(starting(key, licence)).await.expect(201);
    }
    (app, [first, second])
}

#[actix_web::test]
async fn tenancies_are_listed_by_household_and_start_a_page_at_a_time() {
    let (app, _) = start_with_several().await;
    for limit in [1, 2, 3, 5, 6, 100] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/tenancies?limit={limit}{after}");
            let page = app.send(reading(&path)).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit && !items.is_empty());
            seen.extend(items.iter().map(|item| {
                let text = |field: &str| item[field].as_str().unwrap().to_owned();
                (text("tenant_code"), text("starts_on"), text("id"))
            }));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen.len(), 6, "by {limit}");
        assert!(seen.is_sorted(), "{seen:?}");
    }
}

#[actix_web::test]
async fn tenancies_are_found_by_what_they_are() {
    let (app, [first, second]) = start_with_several().await;
    let all = app.send(reading("/v1/tenancies")).await.expect(200);
    let flat = all["items"][0]["flat_id"].as_str().unwrap();
    for (query, found) in [
        (String::new(), 6),
        ("tenant_code=1000000005".into(), 3),
        ("tenant_code=1000000018".into(), 1),
        (format!("estate={first}"), 2),
        (format!("estate={second}"), 4),
        (format!("estate={NOBODY}"), 0),
        (format!("flat={flat}"), 1),
        ("live_on=2025-12-31".into(), 0),
        ("live_on=2026-01-01".into(), 2),
        ("live_on=2026-03-01".into(), 4),
        ("kind=licence".into(), 2),
        ("kind=licence&live_on=2026-04-30".into(), 0),
        (
            format!("estate={second}&kind=prh&live_on=2026-03-01&tenant_code=1000000005"),
            0,
        ),
    ] {
        let page = app
            .send(reading(&format!("/v1/tenancies?{query}")))
            .await
            .expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{query}");
    }
}

#[actix_web::test]
async fn a_tenancy_is_live_on_its_first_and_last_day() {
    let (app, _, tenancy) = start_with_tenancy().await;
    app.send(ending(id(&tenancy), "k", 1, "2026-11-30"))
        .await
        .expect(200);
    for (day, live) in [
        ("2026-10-31", 0),
        ("2026-11-01", 1),
        ("2026-11-30", 1),
        ("2026-12-01", 0),
    ] {
        let page = app
            .send(reading(&format!("/v1/tenancies?live_on={day}")))
            .await
            .expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), live, "{day}");
    }
}

#[actix_web::test]
async fn a_bad_query_is_a_problem() {
    let (app, ..) = start_with_tenancy().await;
    for query in [
        "tenant_code=1000000004",
        "tenant_code=",
        "tenant_code=%00",
        "tenant_code=%FF%FE",
        "tenant_code=1000000005&tenant_code=1000000018",
        "estate=x",
        "flat=x",
        "live_on=2025-02-30",
        "live_on=today",
        "live_on=-262143-01-01",
        "live_on=262142-12-31",
        "kind=prh%00",
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=ten",
        "after=x",
        "after=W10",
        "colour=red",
        "offset=10",
    ] {
        let answer = app.send(reading(&format!("/v1/tenancies?{query}"))).await;
        let found = (answer.status.as_u16(), answer.problem());
        assert_eq!(
            found,
            (400, "malformed-request"),
            "{query}: {:?}",
            answer.body
        );
    }
}
