//! Estates, blocks and flats in PostgreSQL. The only file that names their tables.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel::upsert::excluded;

use super::model::{ApplicationDistrict, Block, Estate, EstateError, Flat};
use crate::kernel::id::{BlockId, EstateId, FlatId};
use crate::platform::db::DbError;
use crate::platform::db::schema::{block, estate, flat};

/// The order of estates, and its index.
const BY_NAME: &str = "(name ->> 'en') COLLATE \"C\"";

/// PostgreSQL takes 65,535 parameters in a statement; a flat has six.
const ROWS_AT_ONCE: usize = 5_000;

/// Which estates to list.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// A part of the name, in any language.
    pub text: Option<String>,
    /// The district's name, in any language.
    pub district: Option<String>,
    pub application_district: Option<ApplicationDistrict>,
    /// The English name that the page starts after.
    pub after: Option<String>,
}

/// Keeps other imports out until the transaction ends.
pub(super) fn lock(conn: &mut PgConnection) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(7210821)").execute(conn)?;
    Ok(())
}

/// The estates of `ids` that are on the register.
pub(super) fn known(conn: &mut PgConnection, ids: &[EstateId]) -> Result<Vec<Estate>, DbError> {
    Ok(estate::table
        .filter(estate::id.eq_any(ids))
        .select(Estate::as_select())
        .load(conn)?)
}

/// The estate `id`.
pub fn estate(conn: &mut PgConnection, id: EstateId) -> Result<Option<Estate>, DbError> {
    Ok(estate::table
        .find(id)
        .select(Estate::as_select())
        .first(conn)
        .optional()?)
}

/// Up to `rows` estates, by English name.
pub(super) fn list(
    conn: &mut PgConnection,
    wanted: &Wanted,
    rows: i64,
) -> Result<Vec<Estate>, DbError> {
    let mut query = estate::table
        .order(sql::<Text>(BY_NAME))
        .limit(rows)
        .select(Estate::as_select())
        .into_boxed();
    if let Some(text) = &wanted.text {
        query = query.filter(
            sql::<Bool>("position(lower(")
                .bind::<Text, _>(text)
                .sql(") IN lower(concat_ws(E'\\n', name ->> 'en', name ->> 'zh-Hant', name ->> 'zh-Hans'))) > 0"),
        );
    }
    if let Some(district) = &wanted.district {
        query = query.filter(sql::<Bool>("lower(").bind::<Text, _>(district).sql(
            ") IN (lower(district ->> 'en'), district ->> 'zh-Hant', district ->> 'zh-Hans')",
        ));
    }
    if let Some(district) = wanted.application_district {
        query = query.filter(estate::application_district.eq(district));
    }
    if let Some(after) = &wanted.after {
        query = query.filter(sql::<Bool>(BY_NAME).sql(" > ").bind::<Text, _>(after));
    }
    Ok(query.load(conn)?)
}

/// Adds `estate`.
pub(super) fn add(conn: &mut PgConnection, estate: &Estate) -> Result<(), DbError> {
    diesel::insert_into(estate::table)
        .values(estate)
        .execute(conn)?;
    Ok(())
}

/// Replaces the row of `estate`.
pub(super) fn save(conn: &mut PgConnection, estate: &Estate) -> Result<(), DbError> {
    diesel::update(estate::table.find(estate.id))
        .set(estate)
        .execute(conn)?;
    Ok(())
}

/// Every block of `id`, as published; those withdrawn too.
pub(super) fn blocks(conn: &mut PgConnection, id: EstateId) -> Result<Vec<Block>, DbError> {
    Ok(block::table
        .filter(block::estate_id.eq(id))
        .order((block::position, block::id))
        .select(Block::as_select())
        .load(conn)?)
}

/// Adds `blocks`, or replaces the rows of those that are there.
pub(super) fn save_blocks(conn: &mut PgConnection, blocks: &[Block]) -> Result<(), DbError> {
    diesel::insert_into(block::table)
        .values(blocks)
        .on_conflict(block::id)
        .do_update()
        .set((
            block::position.eq(excluded(block::position)),
            block::name.eq(excluded(block::name)),
            block::withdrawn_on.eq(excluded(block::withdrawn_on)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The block `id`.
pub fn block(conn: &mut PgConnection, id: BlockId) -> Result<Option<Block>, DbError> {
    Ok(block::table
        .find(id)
        .select(Block::as_select())
        .first(conn)
        .optional()?)
}

/// Whether block `id` is on the register.
pub(super) fn has_block(conn: &mut PgConnection, id: BlockId) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(block::table.find(id))).get_result(conn)?)
}

/// Up to `rows` flats of `block` after the floor and unit `after`, in that order.
pub(super) fn flats(
    conn: &mut PgConnection,
    block: BlockId,
    after: Option<(i16, String)>,
    rows: i64,
) -> Result<Vec<Flat>, DbError> {
    let mut query = flat::table
        .filter(flat::block_id.eq(block))
        .order((flat::floor, flat::unit))
        .limit(rows)
        .select(Flat::as_select())
        .into_boxed();
    if let Some((floor, unit)) = after {
        let further = flat::floor.eq(floor).and(flat::unit.gt(unit));
        query = query.filter(flat::floor.gt(floor).or(further));
    }
    Ok(query.load(conn)?)
}

/// The flat `id`.
pub fn flat(conn: &mut PgConnection, id: FlatId) -> Result<Option<Flat>, DbError> {
    Ok(flat::table
        .find(id)
        .select(Flat::as_select())
        .first(conn)
        .optional()?)
}

/// Puts `flats` on the register.
pub fn add_flats(conn: &mut PgConnection, flats: &[Flat]) -> Result<(), EstateError> {
    for some in flats.chunks(ROWS_AT_ONCE) {
        let added = diesel::insert_into(flat::table).values(some).execute(conn);
        added.map_err(|error| match DbError::from(error) {
            DbError::Constraint(name) if ["flat_pkey", "flat_once"].contains(&name.as_str()) => {
                EstateError::FlatExists
            }
            DbError::Constraint(name) if name == "flat_block" => EstateError::NotFound,
            other => other.into(),
        })?;
    }
    Ok(())
}
