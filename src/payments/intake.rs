//! Settlement files taken in (收檔): kept, then posted a chunk at a time.
//!
//! * A file is kept whole or not at all: its lines are staged in one transaction, after the last
//!   was read and the trailer agreed. The same bytes again, under any name, are the same file.
//! * A bank's file names the account that the money came to: which channel that is, is dated data.
//!   What moved there and paid nobody's rent is kept too (`staging`).
//! * The files of a series are numbered without gaps. One that comes early is held, and goes on when
//!   those before it have come. Where a layout has no numbers, there is one a day.
//! * Of an account to which direct debits are collected, a line goes by what we called the debit.
//!   Debits that were not paid are kept beside the lines; when the file is posted, whoever ordered
//!   them is told by a job.
//! * Before its first line is posted, all of them are compared with what was paid before. A
//!   reference that comes again with another amount or account quarantines the file: nothing more
//!   of it is posted until somebody has looked, who withdraws it, or lets it go on without the
//!   lines that contradict.
//! * What a file tells of rent allowances is staged beside its payments, and taken further by
//!   whoever keeps them once the file is posted ([`AllowancesPosted`]).
//! * A line is a payment to the household, or money in suspense when the account is nobody's;
//!   one that was paid before, and just so, is a duplicate. Each chunk is one transaction: killed
//!   anywhere, the next run goes on.

use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::Path;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::book::{Coming, Entries, Way};
use super::files::{self, ALLOWANCES, Sequence, Summary, Whose};
use super::jobs::{AllowancesPosted, DebitsTold};
use super::model::{
    Channel, Decided, Fate, FileDecision, FileState, PaymentError, PaymentFile, Tally,
};
use super::shelf::{Kept, Shelf};
use super::staging::{AT_ONCE, stage, unaddable};
use super::store::files::number;
use super::{events, rules, store};
use crate::kernel::clock::Clock;
use crate::kernel::id::PaymentFileId;
use crate::kernel::watch::Watch;
use crate::platform::auth::Actor;
use crate::platform::db::{DbError, transact};
use crate::platform::{audit, jobs};

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
    // Read twice: only at its end is it known whose it is, and how its lines are to be taken.
    let mut source = File::open(&kept.path).map_err(files::FileError::from)?;
    let summary = files::read(BufReader::new(&source), now, |_| Ok::<_, PaymentError>(()))?;
    let channel = channel(conn, &summary)?;
    source.rewind().map_err(files::FileError::from)?;
    let id = PaymentFileId::fresh();
    let (lines, amount) = stage(conn, (id, channel), &source, now)?;
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
        name: name.to_owned(),
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
/// they are then. One that fails keeps no other from being posted.
pub fn post_waiting(
    conn: &mut PgConnection,
    channel: Channel,
    actor: &Actor,
    clock: &dyn Clock,
    watch: &dyn Watch,
) -> Result<Vec<PaymentFile>, PaymentError> {
    let mut done = Vec::new();
    for id in store::files::staged(conn, channel)? {
        if !watch.stopped() {
            done.push(post(conn, id, actor, clock, watch));
        }
    }
    done.into_iter().collect()
}

/// Posts what is left of file `id`; the file as it is then.
pub fn post(
    conn: &mut PgConnection,
    id: PaymentFileId,
    actor: &Actor,
    clock: &dyn Clock,
    watch: &dyn Watch,
) -> Result<PaymentFile, PaymentError> {
    let mut beaten = 0;
    loop {
        // A day's books may be closed while a long file is posted: each chunk has its own time.
        let now = clock.now();
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
    // All lines are looked at before the first is entered, and before others are kept out: it
    // takes long, and what is entered meanwhile is seen when its line is.
    let seen = contradiction(conn, id)?;
    let mut file = held_still(conn, id)?;
    if file.state != FileState::Staged {
        return Ok(file);
    }
    let settled = match seen {
        Some(found) => Err(found),
        None => settle(conn, &file, now)?,
    };
    if let Err((line, reference)) = settled {
        file.state = FileState::Quarantined;
        file.reason = Some(format!(
            "line {line}: {reference} was paid with another amount or to another account"
        ));
        tracing::error!(%id, "a settlement file contradicts what was paid before");
        audit::record(conn, actor, "payments.file.quarantined", &id, now)?;
    } else {
        let to = file.lines.min(file.settled.saturating_add(AT_ONCE.into()));
        let tallies = settled.unwrap_or_default();
        store::files::count(conn, file.id, &tallies)?;
        if tallies.iter().any(|tally| tally.fate == Fate::Posted) {
            events::posted(conn, &file, to, now)?;
        }
        file.settled = to;
        if file.settled == file.lines {
            file.state = FileState::Posted;
            file.posted_at = Some(now);
            if file.channel.is_direct_debit() {
                jobs::enqueue(conn, &DebitsTold { file: id }, now)?;
            }
            if file.series == ALLOWANCES {
                jobs::enqueue(conn, &AllowancesPosted {}, now)?;
            }
            audit::record(conn, actor, "payments.file.posted", &id, now)?;
        }
    }
    store::files::keep_state(conn, &file)?;
    Ok(file)
}

/// A line, and its reference.
type Found = (i32, String);

/// The first line of file `id` that contradicts what was paid before, while none of it is posted
/// and nobody has let it go on.
fn contradiction(
    conn: &mut PgConnection,
    id: PaymentFileId,
) -> Result<Option<Found>, PaymentError> {
    let file = store::files::file(conn, id)?;
    let is_looked_at = file.state != FileState::Staged
        || file.settled > 0
        || store::files::is_released_in_part(conn, id)?;
    if is_looked_at {
        return Ok(None);
    }
    Ok(store::files::contradiction(conn, id, file.channel)?)
}

/// Enters the next lines of `file`, and says what became of them; or which line contradicts what
/// was paid since all were looked at, and enters none.
fn settle(
    conn: &mut PgConnection,
    file: &PaymentFile,
    now: DateTime<Utc>,
) -> Result<Result<Vec<Tally>, Found>, PaymentError> {
    let lines = store::files::unsettled(conn, (file.id, file.settled), AT_ONCE.into())?;
    let amounts: Vec<_> = lines.iter().map(|line| line.amount).collect();
    let first = file.settled.saturating_add(1);
    let coming = (first..).zip(lines).map(|(number, told)| Coming {
        channel: file.channel,
        told,
        way: Way::Line(file.id, number),
    });
    let entries = Entries::of(conn, coming.collect(), (file.business_date, now))?;
    let entered = if store::files::is_released_in_part(conn, file.id)? {
        let fates = entries.write(conn)?.into_iter();
        fates.map(but_left_out).collect()
    } else {
        entries.write_all(conn)
    };
    match entered {
        Ok(fates) => {
            let tallies = rules::tallied(fates.into_iter().zip(amounts));
            Ok(Ok(tallies.map_err(unaddable)?))
        }
        Err(PaymentError::Contradicts { at, reference }) => {
            Ok(Err((first.saturating_add(at), reference)))
        }
        Err(error) => Err(error),
    }
}

/// A line that contradicts what was paid before is left out where somebody has said so.
fn but_left_out(fate: Result<Fate, PaymentError>) -> Result<Fate, PaymentError> {
    match fate {
        Err(PaymentError::Contradicts { .. }) => Ok(Fate::Contradicts),
        fate => fate,
    }
}
