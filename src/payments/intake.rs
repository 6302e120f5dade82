//! Settlement files taken in (收檔): kept, to be posted part by part (`posting`).
//!
//! * A file is kept whole or not at all: its lines are staged in one transaction, after the last
//!   was read and the trailer agreed. The same bytes again, under any name, are the same file, unless
//!   that was given up.
//! * A bank's file names the account that the money came to: which channel that is, is dated data.
//!   What moved there and paid nobody's rent is kept too (`staging`).
//! * The files of a series are numbered without gaps. One that comes early is held, and goes on when
//!   those before it have come. Where a layout has no numbers, there is one a day.
//! * Of an account to which direct debits are collected, a line goes by what we called the debit.
//!   Debits that were not paid are kept beside the lines; when the file is posted, whoever ordered
//!   them is told by a job.
//! * A file that is held or quarantined goes on, or is given up, when somebody who has looked says so.
//! * A channel's program brings files of its channels only; a file that must be signed is (`signing`).
//! * What a file tells of rent allowances is staged beside its payments, and taken further by
//!   whoever keeps them once the file is posted.

use std::fs::File;
use std::path::Path;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::files::{self, Sequence, Summary, Whose};
use super::model::{Channel, Decided, FileDecision, FileState, PaymentError, PaymentFile};
use super::programs::may_bring;
use super::shelf::{Kept, Shelf};
use super::signing;
use super::staging::stage;
use super::store::{self, files::number};
use crate::kernel::id::PaymentFileId;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::auth::signed_request::Headers;
use crate::platform::db::{DbError, transact};

/// A file as it is brought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brought<'a> {
    /// What it is called where it comes from.
    pub name: &'a str,
    pub signature: Option<&'a Headers>,
    /// Who brings it.
    pub actor: &'a Actor,
}

/// Takes in the file at `path` that came as `name`, with the signature beside it: keeps it, and says
/// whether it is new.
pub fn receive(
    conn: &mut PgConnection,
    shelf: &Shelf,
    (path, name): (&Path, &str),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(PaymentFile, bool), PaymentError> {
    let source = File::open(path).map_err(files::FileError::from)?;
    let kept = shelf.keep(conn, source, now)?;
    let signature = signing::beside(path);
    let taken = signature.and_then(|signature| {
        let brought = Brought {
            name,
            signature: signature.as_ref(),
            actor,
        };
        transact(conn, |conn| take_in(conn, &kept, brought, now))
    });
    taken.or_else(|error| {
        signing::record_refusal(conn, (&kept.sha256, &error), actor, now)?;
        Ok((after_all(conn, &kept, error, actor)?, false))
    })
}

/// The file that somebody else took in with the same bytes, where that may be why taking it in failed
/// by `error`.
pub(super) fn after_all(
    conn: &mut PgConnection,
    kept: &Kept,
    error: PaymentError,
    actor: &Actor,
) -> Result<PaymentFile, PaymentError> {
    if matches!(error, PaymentError::Signature(_)) {
        return Err(error);
    }
    let known = store::files::of_digest(conn, &kept.sha256)?;
    let known = known.ok_or(error)?;
    may_bring(conn, actor, known.channel)?;
    Ok(known)
}

/// Takes in what is on the shelf, in the caller's transaction; fails when somebody takes in the
/// same bytes at the same time.
pub(super) fn take_in(
    conn: &mut PgConnection,
    kept: &Kept,
    brought: Brought<'_>,
    now: DateTime<Utc>,
) -> Result<(PaymentFile, bool), PaymentError> {
    let actor = brought.actor;
    let proof = signing::proven(conn, brought.signature, &kept.sha256, now)?;
    if let Some(known) = store::files::of_digest(conn, &kept.sha256)? {
        may_bring(conn, actor, known.channel)?;
        return Ok((known, false));
    }
    let channel = match files::named(kept.open(), now)? {
        Some(channel) => channel,
        None => channel_at_the_end(conn, kept, now)?,
    };
    may_bring(conn, actor, channel)?;
    let id = PaymentFileId::fresh();
    let (summary, lines, amount) = stage(conn, (id, channel), kept.open(), now)?;
    signing::demanded(conn, proof.as_ref(), (channel, summary.business_date), now)?;
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
        series: summary.series.clone(),
        name: brought.name.to_owned(),
        sha256: kept.sha256.clone(),
        lines: number(lines),
        amount,
        settled: 0,
        reason: None,
        received_by: actor.as_str().to_owned(),
        received_at: now,
        posted_at: None,
    };
    store::files::add(conn, &file)?;
    if let Some(proof) = proof {
        store::shelf::add_signature(conn, &proof.of_file(id))?;
    }
    if let Some(told) = summary.allowances {
        store::allowances::add_file(conn, id, told)?;
    }
    release_after(conn, &file)?;
    audit::record(conn, actor, "payments.file.received", &id, now)?;
    Ok((file, true))
}

/// Lets file `id` go on, for `reason`: one that is held, though those before it never come; one
/// that is quarantined, without the lines that contradict what was paid before.
pub(super) fn release(
    conn: &mut PgConnection,
    id: PaymentFileId,
    reason: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<PaymentFile, PaymentError> {
    let mut file = held_still(conn, id)?;
    let decided = match file.state {
        FileState::Held => Decided::Released,
        FileState::Quarantined => Decided::ReleasedInPart,
        FileState::Staged | FileState::Posted | FileState::Withdrawn => {
            let why = "only a file that is held or quarantined is released";
            return Err(PaymentError::NotNow(why));
        }
    };
    file.state = FileState::Staged;
    store::files::keep_state(conn, &file)?;
    release_after(conn, &file)?;
    decide(conn, id, (decided, reason), actor, now)?;
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
pub(super) fn held_still(
    conn: &mut PgConnection,
    id: PaymentFileId,
) -> Result<PaymentFile, PaymentError> {
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

/// Which channel's file it is of which only the end tells the account: it is read twice, for how its
/// lines are to be taken goes by the channel.
fn channel_at_the_end(
    conn: &mut PgConnection,
    kept: &Kept,
    now: DateTime<Utc>,
) -> Result<Channel, PaymentError> {
    let summary = files::read(kept.open(), now, |_| Ok::<_, PaymentError>(()))?;
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
