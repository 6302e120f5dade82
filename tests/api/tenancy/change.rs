//! A tenancy changes and ends.

use futures_util::future::join;
use serde_json::Value;
use serde_json::json;

use super::{
    body, changing, ending, id, reading, refused, resizing, rows, start_with_tenancy, starting,
};
use crate::support::fixture::waiting_jobs;
use crate::support::{Call, count, fixture, start, world};

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
async fn a_change_is_followed_up_in_the_background_once() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let found = app.send(reading(&format!("/v1/tenancies?tenant_code={code}")));
    let found = found.await.expect(200);
    let tenancy = id(&found["items"][0]).to_owned();

    for (key, version, ends_on) in [("a", 1, "2026-12-31"), ("b", 2, "2026-11-30")] {
        let ended = app.send(ending(&tenancy, key, version, ends_on)).await;
        ended.expect(200);
    }

    assert_eq!(app.work(), 1);
    let mut conn = app.database.connect();
    assert_eq!(count(&mut conn, "job WHERE state <> 'done'"), 0);
}

#[actix_web::test]
async fn of_a_later_end_and_a_next_tenancy_at_once_one_wins() {
    let app = start().await;
    let mut conn = app.database.connect();
    for round in 0..10 {
        let flat = fixture::flat(&mut conn, "20");
        let first = starting(&format!("first{round}"), body(flat, "2026-11-01"));
        let first = app.send(first).await.expect(201);
        let end = ending(id(&first), &format!("end{round}"), 1, "2026-11-30");
        app.send(end).await.expect(200);

        let later = ending(id(&first), &format!("later{round}"), 2, "2026-12-31");
        let next = starting(&format!("next{round}"), body(flat, "2026-12-01"));
        let (later, next) = join(app.send(later), app.send(next)).await;

        let (won, lost) = if next.status.as_u16() == 201 {
            (next, later)
        } else {
            (later, next)
        };
        assert!(won.status.is_success(), "{:?}", won.body);
        refused(&lost, 409, "flat-occupied");
    }
}
