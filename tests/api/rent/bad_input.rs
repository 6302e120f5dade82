//! Hostile and careless input: a clear problem, nothing written, never a 5xx.

use serde_json::json;

use crate::support::{Call, count, start, world};

#[actix_web::test]
async fn a_body_that_is_not_what_was_asked_for_is_a_problem() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let path = format!("/v1/rent-accounts/{code}/adjustments");
    let good = r#"{"amount":"1.00","effective_on":"2026-11-20","reason":"x"}"#;
    let call = || Call::post(&path).scope("rent:correct").key("k1");
    let json_call = |body: &[u8]| {
        call()
            .header("Content-Type", "application/json")
            .bytes(body)
    };
    let text_call = call().header("Content-Type", "text/plain").bytes(good);
    for (what, call, status, problem) in [
        ("empty", json_call(b""), 400, "malformed-request"),
        (
            "cut off",
            json_call(&good.as_bytes()[..20]),
            400,
            "malformed-request",
        ),
        ("an array", json_call(b"[]"), 400, "malformed-request"),
        (
            "unknown field",
            json_call(&good.replace('{', r#"{"x":1,"#).into_bytes()),
            400,
            "malformed-request",
        ),
        (
            "field twice",
            json_call(&good.replace('{', r#"{"reason":"y","#).into_bytes()),
            400,
            "malformed-request",
        ),
        (
            "amount as number",
            json_call(&good.replace("\"1.00\"", "1.00").into_bytes()),
            400,
            "malformed-request",
        ),
        (
            "NUL in text",
            json_call(&good.replace("\"x\"", r#""a\u0000b""#).into_bytes()),
            400,
            "malformed-request",
        ),
        (
            "empty reason",
            json_call(&good.replace("\"x\"", "\" \"").into_bytes()),
            400,
            "malformed-request",
        ),
        (
            "not UTF-8",
            json_call(b"{\"amount\":\"\xff\xfe\"}"),
            400,
            "malformed-request",
        ),
        (
            "deep",
            json_call("[".repeat(20_000).as_bytes()),
            400,
            "malformed-request",
        ),
        (
            "10 MB",
            json_call(&vec![b' '; 10_000_000]),
            413,
            "body-too-large",
        ),
        ("text", text_call, 415, "unsupported-media-type"),
        (
            "no content type",
            call().bytes(good),
            415,
            "unsupported-media-type",
        ),
    ] {
        let answer = app.send(call).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (status, problem),
            "{what}"
        );
    }
    let mut conn = app.database.connect();
    for table in ["ledger_transfer", "rent_adjustment", "idempotency_key"] {
        assert_eq!(count(&mut conn, table), 0, "{table}");
    }
}

#[actix_web::test]
async fn every_query_parameter_has_bounds() {
    let app = start().await;
    let code = world::settle(&app.database, 1)[0];
    let estate = "01940000-0000-7000-8000-000000000001";
    let quote = |query: &str| format!("/v1/rent-accounts/{code}/quote?{query}");
    let calculator = |query: &str| format!("/v1/rent-calculator?{query}");
    for (path, status) in [
        (quote("month=2025-02-30"), 400),
        (quote("month=2028-01"), 422),
        (quote("month=1953-12"), 400),
        (quote("valid_at=2025-02-30"), 400),
        (quote("valid_at=-262143-01-01"), 422),
        (quote("valid_at=9999-12-31"), 422),
        (quote("known_at=2027-01-01T00:00:00Z"), 422),
        (quote("known_at=yesterday"), 400),
        (quote("months=2026-11"), 400),
        (quote("month=2026-11&month=2026-12"), 400),
        (quote("month=%00"), 400),
        (calculator(""), 400),
        (
            calculator(&format!("estate={estate}&ifa=30&household_size=3")),
            422,
        ),
        (
            calculator(&format!("estate={estate}&ifa=-1&household_size=3")),
            422,
        ),
        (
            calculator(&format!("estate={estate}&ifa=30.001&household_size=3")),
            422,
        ),
        (
            calculator(&format!("estate={estate}&ifa=1e999&household_size=3")),
            400,
        ),
        (
            calculator(&format!("estate={estate}&ifa=NaN&household_size=3")),
            400,
        ),
        (
            calculator(&format!("estate={estate}&ifa=30&household_size=0")),
            422,
        ),
        (
            calculator(&format!("estate={estate}&ifa=30&household_size=256")),
            400,
        ),
        (
            calculator("estate=1;DROP TABLE estate&ifa=30&household_size=3"),
            400,
        ),
        ("/v1/rent-runs?limit=0".to_owned(), 400),
        ("/v1/rent-runs?limit=101".to_owned(), 400),
        ("/v1/rent-runs?after=xyz".to_owned(), 400),
        ("/v1/rent-runs?after=IjIwMjYtMTMi".to_owned(), 400),
        ("/v1/rent-runs/2026-13".to_owned(), 400),
        ("/v1/rent-runs/2026-10".to_owned(), 404),
        ("/v1/rent-rules?on=2026-02-29".to_owned(), 400),
    ] {
        let path = path.replace(' ', "%20");
        let answer = app
            .send(Call::get(&path).scope("rent:read rent-run:read"))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {:?}", answer.body);
        answer.problem();
    }
}

#[actix_web::test]
async fn a_rule_that_cannot_be_is_refused() {
    let app = start().await;
    world::settle(&app.database, 1);
    let base = json!({ "valid_from": "2027-01-01", "source": "a circular" });
    for (what, rule, status) in [
        (
            "a waiver without an end",
            json!({ "rule": "waiver", "share": "1", "excludes_additional": true }),
            409,
        ),
        (
            "more than all",
            json!({ "rule": "waiver", "share": "1.5", "excludes_additional": true, "valid_to": "2027-01-31" }),
            409,
        ),
        (
            "beyond the cap",
            json!({ "rule": "review", "rent_change": "0.11" }),
            409,
        ),
        (
            "not what the index says",
            json!({ "rule": "review", "rent_change": "0.05", "index_change": "0.04" }),
            409,
        ),
        (
            "a second review of a day",
            json!({ "rule": "review", "rent_change": "0.05", "valid_from": "2024-10-01" }),
            409,
        ),
        (
            "contradicts the rule in force",
            json!({ "rule": "multiple", "scheme": "additional_over_2", "times": "3" }),
            409,
        ),
        (
            "an estate that is not",
            json!({ "rule": "rate", "estate": "01940000-0000-7000-8000-000000000001", "rent_per_m2": "70", "rates_per_m2": "5" }),
            409,
        ),
        (
            "too large",
            json!({ "rule": "multiple", "scheme": "additional_over_2", "times": "99999999" }),
            409,
        ),
        ("an unknown rule", json!({ "rule": "magic" }), 400),
        (
            "an unknown field",
            json!({ "rule": "review", "rent_change": "0.05", "x": 1 }),
            400,
        ),
    ] {
        let mut body = base.clone();
        for (name, value) in rule.as_object().unwrap() {
            body[name] = value.clone();
        }
        let call = Call::post("/v1/rent-rules")
            .scope("rent:rules")
            .key("k1")
            .json(body);
        let answer = app.send(call).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {:?}", answer.body);
        answer.problem();
    }
}
