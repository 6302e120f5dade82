//! A real app on a real database, one of each per test.

pub mod authenticator;
mod call;
mod database;
pub mod fixture;
mod posts;
pub mod program;
pub mod redis;
pub mod serving;
pub mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::test::{call_service, init_service, read_body};
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use kaifong::app::{self, App, Desk};
use kaifong::autopay::{self, PrepareCollection};
use kaifong::kernel::clock::Clock;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::payments::{Shelf, gather_news};
use kaifong::platform::auth::{Gate, Issuer, Jwks, SessionClaims, Verifier};
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::db::{Db, Patience, execute};
use kaifong::platform::http::measure::measure;
use kaifong::platform::jobs::Worker;
use kaifong::platform::limits::{InProcess, Limiter};
use kaifong::platform::password::{Hasher, Wrapper};
use kaifong::platform::telemetry::Metrics;
use kaifong::sign_in::identity_provider::IdentityProvider;
use kaifong::sign_in::{Means, RelyingParty, SessionStandings};
use serde_json::Value;
use utoipa_actix_web::AppExt;

pub use call::{Answer, Call};
pub use database::{TestDatabase, count, held_up, wait_until};
use posts::Posts;

/// A clock that stands still until told otherwise.
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    pub fn at(now: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now.parse().unwrap())))
    }

    /// Moves on.
    pub fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }

    pub fn set(&self, now: &str) {
        *self.0.lock().unwrap() = now.parse().unwrap();
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub struct TestApp<S> {
    service: S,
    pub database: Arc<TestDatabase>,
    pub clock: Arc<FixedClock>,
    pub key: Arc<SigningKey>,
    posts: Arc<Posts>,
}

/// Starts the app at nine in the morning of 20 November 2026 in Hong Kong.
pub async fn start() -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    start_on(TestDatabase::create()).await
}

pub async fn start_on(
    database: TestDatabase,
) -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    start_with(database, PATIENCE).await
}

pub async fn start_with(
    database: TestDatabase,
    patience: Patience,
) -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    let clock = FixedClock::at("2026-11-20T01:00:00Z");
    let key = Arc::new(SigningKey::generate().unwrap());
    cheap_hashing(&database);
    start_replica(Arc::new(database), patience, clock, key, Beside::default()).await
}

/// Starts the app with a limiter that is not its own.
pub async fn start_with_limiter(
    limiter: Box<dyn Limiter>,
) -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    let database = TestDatabase::create();
    let clock = FixedClock::at("2026-11-20T01:00:00Z");
    let key = Arc::new(SigningKey::generate().unwrap());
    cheap_hashing(&database);
    let beside = Beside {
        limiter: Some(limiter),
        ..Beside::default()
    };
    start_replica(Arc::new(database), PATIENCE, clock, key, beside).await
}

/// Starts the app as it is where operators' tokens are not taken.
pub async fn start_without_operators() -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    let database = TestDatabase::create();
    let clock = FixedClock::at("2026-11-20T01:00:00Z");
    let key = Arc::new(SigningKey::generate().unwrap());
    cheap_hashing(&database);
    let beside = Beside {
        no_operators: true,
        ..Beside::default()
    };
    start_replica(Arc::new(database), PATIENCE, clock, key, beside).await
}

/// Starts another app on the same database, clock and key.
pub async fn start_beside(
    (database, clock, key): (Arc<TestDatabase>, Arc<FixedClock>, Arc<SigningKey>),
) -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    start_replica(database, PATIENCE, clock, key, Beside::default()).await
}

/// Starts the app with iAM Smart.
pub async fn start_with_provider(
    provider: impl FnOnce(Arc<FixedClock>) -> Arc<dyn IdentityProvider>,
) -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    let database = TestDatabase::create();
    let clock = FixedClock::at("2026-11-20T01:00:00Z");
    let key = Arc::new(SigningKey::generate().unwrap());
    cheap_hashing(&database);
    let beside = Beside {
        provider: Some(provider(clock.clone())),
        ..Beside::default()
    };
    start_replica(Arc::new(database), PATIENCE, clock, key, beside).await
}

const PATIENCE: Patience = Patience {
    connections: 8,
    queue: 64,
    wait: Duration::from_secs(5),
};

/// What hashing costs in service is for attackers, not for tests.
fn cheap_hashing(database: &TestDatabase) {
    let cheap =
        "INSERT INTO hashing_cost SELECT purpose, '2026-02-01', 8, 1, 1, 'test' FROM hashing_cost";
    // A database without migrations has no such table.
    let _ = execute(&mut database.connect(), cheap);
}

