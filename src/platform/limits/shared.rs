//! Buckets that all replicas share, in Redis.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};

use super::{Bucket, InProcess, Limiter, Verdict, wait};
use crate::kernel::clock::Clock;

/// Nobody waits longer for Redis before this process decides alone.
const PATIENCE: Duration = Duration::from_millis(100);

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("redis: {0}")]
pub struct SharedError(#[from] RedisError);

/// Buckets in Redis, and stricter ones here for when it does not answer.
pub struct Shared {
    client: Client,
    /// Made by the first question: outside a runtime there can be none.
    connection: OnceLock<ConnectionManager>,
    take: Script,
    give_back: Script,
    alone: InProcess,
}

impl Shared {
    /// Connects to `url` when first asked, and again when it was lost.
    pub fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, SharedError> {
        Ok(Self {
            client: Client::open(url)?,
            connection: OnceLock::new(),
            take: Script::new(include_str!("take.lua")),
            give_back: Script::new(include_str!("give_back.lua")),
            alone: InProcess::new(clock),
        })
    }

    fn connection(&self) -> Result<ConnectionManager, RedisError> {
        if let Some(made) = self.connection.get() {
            return Ok(made.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(0);
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }

    /// What `script` says of `buckets`; none when Redis does not answer in time.
    async fn ask(&self, script: &Script, buckets: &[Bucket]) -> Option<i64> {
        let mut call = script.prepare_invoke();
        for Bucket { name, rate, once } in buckets {
            call.key(name).key(once.as_deref().unwrap_or_default());
            call.arg(rate.interval()).arg(rate.allowance());
        }
        let mut connection = self.connection().ok()?;
        let asked = tokio::time::timeout(PATIENCE, call.invoke_async(&mut connection)).await;
        asked.ok().and_then(Result::ok)
    }
}

impl Limiter for Shared {
    fn take(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, Verdict> {
        Box::pin(async move {
            match self.ask(&self.take, &buckets).await {
                Some(0) => return Verdict::Allowed,
                Some(longest) => return wait(longest),
                None => {}
            }
            tracing::warn!("redis does not answer: this replica limits alone, more strictly");
            self.alone.take_now(&stricter(buckets))
        })
    }

    fn give_back(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            self.ask(&self.give_back, &buckets).await;
            // It may have been taken here, while Redis did not answer.
            self.alone.give_back_now(&stricter(buckets));
        })
    }
}

fn stricter(buckets: Vec<Bucket>) -> Vec<Bucket> {
    buckets.into_iter().map(Bucket::stricter).collect()
}
