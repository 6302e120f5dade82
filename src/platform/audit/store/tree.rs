//! The tree: leaves, the roots of its complete subtrees, checkpoints and catalogues.

use diesel::dsl::{exists, not, sql};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::Text;
use uuid::Uuid;

use crate::platform::audit::model::{AuditError, Recorded};
use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    audit_catalogue, audit_checkpoint, audit_entry, audit_leaf, audit_node,
};
use crate::platform::tlog::{Edge, Node};

/// A kept subtree is as many times larger than one of the level below: two to this power.
const STRIDE: u32 = 8;
/// Levels that are kept: more leaves than these have room for, there are not.
const LEVELS: u32 = 7;

/// Leaves, each with its entry.
macro_rules! leaves {
    () => {
        audit_leaf::table
            .left_join(audit_entry::table.on(audit_entry::id.eq(audit_leaf::entry)))
            .select((LeafRow::as_select(), Option::<Recorded>::as_select()))
    };
}

/// An entry's place in the tree.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_leaf, check_for_backend(diesel::pg::Pg))]
pub struct LeafRow {
    pub seq: i64,
    pub entry: Uuid,
    pub hash: Vec<u8>,
}

/// A leaf with its entry; `None` when the entry is gone.
pub type Leaf = (LeafRow, Option<Recorded>);

/// Keeps others from sealing until the transaction ends.
pub fn hold_seal(conn: &mut PgConnection) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(7210815)").execute(conn)?;
    Ok(())
}

/// How many leaves there are.
pub fn size(conn: &mut PgConnection) -> Result<u64, DbError> {
    let last: Option<i64> = audit_leaf::table
        .order(audit_leaf::seq.desc())
        .select(audit_leaf::seq)
        .first(conn)
        .optional()?;
    Ok(last.map_or(0, |last| u64::try_from(last).unwrap_or(0).saturating_add(1)))
}

/// The edge of the tree of the first `size` leaves.
pub fn edge(conn: &mut PgConnection, size: u64) -> Result<Edge, AuditError> {
    let mut edge = Edge::default();
    for level in (0..=LEVELS).rev() {
        let shift = level * STRIDE;
        let (from, to) = (edge.size() >> shift, size >> shift);
        for hash in kept(conn, level, (from, to))? {
            if !edge.join(shift, hash) {
                return Err(broken(level, to));
            }
        }
    }
    (edge.size() == size)
        .then_some(edge)
        .ok_or_else(|| broken(0, size))
}

/// The root of the complete subtree of `level` at `place`, from what is kept below it.
pub fn subtree(conn: &mut PgConnection, level: u32, place: u64) -> Result<Digest, AuditError> {
    let (kept_level, rest) = (level / STRIDE, level % STRIDE);
    let (from, to) = (place << rest, place.saturating_add(1) << rest);
    let mut edge = Edge::default();
    for hash in kept(conn, kept_level, (from, to))? {
        edge.join(0, hash);
    }
    if edge.size() == 1 << rest {
        Ok(edge.root())
    } else {
        Err(broken(kept_level, to))
    }
}

fn broken(level: u32, place: u64) -> AuditError {
    AuditError::Broken(format!("a hash of level {level} before {place} is missing"))
}

/// The kept hashes of `level` from one place up to another; of level 0, the leaves.
fn kept(
    conn: &mut PgConnection,
    level: u32,
    (from, to): (u64, u64),
) -> Result<Vec<Digest>, AuditError> {
    let (first, end) = (number(from), number(to));
    let hashes: Vec<Vec<u8>> = if from >= to {
        Vec::new()
    } else if level == 0 {
        audit_leaf::table
            .filter(audit_leaf::seq.ge(first))
            .filter(audit_leaf::seq.lt(end))
            .order(audit_leaf::seq)
            .select(audit_leaf::hash)
            .load(conn)
            .map_err(DbError::from)?
    } else {
        audit_node::table
            .filter(audit_node::level.eq(small(level)))
            .filter(audit_node::place.ge(first))
            .filter(audit_node::place.lt(end))
            .order(audit_node::place)
            .select(audit_node::hash)
            .load(conn)
            .map_err(DbError::from)?
    };
    let digests = hashes.into_iter().map(|hash| {
        hash.try_into()
            .map_err(|_| AuditError::Broken(format!("a hash of level {level} is no hash")))
    });
    digests.collect()
}

pub fn add_leaves(conn: &mut PgConnection, leaves: &[LeafRow]) -> Result<(), DbError> {
    // PostgreSQL takes 65,535 parameters at once.
    for some in leaves.chunks(10_000) {
        diesel::insert_into(audit_leaf::table)
            .values(some)
            .execute(conn)?;
    }
    Ok(())
}

