//! Channels' terms, the bank accounts that collect for them, and how the bank passes sums on.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use crate::kernel::dated::{InForce, RuleRow};
use crate::kernel::money::Money;
use crate::payments::model::{Channel, PaymentError, Terms};
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
    signs: bool,
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
            signs: row.signs,
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

/// Terms to be recorded.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = table)]
pub struct NewTerms {
    pub cut_off: Option<NaiveTime>,
    pub working_days_only: bool,
    pub lead_days: i16,
    pub at_most: Option<Money>,
    pub payee: Option<String>,
    pub payee_name: String,
    pub signs: bool,
    pub source: String,
    pub assumed: bool,
}

/// Any number that only changes of terms lock, together with the channel.
const TERMS_LOCK: i32 = 7_210_855;

/// Keeps other changes of the terms of `channel` out until the transaction ends.
pub fn hold_terms(conn: &mut PgConnection, channel: Channel) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
        .bind::<Integer, _>(TERMS_LOCK)
        .bind::<Text, _>(channel.as_str())
        .execute(conn)?;
    Ok(())
}

/// Adds the terms `new` of `channel`, known from `now` on.
pub fn add_terms(
    conn: &mut PgConnection,
    channel: Channel,
    new: &NewTerms,
    (valid_from, valid_to): (NaiveDate, Option<NaiveDate>),
    now: DateTime<Utc>,
) -> Result<Terms, PaymentError> {
    let added: QueryResult<Row> = diesel::insert_into(table::table)
        .values((
            new.clone(),
            table::channel.eq(channel),
            table::valid_from.eq(valid_from),
            table::valid_to.eq(valid_to),
            table::recorded_at.eq(now),
        ))
        .returning(Row::as_returning())
        .get_result(conn);
    match added.map_err(DbError::from) {
        Ok(row) => Ok(row.into()),
        Err(DbError::Constraint(name)) => Err(PaymentError::TermsUnfit(name)),
        Err(error @ DbError::TooLarge) => Err(PaymentError::TermsUnfit(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Lets the terms in row `number` be known from `now` on to end on `last`.
pub fn end_terms(
    conn: &mut PgConnection,
    number: i32,
    last: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let row: Row = diesel::update(table::table.find(number))
        .set(table::replaced_at.eq(now))
        .returning(Row::as_returning())
        .get_result(conn)
        .map_err(DbError::from)?;
    let same = NewTerms {
        cut_off: row.cut_off,
        working_days_only: row.working_days_only,
        lead_days: row.lead_days,
        at_most: row.at_most,
        payee: row.payee,
        payee_name: row.payee_name,
        signs: row.signs,
        source: row.source,
        assumed: row.assumed,
    };
    add_terms(conn, row.channel, &same, (row.valid_from, Some(last)), now).map(drop)
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
