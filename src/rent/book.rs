//! The rules in memory, never older than the database says.

use std::sync::{Arc, PoisonError, RwLock};

use diesel::PgConnection;

use super::model::RuleBook;
use super::store;
use crate::platform::db::DbError;

/// A copy of the rules, shared by all requests.
#[derive(Default)]
pub struct RuleShelf(RwLock<Arc<RuleBook>>);

impl RuleShelf {
    /// The rules as they are now.
    pub fn current(&self, conn: &mut PgConnection) -> Result<Arc<RuleBook>, DbError> {
        let version = store::book_version(conn)?;
        self.at(conn, version)
    }

    /// The rules as at the count of changes that the caller just read with its facts.
    pub fn at(&self, conn: &mut PgConnection, version: i64) -> Result<Arc<RuleBook>, DbError> {
        let held = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if held.version == version {
            return Ok(held);
        }
        let book = Arc::new(store::load_book(conn)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&book);
        Ok(book)
    }
}
