//! Settlement files taken in (收檔): kept, then posted a chunk at a time.
//!
//! * A file is kept whole or not at all: its lines are staged in one transaction, after the last
//!   was read and the trailer agreed. The same bytes again, under any name, are the same file.
//! * A bank's file names the account that the money came to: which channel that is, is dated data.
//!   What moved there and paid nobody's rent is kept too (`staging`).
//! * The files of a series are numbered without gaps. One that comes early is held, and goes on when
//!   those before it have come. Where a layout has no numbers, there is one a day.
//! * Before its first line is posted, all of them are compared with what was paid before. A
//!   reference that comes again with another amount or account quarantines the file: nothing of
//!   it is posted until somebody has looked.
//! * A line is a payment to the household, or money in suspense when the account is nobody's;
//!   one that was paid before, and just so, is a duplicate. Each chunk is one transaction: killed
//!   anywhere, the next run goes on.

use std::fs::File;
use std::path::Path;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::book::{Way, enter};
use super::files::{self, Sequence, Summary, Whose};
use super::model::{Channel, Decided, FileDecision, FileState, PaymentError, PaymentFile};
use super::shelf::{Kept, Shelf};
use super::staging::{AT_ONCE, stage};
use super::store::files::number;
use super::{events, store};
use crate::kernel::id::PaymentFileId;
use crate::kernel::watch::Watch;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::db::{DbError, transact};

/// What refuses a payment that another has entered meanwhile.
const ONCE: &str = "payment_pkey";

