//! Status reports (`pain.002`): what a bank says of an order of direct debits, and of the debits in
//! it.
//!
//! * A report is kept whole or not at all, and by its bytes once; then it is taken a chunk at a
//!   time. What was taken before changes nothing: killed anywhere, the next run goes on.
//! * It is about the collection that its order is called after.
//! * What it says of the order or its batch, the closer of them, counts for every debit of which it
//!   says nothing by itself and which nobody has answered yet. An order that is refused is refused
//!   by its own name: it is no payer's doing.

use std::io::BufRead;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::files::ordered_as;
use super::jobs::TakeReport;
use super::model::{
    Answer, AutopayError, CollectionState, DebitResult, OwnVerdict, Report, StatusReport,
};
use super::results::{AT_ONCE, take};
use super::store;
use crate::kernel::id::StatusReportId;
use crate::kernel::reach::Reach;
use crate::kernel::watch::Watch;
use crate::payments::files::{Scope, Verdict, read_status_report};
use crate::platform::auth::Actor;
use crate::platform::db::{reach_in, transact};
use crate::platform::{audit, jobs};

/// Keeps the report in `source`, whose digest is `sha256`, and queues its taking; whether it is
/// new. In the caller's transaction.
pub fn keep_report(
    conn: &mut PgConnection,
    source: impl BufRead,
    sha256: &[u8],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(StatusReport, bool), AutopayError> {
    if let Some(known) = store::report_of_digest(conn, sha256)? {
        return Ok((known, false));
    }
    let id = StatusReportId::fresh();
    let mut staged = Staged::default();
    let said = read_status_report(source, now, |verdict| staged.add(conn, id, verdict))?;
    staged.flush(conn, id)?;
    let not_ours = || AutopayError::NotOurOrder(said.order.clone());
    // Batches are called as their order is: there is one in each.
    if staged.batches.iter().any(|batch| *batch != said.order) {
        return Err(not_ours());
    }
    let called = ordered_as(&said.order).ok_or_else(not_ours)?;
    let collection = store::called(conn, called)?.ok_or_else(not_ours)?;
    if collection.state != CollectionState::Released {
        return Err(AutopayError::Collection(collection.state));
    }
    let report = StatusReport {
        id,
        sha256: sha256.to_vec(),
        message: said.message,
        collection: collection.id,
        whole: staged.whole,
        verdicts: staged.count,
        received_by: actor.as_str().to_owned(),
        received_at: now,
        taken_at: None,
    };
    store::add_report(conn, &report)?;
    audit::record(conn, actor, "autopay.report.received", &id, now)?;
    jobs::enqueue(conn, &TakeReport { report: id }, now)?;
    Ok((report, true))
}

/// Verdicts on their way to where they are kept.
#[derive(Default)]
struct Staged {
    waiting: Vec<OwnVerdict>,
    count: i32,
    whole: Option<DebitResult>,
    /// What batches are called, each once in a row.
    batches: Vec<String>,
}

impl Staged {
    fn add(
        &mut self,
        conn: &mut PgConnection,
        id: StatusReportId,
        verdict: Verdict,
    ) -> Result<(), AutopayError> {
        let of_all = verdict.result.map(|result| match result {
            DebitResult::Accepted => DebitResult::Accepted,
            _ => DebitResult::OrderRefused,
        });
        let (batch, reference) = match verdict.on {
            Scope::Order => {
                self.whole = of_all;
                return Ok(());
            }
            Scope::Batch(batch) => {
                self.whole = of_all;
                (batch, None)
            }
            Scope::Debit { batch, reference } => (batch, Some(reference)),
        };
        if self.batches.last() != Some(&batch) {
            self.batches.push(batch);
        }
        let Some(reference) = reference else {
            return Ok(());
        };
        self.count = self.count.saturating_add(1);
        self.waiting.push(OwnVerdict {
            number: self.count,
            reference,
            code: verdict.result,
            amount: verdict.amount,
        });
        if self.waiting.len() == AT_ONCE {
            self.flush(conn, id)?;
        }
        Ok(())
    }

    fn flush(&mut self, conn: &mut PgConnection, id: StatusReportId) -> Result<(), AutopayError> {
        store::add_verdicts(conn, id, &self.waiting)?;
        self.waiting.clear();
        Ok(())
    }
}

/// Takes what report `id` says, until told to stop.
pub fn take_report(
    conn: &mut PgConnection,
    id: StatusReportId,
    actor: &Actor,
    now: DateTime<Utc>,
    watch: &dyn Watch,
) -> Result<Report, AutopayError> {
    let report = store::report(conn, id)?;
    let own = take_own(conn, &report, (actor, now), watch)?;
    let others = take_others(conn, &report, (actor, now), watch)?;
    if !watch.stopped() {
        store::end_report(conn, id, now)?;
    }
    Ok(own.and(others))
}

/// Takes the verdicts on single debits.
fn take_own(
    conn: &mut PgConnection,
    report: &StatusReport,
    by: (&Actor, DateTime<Utc>),
    watch: &dyn Watch,
) -> Result<Report, AutopayError> {
    let (mut taken, mut after) = (Report::default(), 0);
    while !watch.stopped() {
        let verdicts = store::verdicts(conn, report.id, after, rows())?;
        let Some(last) = verdicts.last() else { break };
        after = last.number;
        let decided = verdicts.into_iter().filter_map(|one| {
            Some(Answer {
                place: one.number,
                reference: one.reference,
                code: one.code?,
                amount: one.amount,
            })
        });
        let answers: Vec<Answer> = decided.collect();
        taken = taken.and(take_chunk(conn, report, &answers, by)?);
        watch.progress(after.into(), report.verdicts.into());
    }
    Ok(taken)
}

/// Takes what is said of the whole for the debits that have nothing of their own.
fn take_others(
    conn: &mut PgConnection,
    report: &StatusReport,
    by: (&Actor, DateTime<Utc>),
    watch: &dyn Watch,
) -> Result<Report, AutopayError> {
    let mut taken = Report::default();
    let Some(code) = report.whole else {
        return Ok(taken);
    };
    let (mut after, mut done) = (0, i64::from(report.verdicts));
    while !watch.stopped() {
        let unnamed = store::unnamed(conn, report, after, rows())?;
        let Some(last) = unnamed.last() else { break };
        after = last.household.number();
        done += i64::try_from(unnamed.len()).unwrap_or_default();
        let answers = unnamed.into_iter().map(|one| Answer {
            place: 0,
            reference: one.reference,
            code,
            amount: None,
        });
        taken = taken.and(take_chunk(conn, report, &answers.collect::<Vec<_>>(), by)?);
        watch.progress(done, done);
    }
    Ok(taken)
}

fn take_chunk(
    conn: &mut PgConnection,
    report: &StatusReport,
    answers: &[Answer],
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<Report, AutopayError> {
    transact(conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        take(conn, report.collection, answers, actor, now)
    })
}

fn rows() -> i64 {
    i64::try_from(AT_ONCE).unwrap_or(i64::MAX)
}