/// Keeps those of `nodes` that are of a level to be kept.
pub fn add_nodes(conn: &mut PgConnection, nodes: &[Node]) -> Result<(), DbError> {
    let rows: Vec<_> = nodes
        .iter()
        .filter(|node| node.level.is_multiple_of(STRIDE))
        .map(|node| {
            (
                audit_node::level.eq(small(node.level / STRIDE)),
                audit_node::place.eq(number(node.place)),
                audit_node::hash.eq(node.hash.to_vec()),
            )
        })
        .collect();
    diesel::insert_into(audit_node::table)
        .values(rows)
        .execute(conn)?;
    Ok(())
}

/// The kept nodes over any leaf from `since` on, as two to the power of which level they span,
/// place and hash.
pub fn nodes(conn: &mut PgConnection, since: u64) -> Result<Vec<(u32, u64, Vec<u8>)>, DbError> {
    let rows: Vec<(i16, i64, Vec<u8>)> = audit_node::table
        .order((audit_node::level, audit_node::place))
        .load(conn)?;
    let spans = rows.into_iter().map(|(level, place, hash)| {
        let level = u32::try_from(level)
            .unwrap_or(u32::MAX)
            .saturating_mul(STRIDE);
        (level, u64::try_from(place).unwrap_or(u64::MAX), hash)
    });
    let ends_after = |(level, place, _): &(u32, u64, Vec<u8>)| {
        let end = place.saturating_add(1).checked_shl(*level);
        end.is_none_or(|end| end > since)
    };
    Ok(spans.filter(ends_after).collect())
}

/// The leaf of the entry `id`, and the entry.
pub fn leaf_of(conn: &mut PgConnection, id: Uuid) -> Result<Option<Leaf>, DbError> {
    Ok(leaves!()
        .filter(audit_leaf::entry.eq(id))
        .first(conn)
        .optional()?)
}

/// Gives `each` every leaf from `since` on, in order, as they come from the server.
pub fn each_leaf(
    conn: &mut PgConnection,
    since: u64,
    mut each: impl FnMut(Leaf) -> Result<(), AuditError>,
) -> Result<(), AuditError> {
    let rows = leaves!()
        .filter(audit_leaf::seq.ge(number(since)))
        .order(audit_leaf::seq)
        .load_iter::<Leaf, PgRowByRowLoadingMode>(conn)
        .map_err(DbError::from)?;
    for row in rows {
        each(row.map_err(DbError::from)?)?;
    }
    Ok(())
}

pub fn add_checkpoint(conn: &mut PgConnection, size: u64, note: &str) -> Result<(), DbError> {
    diesel::insert_into(audit_checkpoint::table)
        .values((
            audit_checkpoint::size.eq(number(size)),
            audit_checkpoint::note.eq(note),
        ))
        .execute(conn)?;
    Ok(())
}

/// The newest checkpoint, as its note.
pub fn newest_note(conn: &mut PgConnection) -> Result<Option<String>, DbError> {
    Ok(audit_checkpoint::table
        .order(audit_checkpoint::size.desc())
        .select(audit_checkpoint::note)
        .first(conn)
        .optional()?)
}

/// The note of the checkpoint of `size`.
pub fn checkpoint(conn: &mut PgConnection, size: u64) -> Result<Option<String>, DbError> {
    Ok(audit_checkpoint::table
        .find(number(size))
        .select(audit_checkpoint::note)
        .first(conn)
        .optional()?)
}

/// Up to `most` checkpoints of more than `size` leaves, the smallest first.
pub fn checkpoints_after(
    conn: &mut PgConnection,
    size: Option<u64>,
    most: i64,
) -> Result<Vec<(u64, String)>, DbError> {
    let rows: Vec<(i64, String)> = audit_checkpoint::table
        .filter(audit_checkpoint::size.gt(size.map_or(-1, number)))
        .order(audit_checkpoint::size)
        .limit(most)
        .load(conn)?;
    let sized = rows
        .into_iter()
        .map(|(size, note)| (u64::try_from(size).unwrap_or(0), note));
    Ok(sized.collect())
}

/// Keeps a catalogue, unless it is kept already.
pub fn add_catalogue(
    conn: &mut PgConnection,
    digest: &Digest,
    items: &[String],
) -> Result<(), DbError> {
    diesel::insert_into(audit_catalogue::table)
        .values((
            audit_catalogue::digest.eq(digest.as_slice()),
            audit_catalogue::items.eq(items),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// Every catalogue that was ever found, by digest; but not those whose entries all wait to be
/// sealed.
pub fn catalogues(
    conn: &mut PgConnection,
    action: &str,
) -> Result<Vec<(Vec<u8>, Vec<String>)>, DbError> {
    let named = || {
        let digest = sql::<Text>("encode(digest, 'hex')");
        audit_entry::table
            .filter(audit_entry::action.eq(action))
            .filter(audit_entry::subject.eq(digest))
    };
    let leaves = audit_leaf::table.filter(audit_leaf::entry.eq(audit_entry::id));
    let sealed = named().filter(exists(leaves));
    Ok(audit_catalogue::table
        .filter(exists(sealed).or(not(exists(named()))))
        .order(audit_catalogue::digest)
        .load(conn)?)
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn small(level: u32) -> i16 {
    i16::try_from(level).unwrap_or(i16::MAX)
}
