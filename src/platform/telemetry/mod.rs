//! Logs and metrics.
//!
//! Logs carry identifiers of things, never names, documents, tokens or amounts; a request is
//! logged by its route's pattern, not its path.

mod log;
mod metrics;

pub use log::{RequestLog, start};
pub use metrics::Metrics;
