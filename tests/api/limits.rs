//! Limits that replicas share through Redis, and what is left without it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kaifong::kernel::clock::SystemClock;
use kaifong::platform::limits::{Bucket, InProcess, Limiter, Rate, Shared, Verdict};
use uuid::Uuid;

use crate::support::FixedClock;

/// A Redis of the test's own, on a socket.
struct Redis {
    child: Child,
    folder: PathBuf,
}

impl Redis {
    /// None, said loudly, on a machine without Redis.
    fn start() -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("redis-{}", Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(folder.join("socket"))
            .current_dir(&folder)
            .stdout(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: no redis-server here, limits shared through Redis are not tried");
            return None;
        };
        let redis = Self { child, folder };
        let started = Instant::now();
        while !redis.folder.join("socket").exists() {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "redis does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(redis)
    }

    fn limiter(&self) -> Shared {
        let url = format!("redis+unix://{}", self.folder.join("socket").display());
        Shared::open(&url, std::sync::Arc::new(SystemClock)).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

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
