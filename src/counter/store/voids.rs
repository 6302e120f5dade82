//! Proposals that receipts are void, and what was decided of them.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::counter::model::{CounterError, Void};
use crate::kernel::four_eyes::Decision;
use crate::kernel::id::{CounterDayId, PaymentId, VoidId};
use crate::platform::db::DbError;
use crate::platform::db::schema::{counter_receipt, counter_void, counter_void_decision};

type Row = (
    VoidId,
    PaymentId,
    String,
    String,
    DateTime<Utc>,
    Option<(bool, Option<String>, String, DateTime<Utc>)>,
);

#[diesel::dsl::auto_type(no_type_alias)]
fn rows() -> _ {
    counter_void::table
        .left_join(
            counter_void_decision::table.on(counter_void_decision::void.eq(counter_void::id)),
        )
        .select((
            counter_void::id,
            counter_void::payment,
            counter_void::reason,
            counter_void::proposed_by,
            counter_void::proposed_at,
            (
                counter_void_decision::approved,
                counter_void_decision::reason,
                counter_void_decision::decided_by,
                counter_void_decision::decided_at,
            )
                .nullable(),
        ))
}

fn void(row: Row) -> Void {
    let (id, payment, reason, proposed_by, proposed_at, decided) = row;
    let decision = decided.map(|(approved, reason, decided_by, decided_at)| Decision {
        approved,
        reason,
        decided_by,
        decided_at,
    });
    Void {
        id,
        payment,
        reason,
        proposed_by,
        proposed_at,
        decision,
    }
}

pub fn one(conn: &mut PgConnection, id: VoidId) -> Result<Void, CounterError> {
    let row: Option<Row> = rows()
        .filter(counter_void::id.eq(id))
        .first(conn)
        .optional()?;
    row.map(void).ok_or(CounterError::NoSuchReceipt)
}

/// The proposals that the receipt of `payment` is void, oldest first.
pub fn of(conn: &mut PgConnection, payment: PaymentId) -> Result<Vec<Void>, DbError> {
    let found: Vec<Row> = rows()
        .filter(counter_void::payment.eq(payment))
        .order((counter_void::proposed_at, counter_void::id))
        .load(conn)?;
    Ok(found.into_iter().map(void).collect())
}

/// Whether a proposal that a receipt of `day` is void still waits.
pub fn any_open(conn: &mut PgConnection, day: CounterDayId) -> Result<bool, DbError> {
    let decided = counter_void_decision::table
        .filter(counter_void_decision::void.eq(counter_void::id))
        .select(counter_void_decision::void);
    let open = counter_void::table
        .inner_join(counter_receipt::table.on(counter_receipt::payment.eq(counter_void::payment)))
        .filter(counter_receipt::day.eq(day))
        .filter(not(exists(decided)))
        .select(counter_void::id);
    Ok(diesel::select(exists(open)).get_result(conn)?)
}

/// Adds `void`, which is open.
pub fn add(conn: &mut PgConnection, void: &Void) -> Result<(), DbError> {
    diesel::insert_into(counter_void::table)
        .values((
            counter_void::id.eq(void.id),
            counter_void::payment.eq(void.payment),
            counter_void::reason.eq(&void.reason),
            counter_void::proposed_by.eq(&void.proposed_by),
            counter_void::proposed_at.eq(void.proposed_at),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn decide(conn: &mut PgConnection, void: &Void, decision: &Decision) -> Result<(), DbError> {
    diesel::insert_into(counter_void_decision::table)
        .values((
            counter_void_decision::void.eq(void.id),
            counter_void_decision::payment.eq(void.payment),
            counter_void_decision::proposed_by.eq(&void.proposed_by),
            counter_void_decision::approved.eq(decision.approved),
            counter_void_decision::reason.eq(&decision.reason),
            counter_void_decision::decided_by.eq(&decision.decided_by),
            counter_void_decision::decided_at.eq(decision.decided_at),
        ))
        .execute(conn)?;
    Ok(())
}
