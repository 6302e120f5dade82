//! Entries: added, listed, and those that have no place in the tree yet.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not, sql};
use diesel::pg::{Pg, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use uuid::Uuid;

use crate::platform::audit::model::{Entry, Place, Recorded, View, Wanted};
use crate::platform::db::schema::{audit_entry as table, audit_leaf};
use crate::platform::db::{DbError, TransactionId};

/// Records `entry`.
pub fn add(conn: &mut PgConnection, entry: &Entry<'_>) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values((
            table::id.eq(Uuid::now_v7()),
            table::actor.eq(entry.actor.as_str()),
            table::action.eq(entry.action),
            table::subject.eq(&entry.subject),
            table::at.eq(entry.at),
            table::person.eq(entry.person),
            table::household.eq(entry.household),
            table::fields.eq(entry.fields),
            table::purpose.eq(entry.purpose),
            table::on_behalf_of.eq(entry.on_behalf_of),
            table::request.eq(entry.request),
            table::detail.eq(entry.detail),
        ))
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` entries, the newest first.
pub fn entries(
    conn: &mut PgConnection,
    wanted: &Wanted,
    rows: i64,
) -> Result<Vec<Recorded>, DbError> {
    let mut query = newest_first(wanted.after)
        .limit(rows)
        .select(Recorded::as_select());
    if let Some(actor) = &wanted.actor {
        query = query.filter(table::actor.eq(actor));
    }
    if let Some(subject) = &wanted.subject {
        query = query.filter(table::subject.eq(subject));
    }
    if let Some(action) = &wanted.action {
        query = query.filter(table::action.eq(action));
    }
    if let Some(person) = wanted.person {
        query = query.filter(table::person.eq(person));
    }
    if let Some(from) = wanted.from {
        query = query.filter(table::at.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(table::at.lt(to));
    }
    Ok(query.load(conn)?)
}

/// Up to `rows` readings of the sealed fields of `person`, the newest first.
pub fn views_of(
    conn: &mut PgConnection,
    person: Uuid,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<View>, DbError> {
    Ok(newest_first(after)
        .filter(table::person.eq(person))
        .filter(table::fields.is_not_null())
        .limit(rows)
        .select(View::as_select())
        .load(conn)?)
}

type Entries<'a> = table::BoxedQuery<'a, Pg>;

fn newest_first<'a>(after: Option<Place>) -> Entries<'a> {
    let query = table::table
        .order((table::at.desc(), table::id.desc()))
        .into_boxed();
    match after {
        Some((at, id)) => query.filter(table::at.le(at).and(table::at.lt(at).or(table::id.lt(id)))),
        None => query,
    }
}

/// When an entry of `action` was last recorded.
pub fn newest_at(conn: &mut PgConnection, action: &str) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(table::table
        .filter(table::action.eq(action))
        .order((table::at.desc(), table::id.desc()))
        .select(table::at)
        .first(conn)
        .optional()?)
}

/// Up to `most` entries without a place in the tree that may have one, in the order of the
/// transactions that wrote them.
///
/// Those are the entries of transactions before the oldest that is still under way: all of
/// them are seen now, and no other can ever come before them.
pub fn unsealed(conn: &mut PgConnection, most: i64) -> Result<Vec<Recorded>, DbError> {
    let waiting = waiting(conn)?;
    Ok(waiting
        .order((table::written_by, table::id))
        .limit(most)
        .select(Recorded::as_select())
        .load(conn)?)
}

/// Whether [`unsealed`] has any.
pub fn any_unsealed(conn: &mut PgConnection) -> Result<bool, DbError> {
    let waiting = waiting(conn)?;
    Ok(diesel::select(exists(waiting)).get_result(conn)?)
}

fn waiting<'a>(conn: &mut PgConnection) -> Result<Entries<'a>, DbError> {
    // A number that this cluster has not reached was written in another one, before the rows
    // were brought here: nobody can still be writing under it.
    let ended = sql::<Bool>(
        "(written_by < pg_snapshot_xmin(pg_current_snapshot()) \
         OR written_by >= pg_snapshot_xmax(pg_current_snapshot()))",
    );
    let query = table::table
        .filter(ended)
        .filter(not(sealed()))
        .into_boxed();
    Ok(match sealed_up_to(conn)? {
        Some((last, true)) => query.filter(table::written_by.ge(last)),
        _ => query,
    })
}

#[diesel::dsl::auto_type(no_type_alias)]
fn sealed() -> _ {
    let leaves = audit_leaf::table.filter(audit_leaf::entry.eq(table::id));
    exists(leaves)
}

/// The transaction of the entry that was sealed last, and whether it is one of this cluster:
/// then everything before it is sealed.
fn sealed_up_to(conn: &mut PgConnection) -> Result<Option<(TransactionId, bool)>, DbError> {
    let ours = sql::<Bool>("written_by < pg_snapshot_xmax(pg_current_snapshot())");
    Ok(audit_leaf::table
        .inner_join(table::table.on(table::id.eq(audit_leaf::entry)))
        .order(audit_leaf::seq.desc())
        .select((table::written_by, ours))
        .first(conn)
        .optional()?)
}

/// Gives `each` the entries without a place in the tree although they are of a transaction
/// before `last`, by which time they should have had one.
pub fn each_left_out<E: From<DbError>>(
    conn: &mut PgConnection,
    mut each: impl FnMut(Recorded) -> Result<(), E>,
) -> Result<(), E> {
    // In a cluster that the rows were brought to, numbers tell nothing of their order.
    let Some((last, true)) = sealed_up_to(conn)? else {
        return Ok(());
    };
    let rows = table::table
        .filter(table::written_by.lt(last))
        .filter(not(sealed()))
        .order((table::written_by, table::id))
        .select(Recorded::as_select())
        .load_iter::<Recorded, PgRowByRowLoadingMode>(conn)
        .map_err(DbError::from)?;
    for row in rows {
        each(row.map_err(DbError::from)?)?;
    }
    Ok(())
}
