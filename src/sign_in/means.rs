//! What signing in needs beside the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::platform::auth::Issuer;
use crate::platform::crypto::SigningKey;
use crate::platform::http::problem::Problem;
use crate::platform::limits::{Bucket, Limiter, Verdict};
use crate::platform::password::{Hasher, Wrapper};

use super::identity_provider::IdentityProvider;
use super::relying_party::RelyingParty;
use super::standings::Grants;

/// What signing in needs beside the database.
pub struct Means {
    pub issuer: Issuer,
    /// What access tokens are signed with.
    pub signing: Arc<SigningKey>,
    pub hasher: Hasher,
    pub limiter: Box<dyn Limiter>,
    pub wrapper: Wrapper,
    /// What the holders of roles may do.
    pub grants: Grants,
    /// iAM Smart, where it is set up.
    pub provider: Option<Arc<dyn IdentityProvider>>,
    /// What we are to authenticators.
    pub relying_party: Arc<RelyingParty>,
    /// Refusals leave on this beat, so that how long they took does not tell why.
    pub beat: Duration,
}

impl Means {
    /// The beat that keeps what was found out from showing in time.
    #[must_use]
    pub fn beat(&self) -> Beat {
        Beat {
            asked: Instant::now(),
            length: self.beat,
        }
    }

    /// Takes one from each of `buckets` and tries; unless the try is a wrong guess, `names` are
    /// given back: they count the different names that were guessed at.
    pub async fn guess<T>(
        &self,
        buckets: Vec<Bucket>,
        names: Bucket,
        trying: impl Future<Output = Result<T, Problem>>,
        wrong: impl FnOnce(&T) -> bool,
    ) -> Result<T, Problem> {
        let names = vec![names];
        self.take([buckets, names.clone()].concat()).await?;
        let tried = trying.await;
        if !tried.as_ref().is_ok_and(wrong) {
            self.limiter.give_back(names).await;
        }
        tried
    }

    /// Takes one from each of `buckets`, or refuses.
    pub async fn take(&self, buckets: Vec<Bucket>) -> Result<(), Problem> {
        match self.limiter.take(buckets).await {
            Verdict::Allowed => Ok(()),
            Verdict::Wait(long) => Err(Problem::too_many(long)),
        }
    }
}

/// When a request came, and the beat that its refusal waits for.
pub struct Beat {
    asked: Instant,
    length: Duration,
}

impl Beat {
    /// Waits for the next beat.
    pub async fn wait(&self) {
        let length = self.length.as_micros().max(1);
        let into = self.asked.elapsed().as_micros() % length;
        let rest = u64::try_from(length - into).unwrap_or_default();
        tokio::time::sleep(Duration::from_micros(rest)).await;
    }
}
