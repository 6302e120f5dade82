//! A real app on a real database, one of each per test.

mod call;
mod database;
pub mod fixture;
pub mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::test::{call_service, init_service, read_body};
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use kaifong::app::{self, App, Desk};
use kaifong::kernel::clock::Clock;
use kaifong::platform::auth::{Gate, Issuer, Jwks, NoSessions, Verifier};
use kaifong::platform::crypto::SigningKey;
use kaifong::platform::db::{Db, Patience};
use kaifong::platform::http::measure::measure;
use kaifong::platform::jobs::Worker;
use kaifong::platform::telemetry::Metrics;
use serde_json::Value;
use utoipa_actix_web::AppExt;

pub use call::{Answer, Call};
pub use database::{TestDatabase, count};

/// A clock that stands still until told otherwise.
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    pub fn at(now: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now.parse().unwrap())))
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
    pub database: TestDatabase,
    pub clock: Arc<FixedClock>,
    key: SigningKey,
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
    let patience = Patience {
        connections: 8,
        queue: 64,
        wait: Duration::from_secs(5),
    };
    start_with(database, patience).await
}

pub async fn start_with(
    database: TestDatabase,
    patience: Patience,
) -> TestApp<
    impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
> {
    let clock = FixedClock::at("2026-11-20T01:00:00Z");
    let key = SigningKey::generate().unwrap();
    let app = Data::new(App {
        db: Db::open(database.url(), patience),
        clock: clock.clone(),
        rules: Arc::default(),
        body_limit: 32 * 1024,
        desk: Desk::default(),
    });
    let gate = Data::new(Gate {
        verifier: Verifier::new(issuer(), Jwks::of(&key), clock.clone()),
        standings: Arc::new(NoSessions),
        operators: true,
    });
    let metrics = Data::new(Metrics::new().unwrap());
    let service = init_service(
        actix_web::App::new()
            .wrap(app::headers())
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
    }
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
    /// A token that holds `scope`, in force for five minutes.
    pub fn token(&self, scope: &str) -> String {
        let now = self.clock.now().timestamp();
        issuer()
            .mint(&self.key, "officer-7", scope, now, 300)
            .unwrap()
    }

    /// Does the background work that is due; says how many jobs were tried.
    pub fn work(&self) -> usize {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Worker::new(app::handlers(), self.database.url(), clock)
            .drain()
            .unwrap()
    }

    pub async fn send(&self, call: Call) -> Answer {
        let request = call.into_request(|scope| self.token(scope));
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
