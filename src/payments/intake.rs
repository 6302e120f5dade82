//! Settlement files taken in (收檔): kept, then posted a chunk at a time.
//!
//! * A file is kept whole or not at all: its lines are staged in one transaction, after the last
//!   was read and the trailer agreed. The same bytes again, under any name, are the same file.
//! * A bank's file names the account that the money came to: which channel that is, is dated data.
//! * The files of a series are numbered without gaps. One that comes early is held, and goes on when
//!   those before it have come. Where a layout has no numbers, there is one a day.
//! * Before its first line is posted, all of them are compared with what was paid before. A
//!   reference that comes again with another amount or account quarantines the file: nothing of
//!   it is posted until somebody has looked.
//! * A line is a payment to the household, or money in suspense when the account is nobody's;
//!   one that was paid before, and just so, is a duplicate. Each chunk is one transaction: killed
//!   anywhere, the next run goes on.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;

use super::files::{self, Entry, Line, Sequence, Summary, Whose};
use super::model::{Channel, FileState, Payment, PaymentError, PaymentFile, Terms};
use super::rules::counted;
use super::store;
use super::store::files::{Unsettled, number};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::watch::Watch;
use crate::kernel::working_day::Holidays;
use crate::ledger::{self, Account, General, Source, Transfer, TransferKind};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::calendar;
use crate::platform::crypto::Hasher;
use crate::platform::db::{DbError, transact};
use crate::tenancy;

/// Lines that are staged, or posted, at once.
const AT_ONCE: u16 = 8_192;

