//! PostgreSQL: the one door to it, the transaction boundary, the errors.
//!
//! * Diesel blocks, so work runs on the door's own threads; each keeps one pooled
//!   connection, and one bounded queue feeds them first come, first served.
//! * A full queue, or a wait longer than the caller's patience, is [`DbError::Busy`], and the
//!   work is then never done.
//! * Only `Db::write` can write: outside it, every transaction is read-only.
//! * The application works as the role `kaifong_app`, which owns nothing.
//! * Tables of personal data show no row until [`reach_in`] says, for one transaction, which
//!   rows its caller reaches.
//! * Values stay out of the server's own log, as far as the session's role may see to it.
//! * Work that a caller no longer waits for still ends by itself: all of it is kept, or none.
//! * What comes from many callers at the same time may go through the door as one
//!   ([`Gatherer`]); each is answered after the commit that its own was part of.

mod copy;
mod door;
mod error;
mod gather;
mod quiet;
mod reach;
pub mod schema;
mod xid;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub use copy::{CopyRow, copy_frozen};
pub use door::{Db, Patience, transact, transact_at_one_instant};
pub use error::DbError;
pub use gather::{Company, Gatherer, Whole};
pub use quiet::talkative;
pub use reach::{beyond_reach, reach_in};
pub use xid::{TransactionId, Xid8};

/// The schema's history.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Any number that only Kaifong's migrations lock.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7210811)";

/// Connects as the owner of the schema: for migrations and bulk loads.
pub fn connect_as_owner(url: &str) -> Result<PgConnection, DbError> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(quiet::HUSH)?;
    Ok(conn)
}

/// Connects as the application does, without a time limit: for long work off the request path.
pub fn connect(url: &str) -> Result<PgConnection, DbError> {
    let mut conn = connect_as_owner(url)?;
    conn.batch_execute("SET ROLE kaifong_app; SET timezone = 'UTC'")?;
    Ok(conn)
}

/// Applies what is missing of the schema's history, one process at a time.
///
/// Returns the names of the migrations applied.
pub fn migrate(url: &str) -> Result<Vec<String>, DbError> {
    let mut conn = connect_as_owner(url)?;
    // Session-level: released when `conn` closes, also when this process is killed.
    conn.batch_execute(MIGRATION_LOCK)?;
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(DbError::Migration)?
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(applied)
}

/// The migrations that this program has and the database lacks.
pub fn missing_migrations(conn: &mut PgConnection) -> Result<Vec<String>, DbError> {
    use diesel::dsl::sql;
    use diesel::sql_types::{Array, Text};

    // Diesel's own question would first make its table, which the application may not.
    let applied: Vec<String> = diesel::select(sql::<Array<Text>>(
        "ARRAY(SELECT version::text FROM __diesel_schema_migrations)",
    ))
    .get_result(conn)?;
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(DbError::Migration)?;
    let names = known.iter().map(|migration| migration.name());
    Ok(names
        .filter(|name| !applied.contains(&name.version().to_string()))
        .map(ToString::to_string)
        .collect())
}

/// Sets the transaction up for sorting and joining millions of rows.
pub fn prepare_to_scan(conn: &mut PgConnection) -> Result<(), DbError> {
    execute(
        conn,
        "SET LOCAL work_mem = '256MB'; SET LOCAL jit = off; SET LOCAL enable_nestloop = off",
    )
}

/// Asks what compares many rows with many: they are sorted or hashed.
///
/// Of what came just now the statistics say that it is one row, and comparing each with all seems
/// as good; of a hundred thousand it takes hours.
pub fn by_sets<T>(
    conn: &mut PgConnection,
    ask: impl FnOnce(&mut PgConnection) -> Result<T, DbError>,
) -> Result<T, DbError> {
    conn.transaction(|conn| {
        execute(conn, "SET LOCAL enable_nestloop = off")?;
        let answer = ask(conn)?;
        execute(conn, "SET LOCAL enable_nestloop = on")?;
        Ok(answer)
    })
}

/// Runs one or more statements that return nothing.
pub fn execute(conn: &mut PgConnection, sql: &str) -> Result<(), DbError> {
    Ok(conn.batch_execute(sql)?)
}
