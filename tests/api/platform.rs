//! What every endpoint shares, over HTTP.

use serde_json::json;

use crate::support::{Call, start};

#[actix_web::test]
async fn the_process_is_alive_and_ready() {
    let app = start().await;
    assert_eq!(
        app.send(Call::get("/healthz")).await.expect(200)["status"],
        "ok"
    );
    assert_eq!(
        app.send(Call::get("/readyz")).await.expect(200)["status"],
        "ok"
    );
    let keys = app
        .send(Call::get("/.well-known/jwks.json"))
        .await
        .expect(200);
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
}

#[actix_web::test]
async fn a_database_that_lacks_a_migration_is_not_ready() {
    let app = start().await;
    let mut conn = app.database.connect();
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '20261101000000'";
    kaifong::platform::db::execute(&mut conn, forget).unwrap();
    let answer = app.send(Call::get("/readyz")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem()),
        (503, "not-ready")
    );
}

#[actix_web::test]
async fn what_no_route_takes_is_a_problem() {
    let app = start().await;
    for (method, path, status, problem) in [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/v1/nowhere", 404, "not-found"),
        ("DELETE", "/healthz", 405, "method-not-allowed"),
    ] {
        let answer = app.send(Call::new(method, path)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (status, problem),
            "{path}"
        );
        assert_eq!(answer.body["status"], json!(status));
    }
    let answer = app.send(Call::new("DELETE", "/healthz")).await;
    assert_eq!(answer.header("allow"), "GET");
}

#[actix_web::test]
async fn answers_are_measured_by_route() {
    let app = start().await;
    app.send(Call::get("/healthz")).await;
    let figures = app.send(Call::get("/metrics")).await;
    let figures = String::from_utf8(figures.bytes).unwrap();
    let line = r#"kaifong_http_answer_seconds_count{method="GET",route="/healthz",status="200"} 1"#;
    assert!(figures.contains(line), "{figures}");
}

#[actix_web::test]
async fn the_documentation_loads_nothing_from_outside() {
    let app = start().await;
    let page = app.send(Call::get("/docs/")).await;
    assert_eq!(page.status, 200);
    let html = String::from_utf8(page.bytes).unwrap();
    assert!(html.contains("swagger-ui"), "{html}");
    for outside in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
        assert!(!html.contains(outside), "{outside} in {html}");
    }
    assert_eq!(
        app.send(Call::get("/openapi.json")).await.expect(200)["openapi"],
        "3.1.0"
    );
}
