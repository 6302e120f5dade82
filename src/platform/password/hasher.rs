//! argon2id, a few at a time, each on a thread of its own behind all others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{NoRandomness, Remembered, random};
use crate::platform::http::problem::Problem;

/// What one hashing takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

/// Whether a secret is the one that was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    No,
    Yes,
    /// It is, and was hashed at another cost than is asked now: hash it anew.
    Outdated,
}

/// Why nothing was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// Too many wait, or this one has waited too long.
    #[error("too many secrets are being checked")]
    Busy,
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A cost or a stored hash that argon2 does not take.
    #[error("argon2: {0}")]
    Broken(argon2::password_hash::Error),
    #[error("a stored hash cannot be read")]
    Unreadable,
    #[error("hashing was cut off")]
    CutOff,
}

impl From<argon2::Error> for HasherError {
    fn from(error: argon2::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl From<argon2::password_hash::Error> for HasherError {
    fn from(error: argon2::password_hash::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<HasherError> for Problem {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => Self::unavailable(error),
            other => Self::internal(other),
        }
    }
}

/// `secret` hashed at once, on this thread: for the command line.
pub fn hash_now(secret: &Remembered, cost: Cost) -> Result<String, HasherError> {
    hash(secret, &random::<16>()?, cost)
}

/// A tenth of the share of a processor that others have.
const NICE: i32 = 10;
/// Hashing that takes so long is kept from running: it takes a quarter of it.
const OVERTAKEN: Duration = Duration::from_millis(300);

/// Where secrets are hashed.
pub struct Hasher {
    places: Arc<Semaphore>,
    /// As many places for what runs behind everything else.
    behind: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    wait: Duration,
}

impl Default for Hasher {
    /// One core is left for everything else; 32 may wait, a quarter of a second each.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(
            cores.saturating_sub(1).max(1),
            32,
            Duration::from_millis(250),
        )
    }
}

impl Hasher {
    /// Hashes `places` at a time, while up to `queue` wait, each no longer than `wait`.
    #[must_use]
    pub fn new(places: usize, queue: usize, wait: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            behind: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            queue,
            wait,
        }
    }

    /// Whether `secret` is the one hashed in `stored`. Without one it takes as long to say no.
    pub async fn check(
        &self,
        secret: Remembered,
        stored: Option<String>,
        cost: Cost,
    ) -> Result<Match, HasherError> {
        self.off_thread(move || match &stored {
            Some(stored) => check(&secret, stored, cost),
            None => hash(&secret, &[0; 16], cost).map(|_| Match::No),
        })
        .await
    }

    /// `secret` hashed, as it is kept.
    pub async fn hash(&self, secret: Remembered, cost: Cost) -> Result<String, HasherError> {
        let salt = random::<16>()?;
        self.off_thread(move || hash(&secret, &salt, cost)).await
    }

    /// Does `work` behind everything else on this machine. When that gets it nowhere, because the
    /// machine is busy, it is begun again with a share of a processor.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl Fn() -> Result<T, HasherError> + Send + Sync + 'static,
    ) -> Result<T, HasherError> {
        let _place = self.place().await?;
        let work = Arc::new(work);
        let mut begun = None;
        // One that was overtaken is still at it, and keeps its place here.
        if let Ok(behind) = Arc::clone(&self.behind).try_acquire_owned() {
            let work = Arc::clone(&work);
            let mut answer = on_thread(Behind::All, move || {
                let done = work();
                drop(behind);
                done
            })?;
            match tokio::time::timeout(OVERTAKEN, &mut answer).await {
                Ok(answer) => return answer.unwrap_or(Err(HasherError::CutOff)),
                Err(_) => begun = Some(answer),
            }
        }
        let again = on_thread(Behind::Most, move || work())?;
        let first = async {
            match begun {
                Some(answer) => answer.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            answer = first => answer,
            answer = again => answer,
        }
        .unwrap_or(Err(HasherError::CutOff))
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        // Counted down also when the caller goes away and this future is dropped.
        let _waiting = Waiting::one_more(&self.waiting, self.queue)?;
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.wait, place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(HasherError::Busy),
        }
    }
}

/// Whom hashing goes behind: it takes a processor for a tenth of a second, and somebody's rent
/// account is read in one.
#[derive(Debug, Clone, Copy)]
enum Behind {
    /// It runs where nothing else wants to, and at once makes way for whatever does.
    All,
    /// It has a tenth of the share of others.
    Most,
}

