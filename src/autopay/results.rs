//! What the bank answers, taken in.
//!
//! * An answer is taken once: the same one again changes nothing, in whatever file it comes.
//! * One that fits no debit is kept with its place and why, and keeps no other from being taken.
//! * A file is read to its end before anything of it counts, then taken a chunk at a time: killed
//!   anywhere, the same file again goes on.

use std::collections::BTreeMap;
use std::io::BufRead;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::booking::{self, Paid};
use super::files::answers;
use super::model::{
    Answer, AutopayError, Collection, CollectionState, Misfit, Policy, Rail, Report,
};
use super::sorting::{Sorted, Sorting};
use super::{commands, rules, store};
use crate::kernel::id::{CollectionId, MandateId, PaymentFileId};
use crate::kernel::reach::Reach;
use crate::kernel::watch::Watch;
use crate::payments::{self, AutopayRefused, AutopaySuspended};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::db::{reach_in, transact};
use crate::platform::outbox::{self, About};

/// Answers that are taken in one transaction.
pub const AT_ONCE: usize = 4_096;

/// Takes the file at `source`, until told to stop; of which collection it is, and what became of
/// its answers.
pub fn take_file(
    conn: &mut PgConnection,
    source: impl BufRead,
    actor: &Actor,
    now: DateTime<Utc>,
    watch: &dyn Watch,
) -> Result<(CollectionId, Report), AutopayError> {
    let (id, answers) = answers::read(source)?;
    let mut report = Report::default();
    let total = i64::try_from(answers.len()).unwrap_or(i64::MAX);
    let mut done = 0;
    for chunk in answers.chunks(AT_ONCE) {
        if watch.stopped() {
            break;
        }
        let taken = transact(conn, |conn| {
            reach_in(conn, &Reach::Everywhere)?;
            take(conn, id, chunk, actor, now)
        })?;
        report = report.and(taken);
        done += i64::try_from(chunk.len()).unwrap_or_default();
        watch.progress(done, total);
    }
    Ok((id, report))
}

/// Takes `answers` about collection `id`, in the caller's transaction, which reaches every mandate.
pub fn take(
    conn: &mut PgConnection,
    id: CollectionId,
    answers: &[Answer],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Report, AutopayError> {
    // Locked: what others take about it meanwhile is seen.
    let collection = store::lock_collection(conn, id)?;
    if collection.state != CollectionState::Released {
        return Err(AutopayError::Collection(collection.state));
    }
    let report = settle(conn, &collection, answers, (actor, now))?;
    store::add_strays(conn, (Some(id), None), &report.strays, (actor, now))?;
    audit::record(conn, actor, "autopay.results.taken", &id, now)?;
    Ok(report)
}

/// Takes `answers` of settlement file `file`, of whichever collections: each goes by what we
/// called the debit. In the caller's transaction, which reaches every mandate.
pub fn take_any(
    conn: &mut PgConnection,
    file: PaymentFileId,
    answers: &[Answer],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Report, AutopayError> {
    let debited = store::debited(conn, &references(answers))?;
    let mut of_collection: BTreeMap<Option<CollectionId>, Vec<Answer>> = BTreeMap::new();
    for answer in answers {
        let debited = debited.get(&answer.reference);
        let id = debited.map(|debited| debited.collection);
        of_collection.entry(id).or_default().push(answer.clone());
    }
    let mut report = Report::default();
    for (id, answers) in of_collection {
        let taken = match id {
            Some(id) => {
                let collection = store::lock_collection(conn, id)?;
                if collection.state == CollectionState::Released {
                    audit::record(conn, actor, "autopay.results.taken", &id, now)?;
                    settle(conn, &collection, &answers, (actor, now))?
                } else {
                    Report::of_strays(&answers, Misfit::NotSent)
                }
            }
            None => Report::of_strays(&answers, Misfit::Unknown),
        };
        store::add_strays(conn, (id, Some(file)), &taken.strays, (actor, now))?;
        report = report.and(taken);
    }
    Ok(report)
}

fn references(answers: &[Answer]) -> Vec<&str> {
    answers.iter().map(|one| one.reference.as_str()).collect()
}

/// Takes `answers` about `collection`, which is released and locked; those that fit no debit are
/// only told.
fn settle(
    conn: &mut PgConnection,
    collection: &Collection,
    answers: &[Answer],
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<Report, AutopayError> {
    let references = references(answers);
    let debited = store::debited(conn, &references)?;
    let paid_before = payments::paid_before(conn, collection.rail.channel(), &references)?;
    let mut sorting = Sorting::of(collection, debited, paid_before, now);
    for answer in answers {
        sorting.sort(answer, actor);
    }
    let Sorted {
        accepted,
        unpaid,
        returned,
        mandates,
        results,
        mut report,
    } = sorting.sorted;
    let policy = store::policy(conn, collection.policy)?;
    booking::book(conn, collection.rail, &accepted, actor, now)?;
    let came_back = (returned.as_slice(), &policy);
    booking::take_back(conn, collection.rail, came_back, actor, now)?;
    store::add_results(conn, &results)?;
    tell_unpaid(conn, collection.rail, &unpaid, now)?;
    report.suspended = suspend(conn, mandates, &policy, now)?;
    Ok(report)
}

/// Writes that each of `unpaid` was not paid, for its household to be told.
fn tell_unpaid(
    conn: &mut PgConnection,
    rail: Rail,
    unpaid: &[Paid],
    now: DateTime<Utc>,
) -> Result<(), AutopayError> {
    let events: Vec<(About, AutopayRefused)> = unpaid
        .iter()
        .map(|one| {
            let event = AutopayRefused {
                amount: one.amount,
                due_on: one.collect_on,
            };
            ((one.code, booking::payment(rail, one).as_uuid()), event)
        })
        .collect();
    let events = events.iter().map(|(about, event)| (*about, event));
    outbox::say_all(conn, events, now)?;
    Ok(())
}

/// Suspends those of `mandates` that were refused too often in a row, and writes it for their
/// households to be told; how many.
fn suspend(
    conn: &mut PgConnection,
    mut mandates: Vec<MandateId>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<u32, AutopayError> {
    mandates.sort_unstable();
    mandates.dedup();
    let answers = store::last_answers(conn, &mandates)?;
    mandates.retain(|mandate| {
        let newest_first = answers.get(mandate).map(Vec::as_slice).unwrap_or_default();
        rules::refused_in_a_row(newest_first) >= policy.refusals
    });
    let reason = format!("refused {} times in a row", policy.refusals);
    let suspended = commands::suspend_all(conn, &mandates, &reason, now)?;
    let event = AutopaySuspended {
        refusals: u8::try_from(policy.refusals).unwrap_or(u8::MAX),
    };
    let about = |moved: &store::Moved| {
        let name = format!("{}/{}", moved.mandate, moved.version);
        (moved.household, MandateId::derived(&name).as_uuid())
    };
    let events = suspended.iter().map(|moved| (about(moved), &event));
    outbox::say_all(conn, events, now)?;
    Ok(u32::try_from(suspended.len()).unwrap_or(u32::MAX))
}
