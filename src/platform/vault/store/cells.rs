//! Sealed columns of other services' tables, by the names under which they are registered.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::platform::db::DbError;
use crate::platform::vault::model::{KeyClass, SealedColumn};

/// The sealed columns of one class in one table.
#[derive(Clone)]
pub struct SealedTable {
    pub table: &'static str,
    id: &'static str,
    revision: Option<&'static str>,
    subject: &'static str,
    pub columns: Vec<&'static str>,
}

impl SealedTable {
    /// The tables of `columns` that hold cells of `class`, those that can be sealed anew.
    pub fn of(class: KeyClass, columns: &[SealedColumn]) -> Vec<Self> {
        let mut tables: Vec<Self> = Vec::new();
        let columns = columns
            .iter()
            .filter(|one| one.class == class && !one.grows_only);
        for column in columns {
            let same = |table: &&mut Self| {
                (table.table, table.id, table.revision, table.subject)
                    == (column.table, column.id, column.revision, column.subject)
            };
            if let Some(table) = tables.iter_mut().find(same) {
                table.columns.push(column.column);
                continue;
            }
            tables.push(Self {
                table: column.table,
                id: column.id,
                revision: column.revision,
                subject: column.subject,
                columns: vec![column.column],
            });
        }
        tables
    }
}

/// The cells of one row, in the order of the columns.
#[derive(QueryableByName)]
pub struct SealedRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub subject: Uuid,
    #[diesel(sql_type = Integer)]
    pub revision: i32,
    #[diesel(sql_type = Array<Nullable<Binary>>)]
    pub cells: Vec<Option<Vec<u8>>>,
}

/// The next chunk after `after`: its last row, and how many rows it has.
pub fn bounds(
    conn: &mut PgConnection,
    table: &SealedTable,
    after: Uuid,
    rows: i64,
) -> Result<(Option<Uuid>, i64), DbError> {
    let (name, id) = (table.table, table.id);
    let ids: Vec<Uuid> =
        diesel::dsl::sql::<SqlUuid>(&format!("SELECT {id} FROM {name} WHERE {id} > "))
            .bind::<SqlUuid, _>(after)
            .sql(&format!(" ORDER BY {id} LIMIT {rows}"))
            .load(conn)?;
    Ok((
        ids.last().copied(),
        i64::try_from(ids.len()).unwrap_or(i64::MAX),
    ))
}

/// The rows after `after` and up to `last`.
pub fn rows(
    conn: &mut PgConnection,
    table: &SealedTable,
    (after, last): (Uuid, Uuid),
) -> Result<Vec<SealedRow>, DbError> {
    let SealedTable {
        table: name,
        id,
        subject,
        ..
    } = table;
    let revision = table.revision.unwrap_or("0");
    let cells = table.columns.join(", ");
    let sql = format!(
        "SELECT {id} AS id, {subject} AS subject, {revision} AS revision, \
                ARRAY[{cells}] AS cells \
         FROM {name} WHERE {id} > $1 AND {id} <= $2 AND {subject} IS NOT NULL"
    );
    Ok(diesel::sql_query(sql)
        .bind::<SqlUuid, _>(after)
        .bind::<SqlUuid, _>(last)
        .load(conn)?)
}

/// A row and its cells sealed anew.
pub type Resealed = (SealedRow, Vec<Option<Vec<u8>>>);

/// Replaces the cells of the rows whose cells are all still what they were; says how many.
pub fn replace(
    conn: &mut PgConnection,
    table: &SealedTable,
    resealed: &[Resealed],
) -> Result<usize, DbError> {
    let (name, id) = (table.table, table.id);
    let (mut sets, mut places, mut names, mut unchanged) = (vec![], vec![], vec![], vec![]);
    for (place, column) in table.columns.iter().enumerate() {
        let (old, new) = (2 * place + 2, 2 * place + 3);
        sets.push(format!("{column} = n.new{place}"));
        places.push(format!("${old}, ${new}"));
        names.push(format!("old{place}, new{place}"));
        unchanged.push(format!("t.{column} IS NOT DISTINCT FROM n.old{place}"));
    }
    let sql = format!(
        "UPDATE {name} t SET {} FROM unnest($1, {}) AS n (id, {}) WHERE t.{id} = n.id AND {}",
        sets.join(", "),
        places.join(", "),
        names.join(", "),
        unchanged.join(" AND "),
    );
    let ids: Vec<_> = resealed.iter().map(|(row, _)| row.id).collect();
    let mut update = diesel::sql_query(sql)
        .into_boxed::<Pg>()
        .bind::<Array<SqlUuid>, _>(ids);
    for place in 0..table.columns.len() {
        let cell = |cells: &'_ [Option<Vec<u8>>]| cells.get(place).cloned().flatten();
        let olds: Vec<_> = resealed.iter().map(|(row, _)| cell(&row.cells)).collect();
        let news: Vec<_> = resealed.iter().map(|(_, cells)| cell(cells)).collect();
        update = update
            .bind::<Array<Nullable<Binary>>, _>(olds)
            .bind::<Array<Nullable<Binary>>, _>(news);
    }
    Ok(update.execute(conn)?)
}

/// How many rows `table` has, about.
pub fn estimate(conn: &mut PgConnection, table: &SealedTable) -> Result<i64, DbError> {
    let rows = diesel::dsl::sql::<BigInt>(
        "(SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = ",
    )
    .bind::<Text, _>(table.table)
    .sql("::regclass)");
    Ok(diesel::select(rows).get_result(conn)?)
}

/// Whether a cell of `table` is still sealed with an older data key than the rotation gave.
pub fn any_older(
    conn: &mut PgConnection,
    table: &SealedTable,
    (class, rotation): (KeyClass, i32),
) -> Result<bool, DbError> {
    let SealedTable {
        table: name,
        subject,
        ..
    } = table;
    let older = table.columns.iter().map(|column| {
        format!("(get_byte(t.{column}, 2) << 8) + get_byte(t.{column}, 3) < k.version")
    });
    let older = older.collect::<Vec<_>>().join(" OR ");
    let sql = format!(
        "EXISTS (SELECT FROM {name} t JOIN data_key k ON k.class = '{class}' \
         AND k.subject = t.{subject} AND k.rotation = {rotation} AND k.state = 'active' \
         WHERE {older})"
    );
    Ok(diesel::select(diesel::dsl::sql::<Bool>(&sql)).get_result(conn)?)
}
