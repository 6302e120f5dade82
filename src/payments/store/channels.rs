//! Channels' terms, the bank accounts that collect for them, and how the bank passes sums on.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use diesel::prelude::*;

use crate::kernel::dated::{InForce, RuleRow};
use crate::kernel::money::Money;
use crate::payments::model::{Channel, Terms};
use crate::payments::reconciliation::PayingIn;
use crate::platform::db::DbError;
use crate::platform::db::schema::{collection_account, paying_in, payment_channel as table};

#[derive(Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: i32,
    channel: Channel,
    cut_off: Option<NaiveTime>,
    working_days_only: bool,
    lead_days: i16,
    at_most: Option<Money>,
    payee: Option<String>,
    payee_name: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    recorded_at: DateTime<Utc>,
    replaced_at: Option<DateTime<Utc>>,
    source: String,
    assumed: bool,
}

impl From<Row> for Terms {
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
            channel: row.channel,
            cut_off: row.cut_off,
            working_days_only: row.working_days_only,
            lead_days: u8::try_from(row.lead_days).unwrap_or_default(),
            at_most: row.at_most,
            payee: row.payee,
            payee_name: row.payee_name,
        }
    }
}

/// Every channel's terms as we know them now, by channel and date.
pub fn terms(conn: &mut PgConnection) -> Result<Vec<Terms>, DbError> {
    let rows: Vec<Row> = table::table
        .filter(table::replaced_at.is_null())
        .order((table::channel, table::valid_from))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Terms::from).collect())
}

/// The terms of the channels that are open on `day`, as we know them now.
pub fn terms_on(conn: &mut PgConnection, day: NaiveDate) -> Result<Vec<Terms>, DbError> {
    let open = |terms: &Terms| terms.in_force.holds(day, terms.in_force.recorded_at);
    Ok(terms(conn)?.into_iter().filter(open).collect())
}

/// The channel that bank account `account` collects for on `day`, as we know it now.
pub fn collects_for(
    conn: &mut PgConnection,
    account: &str,
    day: NaiveDate,
) -> Result<Option<Channel>, DbError> {
    let last = collection_account::valid_to;
    Ok(collection_account::table
        .filter(collection_account::account.eq(account))
        .filter(collection_account::replaced_at.is_null())
        .filter(collection_account::valid_from.le(day))
        .filter(last.is_null().or(last.assume_not_null().ge(day)))
        .select(collection_account::channel)
        .first(conn)
        .optional()?)
}

/// By what the bank writes beside credits to `account` on `day`, whose they are, as we know it now.
pub fn paying_in(
    conn: &mut PgConnection,
    account: &str,
    day: NaiveDate,
) -> Result<Vec<PayingIn>, DbError> {
    let last = paying_in::valid_to;
    Ok(paying_in::table
        .filter(paying_in::account.eq(account))
        .filter(paying_in::replaced_at.is_null())
        .filter(paying_in::valid_from.le(day))
        .filter(last.is_null().or(last.assume_not_null().ge(day)))
        .select(PayingIn::as_select())
        .load(conn)?)
}
