//! Prometheus metrics.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::core::Collector;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntGauge, Registry, TextEncoder,
};

use super::log::SCRUBBED;

/// Every metric of the program.
pub struct Metrics {
    registry: Registry,
    answers: HistogramVec,
    waiting: IntGauge,
}

impl Metrics {
    /// No figures yet.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let latency = HistogramOpts::new(
            "kaifong_http_answer_seconds",
            "Time from request to answer, by route, method and status",
        )
        .buckets(vec![
            0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
        ]);
        let answers = HistogramVec::new(latency, &["route", "method", "status"])?;
        let waiting = IntGauge::new(
            "kaifong_db_waiting",
            "Pieces of work that wait for a database connection",
        )?;
        registry.register(Box::new(answers.clone()))?;
        registry.register(Box::new(waiting.clone()))?;
        if let Some(scrubbed) = &*SCRUBBED {
            registry.register(Box::new(scrubbed.clone()))?;
        }
        Ok(Self {
            registry,
            answers,
            waiting,
        })
    }

    /// Counts and times one answer.
    pub fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        // A method of the caller's invention must not become a time series of its own.
        let known = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ];
        let method = if known.contains(method) {
            method.as_str()
        } else {
            "other"
        };
        self.answers
            .with_label_values(&[route, method, status.as_str()])
            .observe(took.as_secs_f64());
    }

    /// The figures in Prometheus' text format, with those that are kept elsewhere: the database
    /// queue's length now, and how many sealed cells did not open.
    pub fn text(
        &self,
        waiting: usize,
        unopenable: &IntCounter,
    ) -> Result<String, prometheus::Error> {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        let mut figures = self.registry.gather();
        figures.extend(unopenable.collect());
        TextEncoder::new().encode(&figures, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
