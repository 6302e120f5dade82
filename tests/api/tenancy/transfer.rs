//! A household moves to another flat.

use futures_util::future::join_all;
use kaifong::kernel::id::FlatId;
use serde_json::json;

use super::{NOBODY, body, id, reading, refused, rows, start_with_tenancy, starting, transferring};
use crate::support::{count, fixture};

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

/// Sixteen at once: if they did not hold the flats first, they would wait for each other in a
/// circle and some answer would be 503.
#[actix_web::test]
async fn a_flat_not_yet_left_is_not_moved_into() {
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