/// Begins `work` on a thread of its own.
fn on_thread<T: Send + 'static>(
    behind: Behind,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, HasherError> {
    let (answer, answered) = oneshot::channel();
    let thread = std::thread::Builder::new().name("argon2".to_owned());
    let begun = thread.spawn(move || {
        // Linux keeps this for each thread by itself. If it is refused, hashing is as it was.
        match behind {
            Behind::All => {
                let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
                let this = thread_native_id();
                let _ = set_thread_priority_and_policy(this, ThreadPriority::Min, idle);
            }
            Behind::Most => {
                let _ = rustix::process::setpriority_process(None, NICE);
            }
        }
        // Who asked may have gone.
        let _ = answer.send(work());
    });
    begun.map_err(|_| HasherError::CutOff)?;
    Ok(answered)
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn one_more(count: &'a AtomicUsize, most: usize) -> Result<Self, HasherError> {
        let waiting = Self(count);
        if count.fetch_add(1, Ordering::AcqRel) < most {
            Ok(waiting)
        } else {
            Err(HasherError::Busy)
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn hash(secret: &Remembered, salt: &[u8], cost: Cost) -> Result<String, HasherError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password_with_salt(secret.reveal().as_bytes(), salt)?;
    Ok(hash.to_string())
}

fn check(secret: &Remembered, stored: &str, cost: Cost) -> Result<Match, HasherError> {
    let stored = PasswordHash::new(stored).map_err(|_| HasherError::Unreadable)?;
    let params = Params::try_from(&stored)?;
    let verified = Argon2::default().verify_password(secret.reveal().as_bytes(), &stored);
    match verified {
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Match::No),
        Err(error) => Err(error.into()),
        Ok(()) => {
            let paid = Cost {
                memory_kib: params.m_cost(),
                passes: params.t_cost(),
                lanes: params.p_cost(),
            };
            Ok(if paid == cost {
                Match::Yes
            } else {
                Match::Outdated
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn secret(text: &str) -> Remembered {
        Remembered::try_from(text.to_owned()).unwrap()
    }

    #[actix_web::test]
    async fn a_secret_is_known_by_its_hash_and_its_cost() {
        let hasher = Hasher::default();
        let stored = hasher.hash(secret("481516"), CHEAP).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"),
            "{stored}"
        );
        let dearer = Cost { passes: 2, ..CHEAP };
        for (sent, stored, cost, expected) in [
            ("481516", Some(&stored), CHEAP, Match::Yes),
            ("481516", Some(&stored), dearer, Match::Outdated),
            ("481517", Some(&stored), CHEAP, Match::No),
            ("481516", None, CHEAP, Match::No),
        ] {
            let found = hasher.check(secret(sent), stored.cloned(), cost).await;
            assert_eq!(found, Ok(expected), "{sent}");
        }
    }

    const SCHED_IDLE: u32 = 5;

    /// Policy and niceness of the thread that asks (proc(5)).
    fn scheduling() -> (u32, i32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        (fields[38].parse().unwrap(), fields[16].parse().unwrap())
    }

    #[actix_web::test]
    async fn hashing_goes_behind_everything_else_until_it_gets_nowhere() {
        let scheduled = async |behind| on_thread(behind, scheduling).unwrap().await.unwrap();
        assert_eq!(scheduled(Behind::All).await.0, SCHED_IDLE);
        assert_eq!(scheduled(Behind::Most).await, (0, NICE));

        let hasher = Hasher::new(1, 1, Duration::from_millis(50));
        let ran = async || hasher.off_thread(|| Ok(scheduling().0)).await;
        assert_eq!(ran().await, Ok(SCHED_IDLE));
        let overtaken = Arc::clone(&hasher.behind).try_acquire_owned().unwrap();
        assert_eq!(ran().await, Ok(0));
        drop(overtaken);
        // Begun behind everything and never done: it is begun again.
        let stuck = || {
            if scheduling().0 == SCHED_IDLE {
                std::thread::sleep(Duration::from_secs(2));
            }
            Ok(scheduling().0)
        };
        assert_eq!(hasher.off_thread(stuck).await, Ok(0));
    }

    #[actix_web::test]
    async fn who_waits_too_long_or_finds_the_queue_full_is_turned_away() {
        let hasher = Arc::new(Hasher::new(1, 1, Duration::from_millis(50)));
        let held = Arc::clone(&hasher.places).try_acquire_owned().unwrap();
        let waits = tokio::task::spawn_local({
            let hasher = Arc::clone(&hasher);
            async move { hasher.check(secret("a"), None, CHEAP).await }
        });
        tokio::task::yield_now().await;
        let turned_away = hasher.check(secret("b"), None, CHEAP).await;
        assert_eq!(turned_away, Err(HasherError::Busy), "the queue is full");
        assert_eq!(
            waits.await.unwrap(),
            Err(HasherError::Busy),
            "waited too long"
        );
        drop(held);
        assert_eq!(hasher.check(secret("c"), None, CHEAP).await, Ok(Match::No));
    }
}
