//! What changes between the looking and the deciding: made to happen, not waited for.

use std::time::{Duration, Instant};

use diesel::PgConnection;
use futures_util::future::join;
use kaifong::platform::db::execute;
use serde_json::json;

use super::credentials::{PASSWORD, PIN, household, post, staff};
use super::{access, own_sessions, pin_grant, sign_in};
use crate::support::{TestDatabase, count, start};

/// Waits until somebody waits for a lock.
async fn somebody_waits(database: &TestDatabase) {
    let mut looking = database.connect();
    let waiting =
        "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let started = Instant::now();
    while count(&mut looking, waiting) == 0 {
        assert!(started.elapsed() < Duration::from_secs(2), "nobody waits");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn run(conn: &mut PgConnection, sql: &str) {
    execute(conn, sql).unwrap();
}

#[actix_web::test]
async fn a_pin_that_changed_while_it_was_checked_opens_nothing_and_stays_changed() {
    let app = start().await;
    let code = household(&app).await;
    let mut counter = app.database.connect();
    run(
        &mut counter,
        "BEGIN; UPDATE tenant_pin SET pin_hash = replace(pin_hash, 'v=19', 'v=16')",
    );
    let changing = async {
        somebody_waits(&app.database).await;
        run(&mut counter, "COMMIT");
    };
    let (answer, ()) = join(app.send(pin_grant(&code, PIN)), changing).await;
    answer.expect(400);
    assert_eq!(count(&mut counter, "session"), 0);
    let changed = "tenant_pin WHERE pin_hash LIKE '%v=16%' AND wrong = 0";
    assert_eq!(count(&mut counter, changed), 1);
}

#[actix_web::test]
async fn a_password_that_changed_while_it_was_checked_opens_nothing_and_stays_changed() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    app.clock.advance(60);
    let grant = officer.grant(PASSWORD, &officer.code(&app));
    let mut admin = app.database.connect();
    let before = count(&mut admin, "session");
    run(
        &mut admin,
        "BEGIN; UPDATE staff_account SET password_hash = replace(password_hash, 'v=19', 'v=16')",
    );
    let changing = async {
        somebody_waits(&app.database).await;
        run(&mut admin, "COMMIT");
    };
    let (answer, ()) = join(app.send(sign_in(grant)), changing).await;
    answer.expect(400);
    assert_eq!(count(&mut admin, "session"), before);
    let changed = "staff_account WHERE password_hash LIKE '%v=16%' AND password_wrong = 0";
    assert_eq!(count(&mut admin, changed), 1);
}

/// The looking-up saw the session before it ended, and came back after its end was read.
#[actix_web::test]
async fn what_ended_while_it_was_looked_up_is_not_remembered() {
    let app = start().await;
    let officer = staff(&app, "chan.tm").await;
    post(&app, &officer, "auditor", json!(null)).await;
    let tokens = officer.sign_in(&app).await;
    // The log was read at least once, so that what is looked up is remembered at all.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let (mut lock, mut other) = (app.database.connect(), app.database.connect());
    run(
        &mut lock,
        "BEGIN; LOCK TABLE staff_role IN ACCESS EXCLUSIVE MODE",
    );
    let ending = async {
        somebody_waits(&app.database).await;
        let id = tokens["session"].as_str().unwrap();
        run(
            &mut other,
            &format!(
                "UPDATE session SET ended_at = now(), end_reason = 'signed_out' WHERE id = '{id}'; \
                 INSERT INTO revocation (session_id, at) VALUES ('{id}', now())"
            ),
        );
        tokio::time::sleep(Duration::from_millis(900)).await;
        run(&mut lock, "COMMIT");
    };
    let asking = || own_sessions(access(&tokens));
    let _ = join(app.send(asking()), ending).await;
    assert_eq!(app.send(asking()).await.status, 401);
    // And one that did not end is.
    let tokens = officer.sign_in(&app).await;
    app.send(own_sessions(access(&tokens))).await.expect(200);
    run(
        &mut other,
        "UPDATE session SET ended_at = now(), end_reason = 'signed_out' WHERE ended_at IS NULL",
    );
    app.send(own_sessions(access(&tokens))).await.expect(200);
}
