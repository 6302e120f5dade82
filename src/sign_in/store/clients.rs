//! Contractors' and payment channels' programs.

use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::db::DbError;
use crate::platform::db::schema::client as table;
use crate::sign_in::model::Client;

/// Adds a client.
pub fn add(conn: &mut PgConnection, new: &Client) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values(new)
        .execute(conn)?;
    Ok(())
}

/// Client `id`.
pub fn client(conn: &mut PgConnection, id: Uuid) -> Result<Option<Client>, DbError> {
    Ok(table::table
        .find(id)
        .select(Client::as_select())
        .first(conn)
        .optional()?)
}

/// Client `id`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, id: Uuid) -> Result<Option<Client>, DbError> {
    Ok(table::table
        .find(id)
        .select(Client::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Saves what may change of a client.
pub fn save(conn: &mut PgConnection, client: &Client) -> Result<(), DbError> {
    diesel::update(table::table.find(client.id))
        .set((
            table::state.eq(client.state),
            table::approved_by.eq(&client.approved_by),
            table::approved_at.eq(client.approved_at),
            table::version.eq(client.version),
        ))
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` clients after `after`.
pub fn list(
    conn: &mut PgConnection,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Client>, DbError> {
    let mut query = table::table
        .order(table::id)
        .limit(rows)
        .select(Client::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(table::id.gt(after));
    }
    Ok(query.load(conn)?)
}