/// Takes in the file at `path` that came as `name`: keeps it, and says whether it is new.
pub fn receive(
    conn: &mut PgConnection,
    shelf: &Shelf,
    (path, name): (&Path, &str),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(PaymentFile, bool), PaymentError> {
    let source = File::open(path).map_err(files::FileError::from)?;
    let kept = shelf.keep(source).map_err(files::FileError::from)?;
    let taken = transact(conn, |conn| take_in(conn, &kept, name, actor, now));
    taken.or_else(|error| {
        // Somebody else may have brought the same bytes meanwhile.
        let known = store::files::of_digest(conn, &kept.sha256)?;
        Ok((known.ok_or(error)?, false))
    })
}

/// Takes in what is on the shelf, in the caller's transaction; fails when somebody takes in the
/// same bytes at the same time.
pub(super) fn take_in(
    conn: &mut PgConnection,
    kept: &Kept,
    name: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(PaymentFile, bool), PaymentError> {
    if let Some(known) = store::files::of_digest(conn, &kept.sha256)? {
        return Ok((known, false));
    }
    let source = File::open(&kept.path).map_err(files::FileError::from)?;
    let id = PaymentFileId::fresh();
    let summary = stage(conn, id, source, now)?;
    let channel = channel(conn, &summary)?;
    store::files::hold(conn, channel)?;
    let open = store::terms_on(conn, summary.business_date)?;
    if !open.iter().any(|terms| terms.channel == channel) {
        return Err(PaymentError::Closed(channel, summary.business_date));
    }
    let file = PaymentFile {
        id,
        channel,
        business_date: summary.business_date,
        state: in_sequence(conn, channel, &summary)?,
        sequence: number(summary.number()),
        series: summary.series,
        name: name.to_owned(),
        sha256: kept.sha256.clone(),
        lines: number(summary.lines),
        amount: summary.amount,
        settled: 0,
        reason: None,
        received_by: actor.as_str().to_owned(),
        received_at: now,
        posted_at: None,
    };
    store::files::add(conn, &file)?;
    release_after(conn, &file)?;
    audit::record(conn, actor, "payments.file.received", &id, now)?;
    Ok((file, true))
}

/// Lets file `id`, which is held, go on though one before it never comes; for `reason`.
pub(super) fn release(
    conn: &mut PgConnection,
    id: PaymentFileId,
    reason: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<PaymentFile, PaymentError> {
    let mut file = held_still(conn, id)?;
    if file.state != FileState::Held {
        return Err(PaymentError::NotNow("only a file that is held is released"));
    }
    file.state = FileState::Staged;
    store::files::keep_state(conn, &file)?;
    release_after(conn, &file)?;
    decide(conn, id, (Decided::Released, reason), actor, now)?;
    audit::record(conn, actor, "payments.file.released", &id, now)?;
    Ok(file)
}

/// Gives file `id` up, of which nothing was posted; for `reason`.
pub(super) fn withdraw(
    conn: &mut PgConnection,
    id: PaymentFileId,
    reason: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<PaymentFile, PaymentError> {
    let mut file = held_still(conn, id)?;
    let may_be = match file.state {
        FileState::Held | FileState::Staged | FileState::Quarantined => file.settled == 0,
        FileState::Posted | FileState::Withdrawn => false,
    };
    if !may_be {
        let why = "only a file of which nothing was posted is withdrawn";
        return Err(PaymentError::NotNow(why));
    }
    file.state = FileState::Withdrawn;
    store::files::keep_state(conn, &file)?;
    decide(conn, id, (Decided::Withdrawn, reason), actor, now)?;
    audit::record(conn, actor, "payments.file.withdrawn", &id, now)?;
    Ok(file)
}

/// File `id`, with its channel's other work kept out until the transaction ends.
fn held_still(conn: &mut PgConnection, id: PaymentFileId) -> Result<PaymentFile, PaymentError> {
    let channel = store::files::file(conn, id)?.channel;
    store::files::hold(conn, channel)?;
    store::files::file(conn, id)
}

fn decide(
    conn: &mut PgConnection,
    file: PaymentFileId,
    (decision, reason): (Decided, &str),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let decision = FileDecision {
        file,
        decision,
        reason: reason.to_owned(),
        decided_by: actor.as_str().to_owned(),
        decided_at: now,
    };
    store::files::add_decision(conn, &decision)
}

/// Which channel's file it is.
fn channel(conn: &mut PgConnection, summary: &Summary) -> Result<Channel, PaymentError> {
    match &summary.whose {
        Whose::Channel(channel) => Ok(*channel),
        Whose::Account(account) => {
            let channel = store::collects_for(conn, account, summary.business_date)?;
            channel.ok_or_else(|| PaymentError::NotOurs(account.clone(), summary.business_date))
        }
    }
}

/// Whether the file is next in its series, or comes early.
fn in_sequence(
    conn: &mut PgConnection,
    channel: Channel,
    summary: &Summary,
) -> Result<FileState, PaymentError> {
    let (series, sequence) = (summary.series.as_str(), summary.number());
    let taken = PaymentError::SequenceTaken { channel, sequence };
    let next = number(sequence);
    if store::files::of_sequence(conn, (channel, series), next)?.is_some() {
        return Err(taken);
    }
    if summary.sequence == Sequence::Day {
        return Ok(FileState::Staged);
    }
    match store::files::newest_in_row(conn, (channel, series))? {
        None => Ok(FileState::Staged),
        Some(newest) if next == newest.saturating_add(1) => Ok(FileState::Staged),
        Some(newest) if next > newest => Ok(FileState::Held),
        // It comes in the place of one that was given up.
        Some(_) if store::files::is_withdrawn(conn, (channel, series), next)? => {
            Ok(FileState::Staged)
        }
        Some(_) => Err(taken),
    }
}

/// Lets the held files go on that come right after `file`.
fn release_after(conn: &mut PgConnection, file: &PaymentFile) -> Result<(), DbError> {
    let mut last = file.clone();
    while last.state == FileState::Staged {
        let next = last.sequence.saturating_add(1);
        let next = store::files::of_sequence(conn, (file.channel, &file.series), next)?;
        let Some(next) = next.filter(|next| next.state == FileState::Held) else {
            break;
        };
        last = PaymentFile {
            state: FileState::Staged,
            ..next
        };
        store::files::keep_state(conn, &last)?;
    }
    Ok(())
}

/// Posts what waits of `channel`, file by file in their order, until told to stop; the files as
/// they are then.
pub fn post_waiting(
    conn: &mut PgConnection,
    channel: Channel,
    actor: &Actor,
    now: DateTime<Utc>,
    watch: &dyn Watch,
) -> Result<Vec<PaymentFile>, PaymentError> {
    let mut done = Vec::new();
    for id in store::files::staged(conn, channel)? {
        if !watch.stopped() {
            done.push(post(conn, id, actor, now, watch)?);
        }
    }
    Ok(done)
}

/// Posts what is left of file `id`; the file as it is then.
pub fn post(
    conn: &mut PgConnection,
    id: PaymentFileId,
    actor: &Actor,
    now: DateTime<Utc>,
    watch: &dyn Watch,
) -> Result<PaymentFile, PaymentError> {
    let mut beaten = 0;
    loop {
        let file = match transact(conn, |conn| chunk(conn, id, actor, now)) {
            // The channel told of a payment while its line was being entered.
            Err(PaymentError::Db(error)) if error.constraint() == Some(ONCE) && beaten < 5 => {
                beaten += 1;
                continue;
            }
            chunk => chunk?,
        };
        watch.progress(file.settled.into(), file.lines.into());
        if file.state != FileState::Staged || watch.stopped() {
            return Ok(file);
        }
    }
}

/// Decides the fate of the next lines of file `id`.
fn chunk(
    conn: &mut PgConnection,
    id: PaymentFileId,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<PaymentFile, PaymentError> {
    let mut file = held_still(conn, id)?;
    if file.state != FileState::Staged {
        return Ok(file);
    }
    if let Some((line, reference)) = settle(conn, &file, now)? {
        file.state = FileState::Quarantined;
        file.reason = Some(format!(
            "line {line}: {reference} was paid with another amount or to another account"
        ));
        tracing::error!(%id, "a settlement file contradicts what was paid before");
        audit::record(conn, actor, "payments.file.quarantined", &id, now)?;
    } else {
        let to = file.lines.min(file.settled.saturating_add(AT_ONCE.into()));
        events::posted(conn, &file, to, now)?;
        file.settled = to;
        if file.settled == file.lines {
            file.state = FileState::Posted;
            file.posted_at = Some(now);
            audit::record(conn, actor, "payments.file.posted", &id, now)?;
        }
    }
    store::files::keep_state(conn, &file)?;
    Ok(file)
}

/// Enters the next lines of `file`; or says which line contradicts what was paid before, and
/// enters none.
fn settle(
    conn: &mut PgConnection,
    file: &PaymentFile,
    now: DateTime<Utc>,
) -> Result<Option<(i32, String)>, PaymentError> {
    // All of them are looked at before the first is entered.
    if file.settled == 0
        && let Some(found) = store::files::contradiction(conn, file.id, file.channel)?
    {
        return Ok(Some(found));
    }
    let lines = store::files::unsettled(conn, (file.id, file.settled), AT_ONCE.into())?;
    let day = (file.channel, file.business_date);
    match enter(conn, day, lines, Way::File(file.id, file.settled), now) {
        Ok(_) => Ok(None),
        // Since the file was looked at.
        Err(PaymentError::Contradicts { at, reference }) => {
            let line = file.settled.saturating_add(at).saturating_add(1);
            Ok(Some((line, reference)))
        }
        Err(error) => Err(error),
    }
}
