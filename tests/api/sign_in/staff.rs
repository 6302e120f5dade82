//! Staff sign in with a password and a one-time code; what one asks for another approves.

use serde_json::json;

use super::credentials::{PASSWORD, issue, post, staff};
use super::{access, own_sessions, refresh, refreshing, sign_in};
use crate::support::{Call, count, start};

#[actix_web::test]
async fn a_one_time_password_serves_once_and_is_changed() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    let (once, seed) = issue(&app, &officer.id).await;
    let officer = super::credentials::Staff { seed, ..officer };
    app.clock.advance(60);
    let code = officer.code(&app);

    let unchanged = app.send(sign_in(officer.grant(&once, &code))).await;
    assert_eq!(unchanged.problem(), "password-change-required");
    let mut easy = officer.grant(&once, &code);
    easy["new_password"] = json!("chan.tm-chan.tm");
    assert_eq!(app.send(sign_in(easy)).await.problem(), "unfit-value");
    let mut changed = officer.grant(&once, &code);
    changed["new_password"] = json!("another horse entirely");
    app.send(sign_in(changed)).await.expect(200);

    app.clock.advance(60);
    let code = officer.code(&app);
    app.send(sign_in(officer.grant(&once, &code)))
        .await
        .expect(400);
    app.send(sign_in(officer.grant("another horse entirely", &code)))
        .await
        .expect(200);
}

/// As any sealed cell (people's and privacy's have tests of their own).
#[actix_web::test]
async fn a_seed_that_does_not_open_is_withheld_and_put_on_record() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    app.clock.advance(60);
    let mut owner = app.database.connect();
    let damage =
        "UPDATE staff_account SET totp_seed = set_byte(totp_seed, 20, get_byte(totp_seed, 20) # 1)";
    kaifong::platform::db::execute(&mut owner, damage).unwrap();
    let code = officer.code(&app);
    let answer = app.send(sign_in(officer.grant(PASSWORD, &code))).await;
    assert_eq!(answer.problem(), "integrity-error");
    let on_record = format!(
        "audit_entry WHERE action = 'vault.unopenable' \
         AND subject = 'cell staff_account.totp_seed {}'",
        officer.id
    );
    assert_eq!(count(&mut owner, &on_record), 1);
    kaifong::platform::db::execute(&mut owner, damage).unwrap();
    app.send(sign_in(officer.grant(PASSWORD, &code)))
        .await
        .expect(200);
}

#[actix_web::test]
async fn unknown_name_wrong_password_wrong_code_and_used_code_are_answered_alike() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    app.clock.advance(60);
    let code = officer.code(&app);
    app.send(sign_in(officer.grant(PASSWORD, &code)))
        .await
        .expect(200);
    let mut nobody = officer.grant(PASSWORD, &code);
    nobody["username"] = json!("wong.sy");

    let mut answers = vec![app.send(sign_in(nobody)).await];
    answers.push(app.send(sign_in(officer.grant(PASSWORD, &code))).await);
    answers.push(
        app.send(sign_in(officer.grant("wrong horse battery", &code)))
            .await,
    );
    app.clock.advance(60);
    answers.push(app.send(sign_in(officer.grant(PASSWORD, "000000"))).await);

    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), &answer.bytes),
            (400, &answers[0].bytes)
        );
    }
}

#[actix_web::test]
async fn wrong_passwords_close_the_password_and_signed_in_staff_go_on() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    let tokens = officer.sign_in(&app).await;
    for _ in 0..5 {
        app.clock.advance(30);
        let wrong = officer.grant("wrong horse battery", &officer.code(&app));
        app.send(sign_in(wrong)).await.expect(400);
    }
    app.clock.advance(30);
    let right = officer.grant(PASSWORD, &officer.code(&app));
    app.send(sign_in(right)).await.expect(400);
    app.send(refreshing(refresh(&tokens))).await.expect(200);
    app.clock.advance(15 * 60);
    officer.sign_in(&app).await;
}

#[actix_web::test]
async fn a_hash_of_another_cost_is_made_anew_at_the_next_sign_in() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    let mut conn = app.database.connect();
    let dearer = "INSERT INTO hashing_cost VALUES ('staff', '2026-11-20', 16, 2, 1, 'test')";
    kaifong::platform::db::execute(&mut conn, dearer).unwrap();
    officer.sign_in(&app).await;
    let hashed = "staff_account WHERE password_hash LIKE '$argon2id$v=19$m=16,t=2,p=1$%'";
    assert_eq!(count(&mut conn, hashed), 1);
    officer.sign_in(&app).await;
}

#[actix_web::test]
async fn staff_have_two_sessions_and_twelve_hours() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    let one = officer.sign_in(&app).await;
    let two = officer.sign_in(&app).await;
    let three = officer.sign_in(&app).await;
    app.send(refreshing(refresh(&one))).await.expect(400);
    app.send(refreshing(refresh(&two))).await.expect(200);
    app.clock.advance(12 * 3600);
    app.send(refreshing(refresh(&three))).await.expect(400);
}