/// Takes in the file at `path` that came as `name`: keeps it, and says whether it is new.
pub fn receive(
    conn: &mut PgConnection,
    path: &Path,
    name: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(PaymentFile, bool), PaymentError> {
    let mut source = File::open(path).map_err(files::FileError::from)?;
    let sha256 = digest(&mut source)?;
    if let Some(known) = store::files::of_digest(conn, &sha256)? {
        return Ok((known, false));
    }
    source.rewind().map_err(files::FileError::from)?;
    let taken = transact(conn, |conn| {
        let id = PaymentFileId::fresh();
        let (summary, again) = stage(conn, id, source, now)?;
        if again != sha256 {
            return Err(PaymentError::Changed);
        }
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
            sha256: sha256.clone(),
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
        Ok(file)
    });
    match taken {
        Ok(file) => Ok((file, true)),
        // Somebody else may have brought the same bytes meanwhile.
        Err(error) => match store::files::of_digest(conn, &sha256)? {
            Some(known) => Ok((known, false)),
            None => Err(error),
        },
    }
}

/// Stages every line of `source`; what the file says of itself, and its digest.
fn stage(
    conn: &mut PgConnection,
    id: PaymentFileId,
    source: File,
    now: DateTime<Utc>,
) -> Result<(Summary, Vec<u8>), PaymentError> {
    let mut hasher = Hasher::default();
    let reading = Digesting {
        source,
        hasher: &mut hasher,
    };
    let mut lines: Vec<Line> = Vec::with_capacity(AT_ONCE.into());
    let summary = files::read(BufReader::new(reading), now, |entry| {
        match entry {
            Entry::Payment(line) => lines.push(line),
            // They pay nobody's rent.
            Entry::Unpaid(_) | Entry::Movement(_) => return Ok(()),
        }
        if lines.len() == usize::from(AT_ONCE) {
            store::files::add_lines(conn, id, &lines)?;
            lines.clear();
        }
        Ok::<_, PaymentError>(())
    })?;
    store::files::add_lines(conn, id, &lines)?;
    Ok((summary, hasher.finish().to_vec()))
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
    if let Some((first, last)) = store::files::span(conn, id)? {
        // Money that comes late on the last day of a month counts from the next one.
        let months = [first, last + TimeDelta::days(15)].map(|at| Month::of(hong_kong_date(at)));
        let [first, last] = months;
        ledger::open_months(conn, first, last)?;
    }
    loop {
        let file = transact(conn, |conn| chunk(conn, id, actor, now))?;
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
    let channel = store::files::file(conn, id)?.channel;
    store::files::hold(conn, channel)?;
    let mut file = store::files::file(conn, id)?;
    if file.state != FileState::Staged {
        return Ok(file);
    }
    let mut contradiction = None;
    if file.settled == 0 {
        contradiction = store::files::contradiction(conn, id, file.channel)?;
    }
    if contradiction.is_none() {
        let lines = store::files::unsettled(conn, (id, file.settled), AT_ONCE.into())?;
        contradiction = settle(conn, &file, lines, now)?;
    }
    if let Some((line, reference)) = contradiction {
        file.state = FileState::Quarantined;
        file.reason = Some(format!(
            "line {line}: {reference} was paid with another amount or to another account"
        ));
        tracing::error!(%id, "a settlement file contradicts what was paid before");
        audit::record(conn, actor, "payments.file.quarantined", &id, now)?;
    } else {
        file.settled = file.lines.min(file.settled.saturating_add(AT_ONCE.into()));
        if file.settled == file.lines {
            file.state = FileState::Posted;
            file.posted_at = Some(now);
            audit::record(conn, actor, "payments.file.posted", &id, now)?;
        }
    }
    store::files::keep_state(conn, &file)?;
    Ok(file)
}

/// Posts those of `lines` that were not paid before; or nothing, when one of them contradicts
/// what was paid since the file was looked at, which line.
fn settle(
    conn: &mut PgConnection,
    file: &PaymentFile,
    lines: Vec<Unsettled>,
    now: DateTime<Utc>,
) -> Result<Option<(i32, String)>, PaymentError> {
    let references: Vec<&str> = lines.iter().map(|line| line.reference.as_str()).collect();
    let mut paid: HashMap<String, (String, Money)> =
        store::files::paid(conn, file.channel, &references)?
            .into_iter()
            .collect();
    let codes = lines.iter().filter_map(|line| line.account.parse().ok());
    let known = tenancy::known(conn, &codes.collect::<Vec<_>>())?;
    let known: HashSet<TenantCode> = known.into_iter().collect();
    let dated = Dated::of(conn, file, &lines)?;
    let mut payments = Vec::with_capacity(lines.len());
    for line in lines {
        let what = (line.account.clone(), line.amount);
        match paid.insert(line.reference.clone(), what.clone()) {
            // A duplicate.
            Some(before) if before == what => {}
            Some(_) => return Ok(Some((line.number, line.reference))),
            None => payments.push(dated.payment(file, line, &known, now)),
        }
    }
    let transfers: Vec<Transfer> = payments.iter().map(transfer).collect();
    ledger::post(conn, &transfers, now)?;
    store::files::add_payments(conn, &payments)?;
    Ok(None)
}

/// What decides from when the lines of a chunk count.
struct Dated {
    terms: Terms,
    holidays: Holidays,
}

impl Dated {
    fn of(
        conn: &mut PgConnection,
        file: &PaymentFile,
        lines: &[Unsettled],
    ) -> Result<Self, PaymentError> {
        let closed = PaymentError::Closed(file.channel, file.business_date);
        let mut open = store::terms_on(conn, file.business_date)?.into_iter();
        let terms = open.find(|terms| terms.channel == file.channel);
        let first = lines
            .iter()
            .map(|line| hong_kong_date(line.instructed_at))
            .min();
        let first = first.unwrap_or(file.business_date);
        Ok(Self {
            terms: terms.ok_or(closed)?,
            holidays: calendar::holidays(conn, first, file.business_date)?,
        })
    }

    /// What `line` of `file` paid; to nobody, when its account is none of `known`.
    fn payment(
        &self,
        file: &PaymentFile,
        line: Unsettled,
        known: &HashSet<TenantCode>,
        now: DateTime<Utc>,
    ) -> Payment {
        let code = line.account.parse().ok();
        Payment {
            id: PaymentId::derived(&format!("{}/{}", file.channel, line.reference)),
            channel: file.channel,
            value_on: counted(&self.terms, line.instructed_at, &self.holidays).value_on,
            household: code.filter(|code| known.contains(code)),
            reference: line.reference,
            account: line.account,
            amount: line.amount,
            instructed_at: line.instructed_at,
            file: file.id,
            line: line.number,
            recorded_at: now,
        }
    }
}

/// Off what the household owes, or into suspense.
fn transfer(payment: &Payment) -> Transfer {
    let to = payment
        .household
        .map_or(Account::General(General::Suspense), Account::Household);
    let from = Account::General(payment.channel.clearing());
    let source = Source {
        id: payment.id.as_uuid(),
        part: "",
    };
    let dates = (payment.value_on, payment.recorded_at);
    Transfer::of(
        (from, to),
        payment.amount,
        TransferKind::Payment,
        source,
        dates,
    )
}

fn digest(source: &mut File) -> Result<Vec<u8>, PaymentError> {
    let mut hasher = Hasher::default();
    let mut reading = Digesting {
        source,
        hasher: &mut hasher,
    };
    std::io::copy(&mut reading, &mut std::io::sink()).map_err(files::FileError::from)?;
    Ok(hasher.finish().to_vec())
}

/// Digests what is read through it.
struct Digesting<'a, R> {
    source: R,
    hasher: &'a mut Hasher,
}

impl<R: Read> Read for Digesting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
