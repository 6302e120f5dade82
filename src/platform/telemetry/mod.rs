//! Logs and metrics.
//!
//! Logs carry identifiers of things, never names, documents, tokens or amounts; a request is
//! logged by its route's pattern, not its path.

mod log;
mod metrics;
mod panics;
mod scrub;
#[cfg(test)]
mod tests;

pub use log::{RequestLog, start};
pub use metrics::Metrics;
pub use panics::quiet_panics;
