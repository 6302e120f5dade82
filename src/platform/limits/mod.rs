//! How often something may be tried: token buckets, shared by all replicas or kept in process.
//!
//! * One question takes from several buckets at once (of the credential, the device, the
//!   estate, everyone), from all of them or from none.
//! * With Redis the buckets are shared. Without it, or while it does not answer, each replica
//!   keeps its own and allows a quarter: losing Redis opens no door.
//! * A bucket may count how many different ones try instead of how often: it shows who goes
//!   through many names, one guess at each. Who proves to be who they said gives back.
//! * A bucket is named by a digest: what it counts for is not to be read in Redis.
//! * An empty bucket locks nobody out: it refills, and other ways to sign in have their own.

mod in_process;
mod shared;

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::LocalBoxFuture;

use crate::platform::crypto::{hex, sha256};

pub use in_process::InProcess;
pub use shared::{Shared, SharedError};

/// How much a bucket holds and how fast it fills again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once.
    pub burst: u32,
    /// How long it takes for one more.
    pub every: Duration,
}

impl Rate {
    #[must_use]
    pub const fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every }
    }

    /// A quarter of it.
    #[must_use]
    fn stricter(self) -> Self {
        Self {
            burst: (self.burst / 4).max(1),
            every: self.every.saturating_mul(4),
        }
    }

    /// How long one takes to come back, in microseconds.
    fn interval(self) -> i64 {
        i64::try_from(self.every.as_micros()).unwrap_or(i64::MAX / 1_000_000)
    }

    /// How far ahead of time the bucket may run, in microseconds.
    fn allowance(self) -> i64 {
        self.interval().saturating_mul(i64::from(self.burst.max(1)))
    }
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    name: String,
    rate: Rate,
    /// Who takes from it once and not again while it fills; absent, every time counts.
    once: Option<String>,
}

impl Bucket {
    /// The bucket of `whom` among those of `what`.
    #[must_use]
    pub fn of(what: &'static str, whom: &str, rate: Rate) -> Self {
        Self {
            name: name_of(&[what, whom]),
            rate,
            once: None,
        }
    }

    /// The bucket of `whom` among those of `what`, which counts how many different ones try:
    /// `who` takes from it once while it fills, however often they come.
    #[must_use]
    pub fn of_different(what: &'static str, whom: &str, who: &str, rate: Rate) -> Self {
        Self {
            once: Some(name_of(&[what, whom, who])),
            ..Self::of(what, whom, rate)
        }
    }

    fn stricter(self) -> Self {
        Self {
            rate: self.rate.stricter(),
            ..self
        }
    }
}

fn name_of(parts: &[&str]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .flat_map(|part| [part.as_bytes(), b"\0"])
        .collect();
    let short: String = hex(&sha256(&parts)).chars().take(32).collect();
    format!("kaifong:limit:{short}")
}

/// Whether one more may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// Not before this long.
    Wait(Duration),
}

/// Keeps buckets.
pub trait Limiter: Send + Sync {
    /// Takes one from each of `buckets`, or none.
    fn take(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, Verdict>;

    /// Gives back what someone took once, who proved to be who they said.
    fn give_back(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, ()>;
}

/// When a bucket of `rate` that is paid up to `paid` will be, with one more taken at `now`; or
/// how long it takes until one may be taken. All in microseconds (the generic cell rate
/// algorithm).
fn one_more(paid: i64, now: i64, rate: Rate) -> Result<i64, i64> {
    let next = paid.max(now).saturating_add(rate.interval());
    let early = next.saturating_sub(rate.allowance()).saturating_sub(now);
    if early > 0 { Err(early) } else { Ok(next) }
}

fn wait(micros: i64) -> Verdict {
    Verdict::Wait(
        TimeDelta::microseconds(micros)
            .to_std()
            .unwrap_or(Duration::ZERO),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_then_one_an_interval() {
        let rate = Rate::new(3, Duration::from_secs(10));
        let second = 1_000_000;
        let mut paid = 0;
        for (now, allowed) in [
            (100 * second, true),
            (100 * second, true),
            (100 * second, true),
            (100 * second, false),
            (109 * second, false),
            (110 * second, true),
            (110 * second, false),
            (1_000 * second, true),
            (1_000 * second, true),
            (1_000 * second, true),
            (1_000 * second, false),
        ] {
            let taken = one_more(paid, now, rate);
            assert_eq!(taken.is_ok(), allowed, "at {now}");
            paid = taken.unwrap_or(paid);
        }
    }

    #[test]
    fn a_bucket_does_not_tell_what_it_is_of() {
        let bucket = Bucket::of("pin", "1000000018", Rate::new(1, Duration::from_secs(1)));
        assert!(!bucket.name.contains("1000000018"));
        assert_ne!(
            bucket,
            Bucket::of("pi", "n1000000018", Rate::new(1, Duration::from_secs(1)))
        );
    }
}
