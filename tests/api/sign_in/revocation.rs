//! What changes about a caller counts on every replica within a second.

use std::time::{Duration, Instant};

use serde_json::json;

use super::credentials::{PIN, household, post, staff};
use super::{access, own_sessions, pin_grant};
use crate::support::{Call, start, start_beside};

/// Longer than any change takes to be seen everywhere.
const SECOND: Duration = Duration::from_secs(1);

#[actix_web::test]
async fn an_ended_session_is_refused_by_every_replica_within_a_second() {
    let one = start().await;
    let two = start_beside(one.shared()).await;
    let code = household(&one).await;
    let mut longest = Duration::ZERO;
    for _ in 0..5 {
        one.clock.advance(60);
        let tokens = one.send(pin_grant(&code, PIN)).await.expect(200);
        let asking = || own_sessions(access(&tokens));
        // Asked twice, so that both remember it.
        for _ in 0..2 {
            one.send(asking()).await.expect(200);
            two.send(asking()).await.expect(200);
        }
        let id = tokens["session"].as_str().unwrap();
        let ending = Call::new("DELETE", &format!("/v1/auth/sessions/{id}"));
        one.send(ending.bearer(access(&tokens))).await.expect(204);
        let ended = Instant::now();
        loop {
            let [here, there] = [one.send(asking()).await, two.send(asking()).await];
            if here.status == 401 && there.status == 401 {
                break;
            }
            assert!(ended.elapsed() < SECOND, "still taken after a second");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        longest = longest.max(ended.elapsed());
    }
    eprintln!("revocation lag: {longest:?} at most");
}

#[actix_web::test]
async fn a_role_that_begins_or_ends_counts_on_every_replica_within_a_second() {
    let one = start().await;
    let two = start_beside(one.shared()).await;
    let admin = staff(&one, "admin.one").await;
    let token = admin.sign_in(&one).await;
    let asking = || Call::get("/v1/staff-accounts").bearer(access(&token));
    two.send(asking()).await.expect(403);

    let role = post(&one, &admin, "auditor", json!(null)).await;
    let begun = Instant::now();
    while two.send(asking()).await.status != 200 {
        assert!(begun.elapsed() < SECOND, "not yet taken after a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let path = format!("/v1/staff-roles/{role}/end");
    one.send(Call::post(&path).scope("staff:write"))
        .await
        .expect(200);
    let ended = Instant::now();
    while two.send(asking()).await.status != 403 {
        assert!(ended.elapsed() < SECOND, "still taken after a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The log is written by transactions that overlap, and none is skipped.
#[test]
fn changes_that_commit_out_of_turn_are_all_read() {
    use diesel::prelude::*;
    use diesel::sql_types::{Array, BigInt};
    use kaifong::platform::db::execute;

    let database = crate::support::TestDatabase::create();
    let mut reader = database.connect();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut conn = database.connect();
                for _ in 0..25 {
                    let late = "BEGIN; \
                        INSERT INTO revocation (session_id, at) VALUES (gen_random_uuid(), now()); \
                        SELECT pg_sleep(random() * 0.005); COMMIT";
                    execute(&mut conn, late).unwrap();
                }
            });
        }
        let (mut last, mut seen) = (0, 0);
        let started = Instant::now();
        while seen < 200 && started.elapsed() < Duration::from_secs(20) {
            let numbers: Vec<i64> = diesel::dsl::sql::<Array<BigInt>>(&format!(
                "SELECT array(SELECT number FROM revocation WHERE number > {last} ORDER BY 1)"
            ))
            .get_result(&mut reader)
            .unwrap();
            seen += numbers.len();
            last = numbers.last().copied().unwrap_or(last);
        }
        assert_eq!(seen, 200, "some were skipped");
    });
}
