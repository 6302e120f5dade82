//! How channels collect.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::autopay::model::{AutopayError, Creditor, Policy, Rail};
use crate::kernel::dated::{InForce, RuleRow};
use crate::kernel::money::Money;
use crate::platform::db::DbError;
use crate::platform::db::schema::autopay_policy as table;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: i32,
    channel: Rail,
    collection_day: i16,
    lead_days: i16,
    retries: i16,
    retry_after: i16,
    refusals: i16,
    return_fee: Money,
    payment_code: String,
    creditor_bank: String,
    creditor_account: String,
    creditor_name: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    recorded_at: DateTime<Utc>,
    replaced_at: Option<DateTime<Utc>>,
    source: String,
    assumed: bool,
}

/// A count that the table bounds.
fn count<T: TryFrom<i16> + Default>(number: i16) -> T {
    T::try_from(number).unwrap_or_default()
}

impl From<Row> for Policy {
    fn from(row: Row) -> Self {
        Self {
            row: RuleRow {
                number: row.id,
                source: Arc::from(row.source),
                assumed: row.assumed,
            },
            in_force: InForce {
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                recorded_at: row.recorded_at,
                replaced_at: row.replaced_at,
            },
            rail: row.channel,
            collection_day: count(row.collection_day),
            lead_days: count(row.lead_days),
            retries: count(row.retries),
            retry_after: count(row.retry_after),
            refusals: count(row.refusals),
            return_fee: row.return_fee,
            creditor: Creditor {
                payment_code: row.payment_code,
                bank: row.creditor_bank,
                account: row.creditor_account,
                name: row.creditor_name,
            },
        }
    }
}

/// Every policy as we know it now, by channel and date.
pub fn policies(conn: &mut PgConnection) -> Result<Vec<Policy>, DbError> {
    let rows: Vec<Row> = table::table
        .filter(table::replaced_at.is_null())
        .order((table::channel, table::valid_from))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Policy::from).collect())
}

/// How `rail` collects on `day`, as we know it now.
pub fn policy_on(
    conn: &mut PgConnection,
    rail: Rail,
    day: NaiveDate,
) -> Result<Policy, AutopayError> {
    let holds = |policy: &Policy| {
        policy.rail == rail && policy.in_force.holds(day, policy.in_force.recorded_at)
    };
    let mut known = policies(conn)?.into_iter();
    known.find(holds).ok_or(AutopayError::Closed(rail, day))
}

/// The policy of this number, whatever we know now.
pub fn policy(conn: &mut PgConnection, number: i32) -> Result<Policy, DbError> {
    let row: Row = table::table
        .find(number)
        .select(Row::as_select())
        .first(conn)?;
    Ok(row.into())
}
