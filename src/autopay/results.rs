//! What the bank answers, taken in.
//!
//! * An answer is taken once: the same one again changes nothing, in whatever file it comes.
//! * One that fits no debit is kept with its place and why, and keeps no other from being taken.
//! * A file is read to its end before anything of it counts, then taken a chunk at a time: killed
//!   anywhere, the same file again goes on.

use std::collections::HashMap;
use std::io::BufRead;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::booking::{self, Paid};
use super::files::answers;
use super::model::{
    Answer, AutopayError, Collection, CollectionState, DebitResult, LineState, Misfit, Policy,
    Report, Stray,
};
use super::rules::{self, Meaning};
use super::store::{self, Debited, NewResult};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{CollectionId, MandateId};
use crate::kernel::reach::Reach;
use crate::kernel::watch::Watch;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::db::{reach_in, transact};

/// Answers that are taken in one transaction.
const AT_ONCE: usize = 4_096;

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
    let references: Vec<&str> = answers.iter().map(|one| one.reference.as_str()).collect();
    let mut sorting = Sorting {
        debited: store::debited(conn, &references)?,
        collection: &collection,
        now,
        accepted: Vec::new(),
        refused: Vec::new(),
        returned: Vec::new(),
        results: Vec::new(),
        report: Report::default(),
    };
    for answer in answers {
        sorting.sort(answer, actor);
    }
    let Sorting {
        accepted,
        refused,
        returned,
        results,
        mut report,
        ..
    } = sorting;
    let policy = store::policy(conn, collection.policy)?;
    booking::book(conn, collection.rail, &accepted, actor, now)?;
    let came_back = (returned.as_slice(), &policy);
    booking::take_back(conn, collection.rail, came_back, actor, now)?;
    store::add_results(conn, &results)?;
    store::add_strays(conn, id, &report.strays, (actor, now))?;
    report.suspended = suspend(conn, refused, &policy, now)?;
    audit::record(conn, actor, "autopay.results.taken", &id, now)?;
    Ok(report)
}

/// Suspends those of `mandates` that were refused too often in a row; how many.
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
    let by = (&Actor::program("autopay"), reason.as_str());
    let suspended = store::suspend_all(conn, &mandates, by, now)?;
    Ok(u32::try_from(suspended).unwrap_or(u32::MAX))
}

/// Answers, sorted by what they do.
struct Sorting<'a> {
    debited: HashMap<String, Debited>,
    collection: &'a Collection,
    now: DateTime<Utc>,
    accepted: Vec<Paid>,
    refused: Vec<MandateId>,
    /// With the reason that the ledger keeps.
    returned: Vec<(Paid, String)>,
    results: Vec<NewResult>,
    report: Report,
}

impl Sorting<'_> {
    fn sort(&mut self, answer: &Answer, actor: &Actor) {
        if let Err(problem) = self.fit(answer, actor) {
            self.report.strays.push(Stray {
                place: answer.place,
                reference: answer.reference.clone(),
                code: answer.code,
                problem,
            });
        }
    }

    /// Takes `answer` for its debit, if it fits.
    fn fit(&mut self, answer: &Answer, actor: &Actor) -> Result<(), Misfit> {
        let debited = self.debited.get_mut(&answer.reference);
        let debited = debited.ok_or(Misfit::Unknown)?;
        if debited.collection != self.collection.id {
            return Err(Misfit::OtherCollection);
        }
        let early = hong_kong_date(self.now) < debited.collect_on;
        if early && answer.code == DebitResult::Accepted {
            return Err(Misfit::BeforeItsDay);
        }
        let state = match rules::meaning(&debited.codes, answer.code) {
            Meaning::Duplicate => {
                self.report.duplicates += 1;
                return Ok(());
            }
            Meaning::Contradiction => return Err(Misfit::Contradiction),
            Meaning::Now(state) => state,
        };
        debited.codes.push(answer.code);
        self.results.push(NewResult {
            reference: debited.reference.clone(),
            number: i16::try_from(debited.codes.len()).unwrap_or(i16::MAX),
            code: answer.code,
            recorded_by: actor.as_str().to_owned(),
            recorded_at: self.now,
        });
        let paid = Paid {
            reference: debited.reference.clone(),
            code: debited.household,
            amount: debited.amount,
            collect_on: debited.collect_on,
        };
        match state {
            LineState::Waiting => {}
            LineState::Accepted => {
                self.report.accepted += 1;
                self.accepted.push(paid);
            }
            LineState::Refused => {
                self.report.refused += 1;
                self.refused.push(debited.mandate);
            }
            LineState::Returned => {
                self.report.returned += 1;
                self.refused.push(debited.mandate);
                let reason = format!("direct debit returned: {}", answer.code);
                self.returned.push((paid, reason));
            }
        }
        Ok(())
    }
}

impl Report {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.returned += other.returned;
        self.duplicates += other.duplicates;
        self.suspended += other.suspended;
        self.strays.extend(other.strays);
        self
    }
}