#[actix_web::test]
async fn a_role_counts_once_another_person_approved_it_and_on_its_days() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    let path = format!("/v1/staff-accounts/{}/roles", officer.id);
    let body = json!({ "role": "auditor", "from": "2026-11-21", "to": "2026-11-21" });
    let asking = Call::post(&path).scope("staff:write").key("a").json(body);
    let asked = app.send(asking).await.expect(201);
    let approve = format!("/v1/staff-roles/{}/approve", asked["id"].as_str().unwrap());
    let approving = |name: &str| Call::post(&approve).scope("staff:approve").by(name);

    let own = app.send(approving("officer-7")).await;
    assert_eq!(
        (own.status.as_u16(), own.problem()),
        (403, "needs-another-person")
    );
    let subject = app.send(approving(&format!("staff:{}", officer.id))).await;
    assert_eq!(subject.problem(), "needs-another-person");
    app.send(approving("officer-8")).await.expect(200);
    assert_eq!(
        app.send(approving("officer-9")).await.problem(),
        "not-in-this-state"
    );

    for (now, status) in [
        // A minute before the sign-in: 15:59 and 16:00, where the day turns.
        ("2026-11-20T15:58:00Z", 403),
        ("2026-11-20T15:59:00Z", 200),
        ("2026-11-21T15:58:00Z", 200),
        ("2026-11-21T15:59:00Z", 403),
    ] {
        app.clock.set(now);
        let tokens = officer.sign_in(&app).await;
        let listing = Call::get("/v1/staff-accounts").bearer(access(&tokens));
        app.send(listing).await.expect(status);
    }
}

#[actix_web::test]
async fn what_is_sensitive_takes_a_proof_of_the_last_five_minutes() {
    let app = start().await;
    let admin = staff(&app, "admin.one").await;
    post(&app, &admin, "administrator", json!(null)).await;
    let tokens = admin.sign_in(&app).await;
    let making = |key: &str, token: &str| {
        let body = json!({ "login": format!("new.{key}") });
        Call::post("/v1/staff-accounts")
            .bearer(token)
            .key(key)
            .json(body)
    };
    app.send(making("one", access(&tokens))).await.expect(201);
    app.clock.advance(301);
    let tokens = app.send(refreshing(refresh(&tokens))).await.expect(200);
    let stale = app.send(making("two", access(&tokens))).await;
    assert_eq!(
        (stale.status.as_u16(), stale.problem()),
        (403, "step-up-required")
    );

    let step_up = |code: &str| {
        let grant = json!({ "grant_type": "urn:kaifong:step-up", "otp": code });
        sign_in(grant).bearer(access(&tokens))
    };
    app.send(step_up("000000")).await.expect(400);
    let stepped = app.send(step_up(&admin.code(&app))).await.expect(200);
    assert_eq!(stepped["session"], tokens["session"]);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    app.send(making("two", access(&stepped))).await.expect(201);
}

#[actix_web::test]
async fn nobody_issues_secrets_to_themselves() {
    let app = start().await;
    let admin = staff(&app, "admin.one").await;
    post(&app, &admin, "administrator", json!(null)).await;
    let tokens = admin.sign_in(&app).await;
    let path = format!("/v1/staff-accounts/{}/secrets", admin.id);
    let own = Call::post(&path).bearer(access(&tokens));
    let answer = app.send(own).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem()),
        (403, "needs-another-person")
    );
    // What they had is as it was.
    admin.sign_in(&app).await;
    issue(&app, &admin.id).await;
}

#[actix_web::test]
async fn an_ended_account_is_out_and_a_login_is_given_once() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    let tokens = officer.sign_in(&app).await;
    let path = format!("/v1/staff-accounts/{}", officer.id);
    let read = app.send(Call::get(&path).scope("staff:read")).await;
    let etag = read.header("etag").to_owned();
    let ending = Call::post(&format!("{path}/end")).scope("staff:write");
    app.send(ending.header("If-Match", &etag)).await.expect(204);

    app.send(refreshing(refresh(&tokens))).await.expect(400);
    app.clock.advance(60);
    let grant = officer.grant(PASSWORD, &officer.code(&app));
    app.send(sign_in(grant)).await.expect(400);
    let again = Call::post("/v1/staff-accounts")
        .scope("staff:write")
        .key("again");
    let again = app.send(again.json(json!({ "login": "chan.tm" }))).await;
    assert_eq!(
        (again.status.as_u16(), again.problem()),
        (409, "login-taken")
    );
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    app.send(own_sessions(access(&tokens))).await.expect(401);
}

#[actix_web::test]
async fn seeds_and_passwords_are_not_in_the_database() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    officer.sign_in(&app).await;
    let mut conn = app.database.connect();
    let seed = kaifong::platform::crypto::hex(officer.seed.bytes());
    let plain = format!("staff_account WHERE encode(totp_seed, 'hex') LIKE '%{seed}%'");
    assert_eq!(count(&mut conn, &plain), 0);
    assert_eq!(
        count(&mut conn, "staff_account WHERE totp_seed IS NOT NULL"),
        1
    );
}
