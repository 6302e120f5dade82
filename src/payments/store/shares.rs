//! What came by each channel.

use diesel::prelude::*;
use diesel::sql_types::Date;

use crate::kernel::month::Month;
use crate::payments::shares::Taken;
use crate::platform::db::DbError;

/// What came by each channel in `month`, and into which category it falls, as we know it now.
pub fn taken(conn: &mut PgConnection, month: Month) -> Result<Vec<Taken>, DbError> {
    Ok(diesel::sql_query(
        // What was undone is found once: it is asked for by payment where the planner thinks that
        // there is none yet, as it does of a month that has just begun.
        "WITH undone AS MATERIALIZED ( \
             SELECT payment FROM payment_undone WHERE effective_on BETWEEN $1 AND $2) \
         SELECT p.channel, g.category, p.payments, p.amount \
         FROM (SELECT channel, count(*) AS payments, sum(amount) AS amount FROM payment \
               WHERE value_on BETWEEN $1 AND $2 \
                   AND NOT EXISTS (SELECT FROM undone u WHERE u.payment = payment.id) \
               GROUP BY channel) AS p \
         LEFT JOIN payment_channel_group g ON g.channel = p.channel AND g.replaced_at IS NULL \
             AND g.valid_from <= $2 AND (g.valid_to IS NULL OR g.valid_to >= $2)",
    )
    .bind::<Date, _>(month.first())
    .bind::<Date, _>(month.last())
    .load(conn)?)
}
