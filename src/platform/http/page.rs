//! Keyset pages: a page is found by where the last one ended, never by counting rows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::Problem;

/// An opaque place in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
pub struct Cursor(String);

impl Cursor {
    /// The place of `key`.
    pub fn at(key: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(key).map(|json| Self(URL_SAFE_NO_PAD.encode(json)))
    }

    /// The key that a page starts after.
    pub fn key<K: DeserializeOwned>(&self) -> Result<K, Problem> {
        let json = URL_SAFE_NO_PAD
            .decode(&self.0)
            .map_err(|error| Problem::malformed(&format!("after: {error}")))?;
        serde_json::from_slice(&json)
            .map_err(|error| Problem::malformed(&format!("after: {error}")))
    }
}

/// The key that the page after `cursor` starts after.
pub fn after<K: DeserializeOwned>(cursor: Option<&Cursor>) -> Result<Option<K>, Problem> {
    cursor.map(Cursor::key).transpose()
}

/// A page size.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(try_from = "u8")]
#[schema(value_type = u8, minimum = 1, maximum = 100, default = 25)]
pub struct Limit(u8);

impl Default for Limit {
    fn default() -> Self {
        Self(25)
    }
}

impl TryFrom<u8> for Limit {
    type Error = &'static str;

    fn try_from(limit: u8) -> Result<Self, Self::Error> {
        (1..=100)
            .contains(&limit)
            .then_some(Self(limit))
            .ok_or("limit is from 1 to 100")
    }
}

impl Limit {
    /// How many rows to fetch: one more than the page, to learn whether another follows.
    #[must_use]
    pub fn rows(self) -> i64 {
        i64::from(self.0) + 1
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    items: Vec<T>,
    /// Pass as `after` to get the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Cuts the extra row off `rows`, shows each with `show`, and points at the next page.
    pub fn new<R, K: Serialize>(
        mut rows: Vec<R>,
        limit: Limit,
        key: impl Fn(&R) -> K,
        show: impl FnMut(R) -> T,
    ) -> Result<Self, Problem> {
        let size = usize::from(limit.0);
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(key);
        let next = last.as_ref().map(Cursor::at).transpose();
        Ok(Self {
            next: next.map_err(Problem::internal)?,
            items: rows.into_iter().map(show).collect(),
        })
    }
}
