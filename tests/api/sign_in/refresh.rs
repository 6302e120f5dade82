//! Refresh tokens rotate; one that two have used ends the session of both.

use futures_util::future::join_all;

use super::credentials::{PIN, household};
use super::{access, own_sessions, pin_grant, refresh, refreshing};
use crate::support::{Call, count, start};

#[actix_web::test]
async fn a_token_is_changed_for_another_and_a_lost_answer_is_forgiven_once() {
    let app = start().await;
    let code = household(&app).await;
    let first = app.send(pin_grant(&code, PIN)).await.expect(200);
    let second = app.send(refreshing(refresh(&first))).await.expect(200);
    let third = app.send(refreshing(refresh(&second))).await.expect(200);

    // The answer that held `lost` never arrived: the client asks again.
    let lost = app.send(refreshing(refresh(&third))).await.expect(200);
    app.clock.advance(60);
    let again = app.send(refreshing(refresh(&third))).await.expect(200);
    assert_ne!(refresh(&lost), refresh(&again));
    let next = app.send(refreshing(refresh(&again))).await.expect(200);
    app.send(own_sessions(access(&next))).await.expect(200);

    // Whoever has the answer that was taken for lost is not who goes on.
    app.send(refreshing(refresh(&lost))).await.expect(400);
    app.send(refreshing(refresh(&next))).await.expect(400);
}

#[actix_web::test]
async fn a_token_used_again_ends_the_session_and_its_owner_is_told() {
    let app = start().await;
    let code = household(&app).await;
    let mut conn = app.database.connect();
    let stolen = app.send(pin_grant(&code, PIN)).await.expect(200);
    let other = app.send(pin_grant(&code, PIN)).await.expect(200);
    let thief = app.send(refreshing(refresh(&stolen))).await.expect(200);
    let thief = app.send(refreshing(refresh(&thief))).await.expect(200);

    app.send(refreshing(refresh(&stolen))).await.expect(400);

    app.send(refreshing(refresh(&thief))).await.expect(400);
    let reused = "audit_entry WHERE action = 'session.token_reused'";
    assert_eq!(count(&mut conn, reused), 1);
    let listed = app.send(own_sessions(access(&other))).await.expect(200);
    let ended = listed["items"].as_array().unwrap().iter();
    let reasons: Vec<_> = ended.filter_map(|one| one["end_reason"].as_str()).collect();
    assert_eq!(reasons, ["token_reused"]);
    app.send(refreshing(refresh(&other))).await.expect(200);
}

#[actix_web::test]
async fn a_lost_answer_is_forgiven_for_two_minutes() {
    let app = start().await;
    let code = household(&app).await;
    let first = app.send(pin_grant(&code, PIN)).await.expect(200);
    app.send(refreshing(refresh(&first))).await.expect(200);
    app.clock.advance(121);
    app.send(refreshing(refresh(&first))).await.expect(400);
    let open = "session WHERE ended_at IS NULL";
    assert_eq!(count(&mut app.database.connect(), open), 0);
}

#[actix_web::test]
async fn idle_tokens_and_old_families_are_over_and_nothing_is_taken_for_theft() {
    let app = start().await;
    let code = household(&app).await;
    let idle = app.send(pin_grant(&code, PIN)).await.expect(200);
    app.clock.advance(14 * 86_400);
    app.send(refreshing(refresh(&idle))).await.expect(400);

    let mut old = app.send(pin_grant(&code, PIN)).await.expect(200);
    for _ in 0..9 {
        app.clock.advance(10 * 86_400 - 1);
        old = app.send(refreshing(refresh(&old))).await.expect(200);
    }
    app.clock.advance(9);
    app.send(refreshing(refresh(&old))).await.expect(400);
    let stolen = "session WHERE end_reason = 'token_reused'";
    assert_eq!(count(&mut app.database.connect(), stolen), 0);
}

/// However many present one token at once, never do two tokens go on from it.
#[actix_web::test]
async fn of_a_race_for_one_token_at_most_one_goes_on() {
    let app = start().await;
    let code = household(&app).await;
    let mut conn = app.database.connect();
    for racers in [2, 3, 16] {
        app.clock.advance(60);
        let first = app.send(pin_grant(&code, PIN)).await.expect(200);
        let racing = (0..racers).map(|_| app.send(refreshing(refresh(&first))));
        let answers = join_all(racing).await;
        let given = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(given, 2, "one rotates, one is taken for a lost answer");
        let live = format!(
            "refresh_token t JOIN refresh_family f ON f.id = t.family_id \
             WHERE f.session_id = '{}' AND f.revoked_at IS NULL \
               AND t.consumed_at IS NULL AND t.revoked_at IS NULL",
            first["session"].as_str().unwrap()
        );
        let expected = i64::from(racers == 2);
        assert_eq!(count(&mut conn, &live), expected, "{racers} racers");
    }
}

#[actix_web::test]
async fn revoking_a_token_ends_its_session_and_says_nothing_of_others() {
    let app = start().await;
    let code = household(&app).await;
    let tokens = app.send(pin_grant(&code, PIN)).await.expect(200);
    let revoking =
        |token: &str| Call::post("/v1/auth/revoke").json(serde_json::json!({ "token": token }));
    app.send(revoking("nobody's")).await.expect(200);
    app.send(revoking(refresh(&tokens))).await.expect(200);
    app.send(refreshing(refresh(&tokens))).await.expect(400);
}