/// What most apps have none of.
#[derive(Default)]
struct Beside {
    provider: Option<Arc<dyn IdentityProvider>>,
    limiter: Option<Box<dyn Limiter>>,
    /// Operators' tokens are refused.
    no_operators: bool,
}

async fn start_replica(
    database: Arc<TestDatabase>,
    patience: Patience,
    clock: Arc<FixedClock>,
    key: Arc<SigningKey>,
    beside: Beside,
) -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    let db = Db::open(database.url(), patience);
    let vault = database.vault(clock.now());
    let app = Data::new(App {
        news: gather_news(&db, clock.clone()),
        db,
        clock: clock.clone(),
        rules: Arc::default(),
        body_limit: 32 * 1024,
        shelf: Shelf::of(&database.folder(), 1024 * 1024, &vault),
        vault,
        desk: Desk::default(),
        sign_in: Means {
            issuer: issuer(),
            signing: key.clone(),
            hasher: Hasher::default(),
            limiter: beside
                .limiter
                .unwrap_or_else(|| Box::new(InProcess::new(clock.clone()))),
            wrapper: Wrapper::of(&[7; 32]).unwrap(),
            grants: app::grants,
            provider: beside.provider,
            relying_party: Arc::new(relying_party()),
            beat: Duration::from_millis(20),
        },
    });
    let real = SessionStandings::open(app.db.clone(), database.url(), clock.clone(), app::grants);
    let posts = Arc::new(Posts::before(Arc::new(real)));
    let gate = Data::new(Gate {
        verifier: Verifier::new(issuer(), Jwks::of(&key), clock.clone()),
        standings: posts.clone(),
        operators: !beside.no_operators,
    });
    let metrics = Data::new(Metrics::new().unwrap());
    let service = init_service(
        actix_web::App::new()
            .wrap(app::headers(true))
            .wrap(from_fn(measure))
            .into_utoipa_app()
            .configure(app::routes(app, gate, metrics))
            .into_app(),
    )
    .await;
    TestApp {
        service,
        database,
        clock,
        key,
        posts,
    }
}

fn relying_party() -> RelyingParty {
    let origins = ["https://tenant.kaifong.example"].map(|origin| origin.parse().unwrap());
    RelyingParty::new("kaifong.example", &origins).unwrap()
}

fn issuer() -> Issuer {
    Issuer {
        issuer: "kaifong".into(),
        audience: "kaifong".into(),
    }
}

impl<S, B> TestApp<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    /// What another replica shares with this one.
    pub fn shared(&self) -> (Arc<TestDatabase>, Arc<FixedClock>, Arc<SigningKey>) {
        (self.database.clone(), self.clock.clone(), self.key.clone())
    }

    /// A token of `name` that holds `scope`, in force for five minutes.
    pub fn token_of(&self, name: &str, scope: &str) -> String {
        let now = self.clock.now().timestamp();
        issuer().mint(&self.key, name, scope, now, 300).unwrap()
    }

    /// A token of a session whose holder is `role` at `reach`.
    pub fn session(&self, role: Role, reach: Reach) -> String {
        let sid = self.posts.hold(role, reach, self.clock.now());
        self.token_in(role.as_str(), sid)
    }

    /// A token of a session whose holder has `scope` over `reach`, whatever the access table
    /// says.
    pub fn session_with(&self, scope: &'static str, reach: Reach) -> String {
        let sid = self.posts.hold_scope(scope, reach, self.clock.now());
        self.token_in("nobody's role", sid)
    }

    fn token_in(&self, subject: &str, sid: uuid::Uuid) -> String {
        let now = self.clock.now().timestamp();
        let claims = SessionClaims {
            sub: subject,
            sid,
            acr: "aal2",
            amr: &[],
        };
        issuer()
            .mint_for_session(&self.key, &claims, now, 300)
            .unwrap()
    }

    /// Ends every session.
    pub fn end_sessions(&self) {
        self.posts.end_all();
    }

    /// Does the background work that is due; says how many jobs were tried.
    pub fn work(&self) -> usize {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let vault = self.database.vault(self.clock.now());
        let handlers = app::handlers().on(move |conn, bench, job: PrepareCollection| {
            autopay::prepare_ordered((conn, &bench.url), &vault, bench.clock.as_ref(), &job)?;
            Ok(())
        });
        Worker::new(handlers, self.database.url(), clock)
            .drain()
            .unwrap()
    }

    pub async fn send(&self, call: Call) -> Answer {
        let request = call.into_request(|name, scope| self.token_of(name, scope));
        let response = call_service(&self.service, request).await;
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = read_body(response).await.to_vec();
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }
}

/// Numbers that look random and are the same in every run (xorshift).
pub fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |sides| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % sides.max(1)
    }
}
