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
        for Bucket { name, rate, once } in buckets {
            let until = |name: &String| paid.get(name).copied().unwrap_or_default();
            if once.as_ref().is_some_and(|once| until(once) > now) {
                continue;
            }
            match one_more(until(name), now, *rate) {
                Ok(until) => next.push((name.clone(), until)),
                Err(early) => longest = longest.max(early),
            }
            let filled = now.saturating_add(rate.allowance());
            next.extend(once.clone().map(|once| (once, filled)));
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

impl InProcess {
    /// Gives back what was taken once.
    pub(super) fn give_back_now(&self, buckets: &[Bucket]) {
        let now = self.clock.now().timestamp_micros();
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        for Bucket { name, rate, once } in buckets {
            let took = once.as_ref().and_then(|once| paid.remove(once));
            if took.is_some_and(|until| until > now)
                && let Some(until) = paid.get_mut(name)
            {
                *until = until.saturating_sub(rate.interval());
            }
        }
    }
}

impl Limiter for InProcess {
    fn take(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, Verdict> {
        let verdict = self.take_now(&buckets);
        Box::pin(async move { verdict })
    }

    fn give_back(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, ()> {
        self.give_back_now(&buckets);
        Box::pin(async {})
    }
}
