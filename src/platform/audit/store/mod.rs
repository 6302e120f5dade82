//! The audit trail in PostgreSQL. The only files that name its tables.

mod entries;
mod tree;

use diesel::PgConnection;

use super::model::AuditError;
use crate::platform::db::DbError;

pub use entries::{add, entries, views_of};
pub(super) use entries::{any_unsealed, each_left_out, newest_at, unsealed};
pub use tree::newest_note;
pub(super) use tree::{
    LeafRow, add_catalogue, add_checkpoint, add_leaves, add_nodes, catalogues, checkpoint,
    checkpoints_after, each_leaf, edge, hold_seal, leaf_of, nodes, size, subtree,
};

/// Runs `work` in one snapshot of the database.
pub(super) fn snapshot<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, AuditError>,
) -> Result<T, AuditError> {
    let mut result = None;
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(|conn| {
            result = Some(work(conn));
            Ok::<_, diesel::result::Error>(())
        })
        .map_err(DbError::from)?;
    result.unwrap_or_else(|| Err(DbError::Panicked.into()))
}
