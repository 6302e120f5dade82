//! Rules that a circular can change: dated rows, each with who says so.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// When a rule holds (both days included), and between which instants we knew it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub recorded_at: DateTime<Utc>,
    pub replaced_at: Option<DateTime<Utc>>,
}

impl InForce {
    /// Whether it held on `day`, as far as was known at `known_at`.
    #[must_use]
    pub fn holds(&self, day: NaiveDate, known_at: DateTime<Utc>) -> bool {
        self.valid_from <= day
            && self.valid_to.is_none_or(|last| day <= last)
            && self.known(known_at)
    }

    /// Whether it was the state of knowledge at `known_at`.
    #[must_use]
    pub fn known(&self, known_at: DateTime<Utc>) -> bool {
        self.recorded_at <= known_at && self.replaced_at.is_none_or(|end| known_at < end)
    }
}

/// A row of a rule table: its number, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RuleRow {
    /// The number of the row among its slice's rules.
    pub number: i32,
    /// Who says so.
    #[schema(value_type = String)]
    pub source: Arc<str>,
    /// True where no public source gives the figure.
    pub assumed: bool,
}
