//! Redis is silent or gone: nobody signs in more easily for it, and nobody waits.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kaifong::kernel::clock::SystemClock;
use kaifong::platform::limits::{Limiter, Shared};

use super::credentials::{PIN, household};
use super::{access, own_sessions, pin_grant};
use crate::support::redis::Redis;
use crate::support::start_with_limiter;

const SOON: Duration = Duration::from_secs(2);

async fn a_quarter_signs_in_and_reads_go_on(limiter: Box<dyn Limiter>, lose: impl FnOnce()) {
    let app = start_with_limiter(limiter).await;
    let (code, other) = (household(&app).await, household(&app).await);
    let tokens = app.send(pin_grant(&other, PIN)).await.expect(200);
    lose();

    // A quarter of ten at once.
    for status in [400, 400, 429, 429] {
        let asked = Instant::now();
        let answer = app.send(pin_grant(&code, "192837")).await;
        assert_eq!(answer.status, status, "{:?}", answer.body);
        assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    }
    // The right one is refused as well: what would count its guesses is not there.
    app.send(pin_grant(&code, PIN)).await.expect(429);
    let asked = Instant::now();
    app.send(own_sessions(access(&tokens))).await.expect(200);
    assert!(asked.elapsed() < SOON / 10, "{:?}", asked.elapsed());
}

#[actix_web::test]
async fn a_redis_that_takes_connections_and_stays_silent_holds_nobody_up() {
    // The kernel takes them; nobody reads or answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let limiter = Shared::open(&url, Arc::new(SystemClock)).unwrap();
    a_quarter_signs_in_and_reads_go_on(Box::new(limiter), || ()).await;
}

#[actix_web::test]
async fn a_redis_that_is_killed_opens_no_door() {
    let Some(redis) = Redis::start() else { return };
    let limiter = redis.limiter();
    a_quarter_signs_in_and_reads_go_on(Box::new(limiter), || drop(redis)).await;
}
