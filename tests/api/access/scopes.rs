//! Every operation in the API description, tried without the scope it declares.

use actix_web::http::StatusCode;
use kaifong::app;
use kaifong::kernel::reach::Reach;

use crate::support::{Call, start, start_without_operators};

/// Operations that need no token.
const PUBLIC: &[&str] = &[
    "calculate_rent",
    "list_rent_rules",
    "list_payment_channels",
    "health",
    "ready",
    "metrics",
    "keys",
    "list_estates",
    "read_estate",
    "list_blocks",
    "list_flats",
    "read_audit_checkpoint",
    "issue_token",
    "revoke_token",
    "enrol_device",
    "begin_iam_smart",
    "claim_delegation",
    "begin_passkey_sign_in",
    // iAM Smart and channels, which sign what they send.
    "take_filled_form",
    "take_payment_notice",
];

/// A value for every path parameter.
fn filled(path: &str) -> String {
    path.replace("enrolments/{code}", "enrolments/x")
        .replace("{code}", "1000000018")
        .replace("{month}", "2026-11")
        .replace("{channel}", "fps")
        .replace("{day}", "2026-11-20")
        .replace("{id}", "01940000-0000-7000-8000-000000000001")
}

#[actix_web::test]
async fn no_operation_answers_without_its_scope() {
    let app = start().await;
    let document = serde_json::to_value(app::document()).unwrap();
    let scopes = app::scopes();

    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = filled(path);
        assert!(
            !path.contains('{'),
            "{path} has a parameter this test does not know"
        );
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            let method = method.to_uppercase();
            let Some(scope) = operation["security"][0]["bearer"][0].as_str() else {
                assert!(
                    PUBLIC.contains(&name),
                    "{name} declares no scope and is not listed as public"
                );
                continue;
            };
            assert!(!PUBLIC.contains(&name), "{name} is listed as public");
            let anonymous = app.send(Call::new(&method, &path)).await;
            assert_eq!(
                anonymous.status,
                StatusCode::UNAUTHORIZED,
                "{name} without a token"
            );
            for other in scopes.iter().filter(|other| *other != scope) {
                let answer = app.send(Call::new(&method, &path).scope(other)).await;
                assert_eq!(
                    answer.status,
                    StatusCode::FORBIDDEN,
                    "{name} with only {other}"
                );
            }
            // Nor does a session whose holder has another scope: some scopes every role holds.
            let session = app.session_with("another", Reach::Everywhere);
            let answer = app.send(Call::new(&method, &path).bearer(&session)).await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{name} in a session without {scope}"
            );
            let answer = app.send(Call::new(&method, &path).scope(scope)).await;
            assert!(
                ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status),
                "{name} refuses the scope it declares: {:?}",
                answer.body,
            );
        }
    }
}

#[actix_web::test]
async fn operators_are_let_in_only_where_told() {
    let app = start_without_operators().await;
    for scope in app::scopes() {
        let answer = app.send(Call::get("/v1/payment-files").scope(&scope)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{scope}");
    }
    let session = app.session_with("payment-file:read", Reach::Everywhere);
    app.send(Call::get("/v1/payment-files").bearer(&session))
        .await
        .expect(200);
}
