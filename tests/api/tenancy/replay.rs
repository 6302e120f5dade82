//! The same request again.

use futures_util::future::join_all;
use serde_json::json;

use super::{NOBODY, body, changing, ending, id, refused, rows, start_with_tenancy, starting};
use crate::support::{Call, fixture, start};

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
    refused(&elsewhere, 404, "not-found");
    let changed = app.send(starting("first", body(flat, "2026-11-02"))).await;
    refused(&changed, 422, "idempotency-key-reused");

    assert_eq!(rows(&mut conn), before);
}
