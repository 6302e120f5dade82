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
    /// What access tokens are signed with; absent, they come from elsewhere.
    pub signing: Option<Arc<SigningKey>>,
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
