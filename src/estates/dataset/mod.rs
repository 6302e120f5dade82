//! The Housing Authority's dataset of its estates (`prh-estates.json`), as published.
//!
//! * Bytes in, records and findings out: pure, so the same file always reads the same.
//! * What is odd in a record but can be read is a warning that names the record and the key.
//! * What cannot be trusted refuses that record alone; the others are read.
//! * A file that is no such dataset at all is one error. Nothing here panics, whatever the
//!   bytes.

mod blocks;
mod fields;
mod finding;
mod record;
mod text;
mod values;

use std::collections::HashSet;

use serde_json::Value;

pub use finding::{Finding, FindingKind, Severity};

use super::model::EstateRecord;

/// The published file is under 1 MB.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// There are 241.
const MOST_RECORDS: usize = 10_000;

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The estates read, in published order.
    pub records: Vec<EstateRecord>,
    /// Everything odd, in published order.
    pub findings: Vec<Finding>,
}

impl Dataset {
    /// How many records, or the file itself, were refused.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.is_error())
            .count()
    }
}

/// Reads a dataset.
#[must_use]
pub fn read(bytes: &[u8]) -> Dataset {
    match values(bytes) {
        Ok(values) => records(&values),
        Err(message) => Dataset {
            records: Vec::new(),
            findings: vec![Finding::file(message)],
        },
    }
}

/// The array that the file is.
fn values(bytes: &[u8]) -> Result<Vec<Value>, String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!(
            "the file has {} bytes; the limit is 20 MB",
            bytes.len()
        ));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!(
            "the file is not UTF-8: byte {} is wrong",
            error.valid_up_to()
        )
    })?;
    if text.trim().is_empty() {
        return Err("the file is empty".to_owned());
    }
    match serde_json::from_str(text) {
        Ok(Value::Array(values)) if values.len() > MOST_RECORDS => Err(format!(
            "the file has {} records; the limit is {MOST_RECORDS}",
            values.len()
        )),
        Ok(Value::Array(values)) => Ok(values),
        Ok(_) => Err("the file is not a JSON array of estates".to_owned()),
        Err(error) => Err(format!("the file is not JSON: {error}")),
    }
}

fn records(values: &[Value]) -> Dataset {
    let mut findings = Vec::new();
    let mut seen = HashSet::new();
    let mut records = Vec::new();
    for (number, value) in (1..).zip(values) {
        records.extend(record::read(number, value, &mut seen, &mut findings));
    }
    Dataset { records, findings }
}

#[cfg(test)]
mod tests;
