//! What channels told as it happened, and who speaks for them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz};
use uuid::Uuid;

use crate::kernel::id::PaymentId;
use crate::payments::model::{Channel, Payment};
use crate::payments::notices::{Nonce, Notice, NoticeOutcome, NoticeState};
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

/// Which of `clients` may speak for which channels.
pub fn speakers(
    conn: &mut PgConnection,
    clients: &[Uuid],
) -> Result<HashSet<(Uuid, Channel)>, DbError> {
    let rows: Vec<(Uuid, Channel)> = channel_client::table
        .filter(channel_client::client.eq_any(clients))
        .select((channel_client::client, channel_client::channel))
        .load(conn)?;
    Ok(rows.into_iter().collect())
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

/// Notes that `nonces` were used; those that were not before.
pub fn use_nonces(
    conn: &mut PgConnection,
    nonces: &[&Nonce],
    now: DateTime<Utc>,
) -> Result<HashSet<Nonce>, DbError> {
    let (keys, words) = columns(nonces);
    // In one order everywhere: two that use the same never wait for each other in a circle.
    let fresh: Vec<Nonce> = diesel::sql_query(
        "INSERT INTO request_nonce (key, nonce, seen_at) \
         SELECT key, nonce, $1 FROM unnest($2, $3) AS used (key, nonce) ORDER BY key, nonce \
         ON CONFLICT DO NOTHING RETURNING key, nonce",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(keys)
    .bind::<Array<Text>, _>(words)
    .load(conn)?;
    Ok(fresh.into_iter().collect())
}

/// Takes back that `nonces` were used.
pub fn give_back(conn: &mut PgConnection, nonces: &[&Nonce]) -> Result<(), DbError> {
    let (keys, words) = columns(nonces);
    diesel::sql_query(
        "DELETE FROM request_nonce USING unnest($1, $2) AS unused (key, nonce) \
         WHERE request_nonce.key = unused.key AND request_nonce.nonce = unused.nonce",
    )
    .bind::<Array<Text>, _>(keys)
    .bind::<Array<Text>, _>(words)
    .execute(conn)?;
    Ok(())
}

fn columns<'a>(nonces: &[&'a Nonce]) -> (Vec<&'a str>, Vec<&'a str>) {
    let pairs = nonces.iter();
    pairs
        .map(|one| (one.key.as_str(), one.nonce.as_str()))
        .unzip()
}

/// Forgets the nonces that were used before `before`.
pub fn forget_nonces(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<(), DbError> {
    diesel::delete(request_nonce::table.filter(request_nonce::seen_at.lt(before))).execute(conn)?;
    Ok(())
}

/// A payment, by its channel and the channel's reference.
pub type Name<'a> = (Channel, &'a str);

/// Keeps other news of `payments` out until the transaction ends.
pub fn hold(conn: &mut PgConnection, payments: &[Name<'_>]) -> Result<(), DbError> {
    let names = payments.iter();
    let names: Vec<String> = names
        .map(|(channel, reference)| format!("{channel}/{reference}"))
        .collect();
    // In one order everywhere: two that hold the same never wait for each other in a circle.
    diesel::sql_query(
        "SELECT pg_advisory_xact_lock($1, place) FROM ( \
             SELECT DISTINCT hashtext(name) AS place FROM unnest($2) AS payment (name) \
             ORDER BY place) AS held",
    )
    .bind::<Integer, _>(PAYMENT_LOCK)
    .bind::<Array<Text>, _>(names)
    .execute(conn)?;
    Ok(())
}

/// What was told by those names that `events` are of their channels; others may be among them.
pub fn known(conn: &mut PgConnection, events: &[Name<'_>]) -> Result<Vec<Notice>, DbError> {
    let (channels, events) = apart(events);
    Ok(payment_notice::table
        .filter(payment_notice::channel.eq_any(channels))
        .filter(payment_notice::event.eq_any(events))
        .select(Notice::as_select())
        .load(conn)?)
}

/// Those of `payments` of which their channels told that they failed; others may be among them.
pub fn failed(
    conn: &mut PgConnection,
    payments: &[Name<'_>],
) -> Result<Vec<(Channel, String)>, DbError> {
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    let (channels, references) = apart(payments);
    Ok(payment_notice::table
        .filter(payment_notice::channel.eq_any(channels))
        .filter(payment_notice::reference.eq_any(references))
        .filter(payment_notice::state.eq(NoticeState::Failed))
        .select((payment_notice::channel, payment_notice::reference))
        .load(conn)?)
}

/// The channels, each once, and the words of `names`.
pub fn apart<'a>(names: &[Name<'a>]) -> (Vec<Channel>, Vec<&'a str>) {
    let (mut channels, words): (Vec<Channel>, Vec<&str>) = names.iter().copied().unzip();
    channels.sort_unstable();
    channels.dedup();
    (channels, words)
}

/// Adds notices by one `COPY`.
pub fn add(conn: &mut PgConnection, notices: &[&Notice]) -> Result<(), DbError> {
    // In one order everywhere, as above.
    let mut sorted = notices.to_vec();
    sorted.sort_unstable_by_key(|notice| (notice.channel, notice.event.as_str()));
    if !sorted.is_empty() {
        diesel::copy_from(payment_notice::table)
            .from_insertable(sorted)
            .execute(conn)?;
    }
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
    let settled = payment_settlement::table.filter(payment_settlement::payment.eq(payment::id));
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
