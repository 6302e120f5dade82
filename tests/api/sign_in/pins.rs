//! Tenants sign in with a PIN.

use kaifong::kernel::tenant_code::TenantCode;
use serde_json::json;

use super::credentials::{PIN, household, set_pin};
use super::{access, own_sessions, pin_grant, refresh, refreshing, sign_in};
use crate::support::{Call, count, start};

#[actix_web::test]
async fn a_tenant_signs_in_by_json_or_form_and_sees_the_session() {
    let app = start().await;
    let code = household(&app).await;

    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let fields = [("grant_type", "pin"), ("tenant_code", &code), ("pin", PIN)];
    let form = app.send(Call::post("/v1/auth/token").form(&fields)).await;

    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    let form = form.expect(200);
    let listed = app.send(own_sessions(access(&form))).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let current = listed["items"].as_array().unwrap().iter();
    assert_eq!(current.filter(|one| one["current"] == true).count(), 1);
}

#[actix_web::test]
async fn unknown_household_wrong_pin_and_closed_pin_are_answered_alike() {
    let app = start().await;
    let code = household(&app).await;
    let nobody = TenantCode::of(TenantCode::LAST).unwrap().to_string();
    let mut answers = vec![app.send(pin_grant(&nobody, PIN)).await];
    for _ in 0..5 {
        answers.push(app.send(pin_grant(&code, "192837")).await);
    }
    // Closed now: even the right one.
    answers.push(app.send(pin_grant(&code, PIN)).await);

    for answer in &answers {
        assert_eq!(answer.status, 400);
        assert_eq!(answer.body["error"], "invalid_grant");
        assert_eq!(answer.bytes, answers[0].bytes);
    }
    app.clock.advance(15 * 60);
    app.send(pin_grant(&code, PIN)).await.expect(200);
}

#[actix_web::test]
async fn a_closed_pin_signs_nobody_out_and_the_counter_opens_it() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    for _ in 0..5 {
        app.send(pin_grant(&code, "192837")).await.expect(400);
    }

    app.send(own_sessions(access(&tokens))).await.expect(200);
    app.send(refreshing(refresh(&tokens))).await.expect(200);
    set_pin(&app, &code, "162342").await;
    app.send(pin_grant(&code, PIN)).await.expect(400);
    app.send(pin_grant(&code, "162342")).await.expect(200);
}

#[actix_web::test]
async fn thirty_wrong_pins_close_it_for_good() {
    let app = start().await;
    let code = household(&app).await;
    for _ in 0..6 {
        for _ in 0..5 {
            app.send(pin_grant(&code, "192837")).await.expect(400);
        }
        app.clock.advance(86_400);
    }
    app.clock.advance(365 * 86_400);
    app.send(pin_grant(&code, PIN)).await.expect(400);
    set_pin(&app, &code, PIN).await;
    app.send(pin_grant(&code, PIN)).await.expect(200);
}

#[actix_web::test]
async fn of_many_guesses_at_once_five_are_looked_at() {
    let app = start().await;
    let code = household(&app).await;
    let wrong = (0..9).map(|n| app.send(pin_grant(&code, &format!("19283{n}"))));
    let answers = futures_util::future::join_all(wrong).await;

    assert!(answers.iter().all(|answer| answer.status == 400));
    let looked_at = format!("tenant_pin WHERE wrong = 5 AND household = {}", &code[..9]);
    assert_eq!(count(&mut app.database.connect(), &looked_at), 1);
}

#[actix_web::test]
async fn too_many_tries_of_one_name_are_told_to_wait_whether_or_not_it_exists() {
    let app = start().await;
    let code = household(&app).await;
    let nobody = TenantCode::of(TenantCode::LAST).unwrap().to_string();
    for code in [code, nobody] {
        let code = code.as_str();
        let mut answer = app.send(pin_grant(code, "192837")).await;
        for _ in 0..10 {
            answer = app.send(pin_grant(code, "192837")).await;
        }
        assert_eq!(answer.status, 429, "{:?}", answer.body);
        assert_eq!(answer.header("retry-after"), "31");
    }
}

#[actix_web::test]
async fn a_sixth_session_ends_the_oldest() {
    let app = start().await;
    let code = household(&app).await;
    let mut tokens = Vec::new();
    for _ in 0..6 {
        app.clock.advance(60);
        tokens.push(app.send(pin_grant(&code, PIN)).await.expect(200));
    }
    app.send(refreshing(refresh(&tokens[0]))).await.expect(400);
    app.send(own_sessions(access(&tokens[1]))).await.expect(200);
    let open = "session WHERE ended_at IS NULL";
    assert_eq!(count(&mut app.database.connect(), open), 5);
}

#[actix_web::test]
async fn a_session_ends_itself_and_no_other_callers() {
    let app = start().await;
    let (one, two) = (household(&app).await, household(&app).await);
    let ours = app.send(pin_grant(&one, PIN)).await.expect(200);
    let theirs = app.send(pin_grant(&two, PIN)).await.expect(200);
    let ending = |id: &str, token: &str| {
        Call::new("DELETE", &format!("/v1/auth/sessions/{id}")).bearer(token)
    };
    let nobody = "01940000-0000-7000-8000-000000000001";
    let theirs_id = theirs["session"].as_str().unwrap();
    let absent = app.send(ending(nobody, access(&ours))).await;
    let refused = app.send(ending(theirs_id, access(&ours))).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.bytes),
        (404, &absent.bytes)
    );

    let id = ours["session"].as_str().unwrap();
    app.send(ending(id, access(&ours))).await.expect(204);
    app.send(refreshing(refresh(&ours))).await.expect(400);
    app.send(own_sessions(access(&theirs))).await.expect(200);
}

#[actix_web::test]
async fn an_easy_or_mistyped_pin_is_not_set_and_not_repeated() {
    let app = start().await;
    let code = household(&app).await;
    for pin in ["123456", "000000", "12345", "48151a"] {
        let body = json!({ "tenant_code": code, "pin": pin });
        let setting = Call::new("PUT", "/v1/tenant-pins").scope("pins:write");
        let answer = app.send(setting.json(body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (422, "unfit-value")
        );
        assert!(!String::from_utf8_lossy(&answer.bytes).contains(pin));
    }
    let body = json!({ "grant_type": "pin", "tenant_code": code, "pin": 481_516 });
    let answer = app.send(sign_in(body)).await;
    assert_eq!(answer.status, 400);
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("481516"));
}
