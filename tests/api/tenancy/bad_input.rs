//! What is refused, and leaves nothing behind.

use serde_json::Value;
use serde_json::json;

use super::{
    NOBODY, body, ending, reading, refused, resizing, rows, start_with_tenancy, starting,
    transferring,
};
use crate::support::{Call, fixture, start};

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
