//! What channels told as it happened, and who speaks for them.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use uuid::Uuid;

use crate::kernel::id::PaymentId;
use crate::payments::model::{Channel, Payment};
use crate::payments::notices::{Notice, NoticeOutcome, NoticeState};
use crate::platform::auth::Actor;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    channel_client, payment, payment_notice, payment_settlement, request_nonce,
};

/// Any number that only news locks, together with its payment.
const PAYMENT_LOCK: i32 = 7_210_853;

/// Whether `client` may speak for `channel`.
pub fn speaks_for(
    conn: &mut PgConnection,
    client: Uuid,
    channel: Channel,
) -> Result<bool, DbError> {
    let row = channel_client::table.find((client, channel.as_str()));
    Ok(diesel::select(exists(row)).get_result(conn)?)
}

/// Lets `client` speak for `channel`; false when it may already.
pub fn appoint(
    conn: &mut PgConnection,
    (client, channel): (Uuid, Channel),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let added = diesel::insert_into(channel_client::table)
        .values((
            channel_client::client.eq(client),
            channel_client::channel.eq(channel),
            channel_client::added_by.eq(actor.as_str()),
            channel_client::added_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(added == 1)
}

/// Notes that `nonce` was used with `key`; false when it was.
pub fn use_nonce(
    conn: &mut PgConnection,
    (key, nonce): (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let added = diesel::insert_into(request_nonce::table)
        .values((
            request_nonce::key.eq(key),
            request_nonce::nonce.eq(nonce),
            request_nonce::seen_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(added == 1)
}

/// Forgets the nonces that were used before `before`.
pub fn forget_nonces(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<(), DbError> {
    diesel::delete(request_nonce::table.filter(request_nonce::seen_at.lt(before))).execute(conn)?;
    Ok(())
}

/// Keeps other news of this payment out until the transaction ends.
pub fn hold(conn: &mut PgConnection, (channel, reference): (Channel, &str)) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
        .bind::<Integer, _>(PAYMENT_LOCK)
        .bind::<Text, _>(format!("{channel}/{reference}"))
        .execute(conn)?;
    Ok(())
}

/// What `channel` told by the name `event`.
pub fn notice(
    conn: &mut PgConnection,
    channel: Channel,
    event: &str,
) -> Result<Option<Notice>, DbError> {
    Ok(payment_notice::table
        .find((channel.as_str(), event))
        .select(Notice::as_select())
        .first(conn)
        .optional()?)
}

/// Whether `channel` told of `reference` that it failed.
pub fn has_failed(
    conn: &mut PgConnection,
    (channel, reference): (Channel, &str),
) -> Result<bool, DbError> {
    let told = payment_notice::table
        .filter(payment_notice::channel.eq(channel))
        .filter(payment_notice::reference.eq(reference))
        .filter(payment_notice::state.eq(NoticeState::Failed));
    Ok(diesel::select(exists(told)).get_result(conn)?)
}

pub fn add(conn: &mut PgConnection, notice: &Notice) -> Result<(), DbError> {
    diesel::insert_into(payment_notice::table)
        .values(notice)
        .execute(conn)?;
    Ok(())
}

/// Which notices are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub channel: Option<Channel>,
    pub outcome: Option<NoticeOutcome>,
    pub reference: Option<String>,
}

/// A place among notices.
pub type Place = (DateTime<Utc>, Channel, String);

/// Up to `rows` notices, the newest first, from after the one at `after`.
pub fn list(
    conn: &mut PgConnection,
    wanted: &Wanted,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<Notice>, DbError> {
    use payment_notice::{channel, event, received_at};
    let mut query = payment_notice::table
        .order((received_at.desc(), channel.desc(), event.desc()))
        .limit(rows)
        .select(Notice::as_select())
        .into_boxed();
    if let Some(of) = wanted.channel {
        query = query.filter(channel.eq(of));
    }
    if let Some(outcome) = wanted.outcome {
        query = query.filter(payment_notice::outcome.eq(outcome));
    }
    if let Some(reference) = &wanted.reference {
        query = query.filter(payment_notice::reference.eq(reference));
    }
    if let Some((at, of, name)) = after {
        let same = channel.lt(of).or(channel.eq(of).and(event.lt(name)));
        query = query.filter(received_at.lt(at).or(received_at.eq(at).and(same)));
    }
    Ok(query.load(conn)?)
}

/// Up to `rows` payments that were told by `before` and that no line has settled, the oldest
/// first, from after the one instructed at `after`.
pub fn unsettled(
    conn: &mut PgConnection,
    (channel, before): (Option<Channel>, DateTime<Utc>),
    after: Option<(DateTime<Utc>, PaymentId)>,
    rows: i64,
) -> Result<Vec<Payment>, DbError> {
    let place = (payment::instructed_at, payment::id);
    let in_files = Channel::ALL.iter().filter(|one| one.sends_files());
    let settled = payment_settlement::table
        .filter(payment_settlement::channel.eq(payment::channel))
        .filter(payment_settlement::reference.eq(payment::reference));
    let mut query = payment::table
        .filter(payment::file.is_null())
        .filter(payment::channel.eq_any(in_files))
        .filter(not(exists(settled)))
        .filter(payment::recorded_at.le(before))
        .order(place)
        .limit(rows)
        .select(Payment::as_select())
        .into_boxed();
    if let Some(channel) = channel {
        query = query.filter(payment::channel.eq(channel));
    }
    if let Some((at, id)) = after {
        query = query.filter(place.0.gt(at).or(place.0.eq(at).and(place.1.gt(id))));
    }
    Ok(query.load(conn)?)
}
