//! Programs of channels (渠道的程式): whose files one brings and sees.
//!
//! A file of a channel that a program does not speak for is to it as if there were none.

use diesel::PgConnection;

use super::model::{Channel, PaymentError, PaymentFile};
use super::store;
use crate::kernel::id::PaymentFileId;
use crate::platform::auth::Actor;
use crate::platform::db::DbError;

/// Whether files of `channel` are `actor`'s to bring and see: whoever is no client's program works
/// for the whole Authority.
pub fn handles(conn: &mut PgConnection, actor: &Actor, channel: Channel) -> Result<bool, DbError> {
    match actor.client() {
        Some(client) => store::notices::speaks_for(conn, client, channel),
        None => Ok(true),
    }
}

/// The channels that `actor` is confined to; `None` when to none.
pub fn confined_to(
    conn: &mut PgConnection,
    actor: &Actor,
) -> Result<Option<Vec<Channel>>, DbError> {
    let Some(client) = actor.client() else {
        return Ok(None);
    };
    let speakers = store::notices::speakers(conn, &[client])?.into_iter();
    Ok(Some(speakers.map(|(_, channel)| channel).collect()))
}

/// File `id`, when it is `actor`'s to see.
pub fn file(
    conn: &mut PgConnection,
    id: PaymentFileId,
    actor: &Actor,
) -> Result<PaymentFile, PaymentError> {
    let file = store::files::file(conn, id)?;
    if handles(conn, actor, file.channel)? {
        Ok(file)
    } else {
        Err(PaymentError::NoSuchFile)
    }
}

/// Refuses a file of a channel that `actor` does not speak for.
pub fn may_bring(
    conn: &mut PgConnection,
    actor: &Actor,
    channel: Channel,
) -> Result<(), PaymentError> {
    if handles(conn, actor, channel)? {
        Ok(())
    } else {
        Err(PaymentError::NotItsChannel(channel))
    }
}
