//! Buckets that all replicas share, in Redis.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};

use super::{Bucket, InProcess, Limiter, Rate, Verdict, wait};
use crate::kernel::clock::Clock;

/// Nobody waits longer for Redis before this process decides alone.
const PATIENCE: Duration = Duration::from_millis(100);

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("redis: {0}")]
pub struct SharedError(#[from] RedisError);

/// Buckets in Redis, and stricter ones here for when it does not answer.
pub struct Shared {
    connection: ConnectionManager,
    script: Script,
    alone: InProcess,
}

impl Shared {
    /// Connects to `url` when first asked, and again when it was lost.
    pub fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, SharedError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(0);
        let client = Client::open(url)?;
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config)?,
            script: Script::new(include_str!("take.lua")),
            alone: InProcess::new(clock),
        })
    }

    async fn ask(&self, buckets: &[Bucket]) -> Result<Verdict, RedisError> {
        let mut call = self.script.prepare_invoke();
        for Bucket { name, rate } in buckets {
            call.key(name).arg(rate.interval()).arg(rate.allowance());
        }
        let longest: i64 = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(if longest > 0 {
            wait(longest)
        } else {
            Verdict::Allowed
        })
    }
}

impl Limiter for Shared {
    fn take(&self, buckets: Vec<Bucket>) -> LocalBoxFuture<'_, Verdict> {
        Box::pin(async move {
            let asked = tokio::time::timeout(PATIENCE, self.ask(&buckets)).await;
            if let Ok(Ok(verdict)) = asked {
                return verdict;
            }
            tracing::warn!("redis does not answer: this replica limits alone, more strictly");
            let stricter: Vec<_> = buckets
                .into_iter()
                .map(|Bucket { name, rate }| Bucket {
                    name,
                    rate: Rate::stricter(rate),
                })
                .collect();
            self.alone.take_now(&stricter)
        })
    }
}
