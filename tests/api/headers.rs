//! The headers that every answer has.

use actix_web::test::{TestRequest, call_service, init_service};
use kaifong::app;
use kaifong::platform::db::execute;

use crate::support::{Answer, Call, start};

const API: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=63072000"),
];

#[track_caller]
fn has_all(answer: &Answer) {
    for (name, value) in API {
        assert_eq!(answer.header(name), value, "{name} of {}", answer.status);
    }
    assert!(answer.header("permissions-policy").contains("camera=()"));
    assert_eq!(answer.header("server"), "");
    assert_eq!(answer.header("x-powered-by"), "");
}

#[actix_web::test]
async fn every_answer_has_them_whatever_it_is() {
    let app = start().await;
    let tenancies = || Call::get("/v1/tenancies").scope("tenancy:read");
    let search = || Call::post("/v1/people/search").scope("people:search");
    for (call, status) in [
        (Call::get("/healthz"), 200),
        (Call::get("/metrics"), 200),
        (tenancies(), 200),
        (Call::get("/v1/tenancies"), 401),
        (Call::get("/v1/tenancies").bearer("nonsense"), 401),
        (Call::get("/v1/tenancies").scope("rent:read"), 403),
        (Call::get("/v1/nowhere"), 404),
        (
            Call::get("/v1/tenancies/01940000-0000-7000-8000-000000000001").scope("tenancy:read"),
            404,
        ),
        (Call::new("DELETE", "/healthz"), 405),
        (
            search()
                .bytes("{")
                .header("content-type", "application/json"),
            400,
        ),
        (search().bytes("{}"), 415),
        (
            search()
                .bytes(vec![b' '; 40_000])
                .header("content-type", "application/json"),
            413,
        ),
    ] {
        let answer = app.send(call).await;
        assert_eq!(answer.status, status, "{:?}", answer.body);
        has_all(&answer);
    }
    let mut conn = app.database.connect();
    execute(&mut conn, "ALTER TABLE tenancy RENAME TO gone").unwrap();
    let broken = app.send(tenancies()).await;
    assert_eq!(
        (broken.status.as_u16(), broken.problem()),
        (500, "internal")
    );
    has_all(&broken);
    execute(&mut conn, "DELETE FROM __diesel_schema_migrations").unwrap();
    let unready = app.send(Call::get("/readyz")).await;
    assert_eq!(unready.status, 503);
    has_all(&unready);
}

#[actix_web::test]
async fn the_documentation_runs_its_own_scripts_and_nobody_elses() {
    let app = start().await;
    for path in [
        "/docs/",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-initializer.js",
    ] {
        let answer = app.send(Call::get(path)).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("script-src 'self' 'unsafe"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
    }
    // So no script of the page stands in the page itself.
    let page = app.send(Call::get("/docs/")).await;
    let html = String::from_utf8(page.bytes).unwrap();
    for (place, _) in html.match_indices("<script") {
        let tag = html[place..].split('>').next().unwrap();
        assert!(tag.contains("src="), "{tag}");
    }
    assert!(
        !html.contains("onload=") && !html.contains("javascript:"),
        "{html}"
    );
    let script = app.send(Call::get("/docs/swagger-initializer.js")).await;
    let script = String::from_utf8(script.bytes).unwrap();
    assert!(script.contains("/openapi.json"), "{script}");
    has_all(&app.send(Call::get("/openapi.json")).await);
}

#[actix_web::test]
async fn without_a_proxy_that_speaks_tls_nobody_is_told_to_come_by_it() {
    let plain = init_service(actix_web::App::new().wrap(app::headers(false))).await;
    let request = TestRequest::get().uri("/nowhere").to_request();
    let answer = call_service(&plain, request).await;
    assert!(!answer.headers().contains_key("strict-transport-security"));
    assert!(answer.headers().contains_key("content-security-policy"));
}
