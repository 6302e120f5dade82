//! Looking for one payment among all of them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;

use crate::kernel::clock::hong_kong_time;
use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::kernel::money::Money;
use crate::payments::model::{Channel, FileState, Payment, Told, paid_by};
use crate::platform::db::DbError;
use crate::platform::db::schema::{payment, payment_file, payment_line};

/// How far back an amount or an account alone is looked for.
const RECENT: TimeDelta = TimeDelta::days(92);

/// What somebody knows of a payment.
#[derive(Debug, Clone)]
pub struct Sought {
    pub channel: Option<Channel>,
    pub reference: Option<String>,
    pub account: Option<String>,
    pub amount: Option<Money>,
    pub instructed_on: Option<NaiveDate>,
    pub now: DateTime<Utc>,
}

impl Sought {
    /// Between which instants it was instructed, if that narrows it down.
    fn between(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        match (self.instructed_on, &self.reference) {
            (Some(day), _) => {
                let next = day.succ_opt().unwrap_or(day);
                Some((hong_kong_time(day, 0), hong_kong_time(next, 0)))
            }
            (None, Some(_)) => None,
            (None, None) => Some((self.now - RECENT, self.now)),
        }
    }
}

/// Up to `rows` payments as `sought`, the newest first, from after the one instructed at `after`.
pub fn entered(
    conn: &mut PgConnection,
    sought: &Sought,
    after: Option<(DateTime<Utc>, PaymentId)>,
    rows: i64,
) -> Result<Vec<Payment>, DbError> {
    let place = (payment::instructed_at, payment::id);
    let mut query = payment::table
        .order((place.0.desc(), place.1.desc()))
        .limit(rows)
        .select(Payment::as_select())
        .into_boxed();
    if let Some(reference) = &sought.reference {
        // The key is derived from both.
        let channels = sought
            .channel
            .map_or(Channel::ALL.to_vec(), |one| vec![one]);
        let ids = channels.into_iter().map(|one| paid_by(one, reference));
        query = query.filter(place.1.eq_any(ids.collect::<Vec<_>>()));
    } else if let Some(channel) = sought.channel {
        query = query.filter(payment::channel.eq(channel));
    }
    if let Some(account) = &sought.account {
        query = query.filter(payment::account.eq(account));
    }
    if let Some(amount) = sought.amount {
        query = query.filter(payment::amount.eq(amount));
    }
    if let Some((first, until)) = sought.between() {
        query = query.filter(place.0.ge(first)).filter(place.0.lt(until));
    }
    if let Some((at, id)) = after {
        query = query.filter(place.0.lt(at).or(place.0.eq(at).and(place.1.lt(id))));
    }
    Ok(query.load(conn)?)
}

/// A line of a file that is not posted.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payment_line, check_for_backend(diesel::pg::Pg))]
pub struct NotEntered {
    pub file: PaymentFileId,
    pub number: i32,
    #[diesel(embed)]
    pub told: Told,
    #[diesel(select_expression = payment_file::channel)]
    pub channel: Channel,
    #[diesel(select_expression = payment_file::state)]
    pub state: FileState,
    #[diesel(select_expression = payment_file::reason)]
    pub reason: Option<String>,
}

/// Up to `rows` lines as `sought`, by file and number, of files that are not posted; of one that
/// is being posted, those that still wait.
pub fn not_entered(
    conn: &mut PgConnection,
    sought: &Sought,
    after: Option<(PaymentFileId, i32)>,
    rows: i64,
) -> Result<Vec<NotEntered>, DbError> {
    let place = (payment_line::file, payment_line::number);
    let mut query = payment_line::table
        .inner_join(payment_file::table.on(payment_file::id.eq(payment_line::file)))
        .filter(payment_file::state.ne(FileState::Posted))
        .filter(payment_line::number.gt(payment_file::settled))
        .order(place)
        .limit(rows)
        .select(NotEntered::as_select())
        .into_boxed();
    if let Some(channel) = sought.channel {
        query = query.filter(payment_file::channel.eq(channel));
    }
    if let Some(reference) = &sought.reference {
        query = query.filter(payment_line::reference.eq(reference));
    }
    if let Some(account) = &sought.account {
        query = query.filter(payment_line::account.eq(account));
    }
    if let Some(amount) = sought.amount {
        query = query.filter(payment_line::amount.eq(amount));
    }
    if let Some((first, until)) = sought.between() {
        let at = payment_line::instructed_at;
        query = query.filter(at.ge(first)).filter(at.lt(until));
    }
    if let Some((file, number)) = after {
        query = query.filter(
            place
                .0
                .gt(file)
                .or(place.0.eq(file).and(place.1.gt(number))),
        );
    }
    Ok(query.load(conn)?)
}
