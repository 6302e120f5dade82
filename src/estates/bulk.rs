//! Every estate at once, and flats by the hundred thousand.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::model::{Block, Estate, EstateError, Flat};
use crate::kernel::id::EstateId;
use crate::platform::db::DbError;
use crate::platform::db::schema::{block, estate, flat};

/// Every estate with its standing blocks, by identifier.
pub fn homes(conn: &mut PgConnection) -> Result<Vec<(Estate, Vec<Block>)>, DbError> {
    let estates: Vec<Estate> = estate::table
        .order(estate::id)
        .select(Estate::as_select())
        .load(conn)?;
    let blocks: Vec<Block> = block::table
        .filter(block::withdrawn_on.is_null())
        .order((block::estate_id, block::position, block::id))
        .select(Block::as_select())
        .load(conn)?;
    let mut by_estate: HashMap<EstateId, Vec<Block>> = HashMap::new();
    for block in blocks {
        by_estate.entry(block.estate_id).or_default().push(block);
    }
    let with_blocks = |estate: Estate| {
        let blocks = by_estate.remove(&estate.id).unwrap_or_default();
        (estate, blocks)
    };
    Ok(estates.into_iter().map(with_blocks).collect())
}

/// Whether there is any flat.
pub fn has_flats(conn: &mut PgConnection) -> Result<bool, DbError> {
    Ok(diesel::select(exists(flat::table.select(flat::id))).get_result(conn)?)
}

/// Puts `flats` on the register by one `COPY`.
pub fn load_flats(conn: &mut PgConnection, flats: &[Flat]) -> Result<(), EstateError> {
    let rows = flats.iter().map(|new| {
        (
            flat::id.eq(new.id),
            flat::block_id.eq(new.block_id),
            flat::estate_id.eq(new.estate_id),
            flat::floor.eq(new.floor),
            flat::unit.eq(&new.unit),
            flat::ifa.eq(new.ifa),
        )
    });
    diesel::copy_from(flat::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)
        .map_err(DbError::from)?;
    Ok(())
}
