//! Buckets of this process alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::LocalBoxFuture;

use super::{Bucket, Limiter, Verdict, one_more, wait};
use crate::kernel::clock::Clock;

/// With more buckets than this, the full ones are forgotten: they count nothing.
const MANY: usize = 100_000;

/// Buckets in memory.
pub struct InProcess {
    clock: Arc<dyn Clock>,
    /// For each bucket, up to when it is paid, in microseconds since 1970.
    paid: Mutex<HashMap<String, i64>>,
}

impl InProcess {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            paid: Mutex::default(),
        }
    }

    /// Takes one from each of `buckets`, or none.
    pub(super) fn take_now(&self, buckets: &[Bucket]) -> Verdict {
        let now = self.clock.now().timestamp_micros();
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Vec::with_capacity(buckets.len());
        let mut longest = 0;
        for Bucket { name, rate } in buckets {
            match one_more(paid.get(name).copied().unwrap_or_default(), now, *rate) {
                Ok(until) => next.push((name.clone(), until)),
                Err(early) => longest = longest.max(early),
            }
        }
        if longest > 0 {
            return wait(longest);
        }
        if paid.len() > MANY {
            paid.retain(|_, until| *until > now);
        }
        paid.extend(next);
        Verdict::Allowed
    }
}

impl Limiter for InProcess {
    fn take(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, Verdict> {
        let verdict = self.take_now(&buckets);
        Box::pin(async move { verdict })
    }
}
