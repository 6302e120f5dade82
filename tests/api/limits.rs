//! Limits that replicas share through Redis, and what is left without it.

use std::time::{Duration, Instant};

use kaifong::platform::limits::{Bucket, InProcess, Limiter, Rate, Verdict};

use crate::support::FixedClock;
use crate::support::redis::Redis;

const HOUR: Duration = Duration::from_hours(1);

fn bucket(name: &str, burst: u32) -> Bucket {
    Bucket::of("test", name, Rate::new(burst, HOUR))
}

async fn allowed(limiter: &dyn Limiter, buckets: &[Bucket], times: usize) -> usize {
    let mut allowed = 0;
    for _ in 0..times {
        let verdict = limiter.take(buckets.to_vec()).await;
        allowed += usize::from(verdict == Verdict::Allowed);
    }
    allowed
}

#[actix_web::test]
async fn two_replicas_share_one_bucket_through_redis() {
    let Some(redis) = Redis::start() else { return };
    let (one, two) = (redis.limiter(), redis.limiter());
    let name = bucket("shared", 8);
    let here = allowed(&one, std::slice::from_ref(&name), 5).await;
    let there = allowed(&two, std::slice::from_ref(&name), 5).await;
    assert_eq!((here, there), (5, 3));
    match one.take(vec![name]).await {
        Verdict::Wait(long) => assert!(long > HOUR / 2 && long <= HOUR, "{long:?}"),
        Verdict::Allowed => panic!("the bucket is empty"),
    }
}

#[actix_web::test]
async fn one_question_takes_from_every_bucket_or_from_none() {
    let clock = FixedClock::at("2026-11-20T01:00:00Z");
    let mut limiters: Vec<Box<dyn Limiter>> = vec![Box::new(InProcess::new(clock))];
    let redis = Redis::start();
    if let Some(redis) = &redis {
        limiters.push(Box::new(redis.limiter()));
    }
    for limiter in &limiters {
        let (wide, narrow) = (bucket("wide", 5), bucket("narrow", 2));
        let both = [wide.clone(), narrow];
        assert_eq!(allowed(&**limiter, &both, 4).await, 2);
        assert_eq!(
            allowed(&**limiter, &[wide], 5).await,
            3,
            "refusals took some"
        );
    }
}

#[actix_web::test]
async fn different_names_count_once_each_until_they_are_given_back() {
    let clock = FixedClock::at("2026-11-20T01:00:00Z");
    let mut limiters: Vec<Box<dyn Limiter>> = vec![Box::new(InProcess::new(clock))];
    let redis = Redis::start();
    if let Some(redis) = &redis {
        limiters.push(Box::new(redis.limiter()));
    }
    for limiter in &limiters {
        let of = |who: &str| {
            let rate = Rate::new(3, HOUR);
            vec![Bucket::of_different("test", "names", who, rate)]
        };
        // However often the same ones come.
        for who in ["a", "b", "a", "c", "b", "a"] {
            assert_eq!(limiter.take(of(who)).await, Verdict::Allowed, "{who}");
        }
        assert_ne!(limiter.take(of("d")).await, Verdict::Allowed);
        assert_eq!(limiter.take(of("a")).await, Verdict::Allowed);
        // What was not taken is not given back, and nothing twice.
        limiter.give_back(of("d")).await;
        assert_ne!(limiter.take(of("d")).await, Verdict::Allowed);
        limiter.give_back(of("b")).await;
        limiter.give_back(of("b")).await;
        assert_eq!(limiter.take(of("d")).await, Verdict::Allowed);
        assert_ne!(limiter.take(of("b")).await, Verdict::Allowed);
    }
}

#[actix_web::test]
async fn without_redis_a_replica_allows_a_quarter() {
    let Some(redis) = Redis::start() else { return };
    let limiter = redis.limiter();
    let name = bucket("alone", 8);
    assert_eq!(allowed(&limiter, std::slice::from_ref(&name), 1).await, 1);
    drop(redis);
    let asked = Instant::now();
    assert_eq!(allowed(&limiter, std::slice::from_ref(&name), 8).await, 2);
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "each waits a tenth of a second at most"
    );
}
