//! Retention: each day, what has been kept for as long as its rule says is erased, and counted
//! by class.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::accounts::forget_accounts;
use super::erasure::{carry_out, order};
use super::model::{DataClass, PrivacyError, RetentionRule, RetentionRun};
use super::{rules, store};
use crate::kernel::clock::{hong_kong_date, hong_kong_time};
use crate::kernel::id::PersonId;
use crate::kernel::reach::Reach;
use crate::kernel::text::Line;
use crate::people::{self, By};
use crate::platform::audit::{self, Entry};
use crate::platform::auth::Actor;
use crate::platform::db::{DbError, reach_in, transact};
use crate::platform::jobs::{self, Job};
use crate::platform::vault::Vault;

/// Queued work: erase whoever is kept no longer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Retain {}

impl Job for Retain {
    const KIND: &'static str = "privacy.retain";

    fn unique_name(&self) -> Option<String> {
        Some(String::new())
    }
}

/// The reason on the orders of this job, and its name.
const RETENTION: &str = "retention";

/// People looked for at a time.
const AT_ONCE: i64 = 500;

/// Queues the run of today until it has come to its end, when a rule is in force.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DbError> {
    let today = hong_kong_date(now);
    let due = is_ruled(conn, today)? && !store::has_ended(conn, today)?;
    if due || !unfinished(conn)?.is_empty() {
        jobs::enqueue(conn, &Retain {}, now)?;
    }
    Ok(())
}

/// Carries out the erasures that were stopped half way, and erases whoever is kept no longer by
/// the rule in force; none without one, or when it is done for today. Each person is counted in
/// the transaction that erases them.
pub fn retain(
    conn: &mut PgConnection,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<Option<RetentionRun>, PrivacyError> {
    let today = hong_kong_date(now);
    let by = By {
        vault,
        actor: &Actor::program(RETENTION),
        reach: &Reach::Everywhere,
        access: None,
        now,
    };
    let stopped = finish(conn, by, today)?;
    if !is_ruled(conn, today)? || store::has_ended(conn, today)? {
        return Ok(None);
    }
    store::begin_run(conn, today)?;
    for class in [DataClass::SignIn, DataClass::Delegation, DataClass::Request] {
        forget(conn, class, today)?;
    }
    let unforgotten = forget_accounts(conn, by, today)?;
    let stopped = stopped.saturating_add(unforgotten);
    let (held, failed) = match store::rule_on(conn, DataClass::Person, today)? {
        Some(rule) => let_all_go(conn, by, (&rule, today))?,
        None => (0, 0),
    };
    transact(conn, |conn| {
        let failed = stopped.saturating_add(failed);
        let run = store::end_run(conn, today, (held, failed), now)?;
        store::tally(conn, today, (DataClass::Person, run.erased.into()))?;
        let counts = format!(
            "erased {}, held {}, failed {}",
            run.erased, run.held, run.failed
        );
        let by_class = store::tallies(conn, today)?.into_iter();
        let by_class = by_class.map(|one| format!("; {} {}", one.data_class, one.erased));
        let counts = by_class.fold(counts, |counts, one| counts + &one);
        let entry = Entry {
            purpose: Some(&counts),
            ..Entry::of(by.actor, "privacy.retention.ran", &today, now)
        };
        audit::add(conn, &entry)?;
        Ok(Some(run))
    })
}

/// Whether a rule of some class is in force on `today`.
fn is_ruled(conn: &mut PgConnection, today: NaiveDate) -> Result<bool, DbError> {
    for class in DataClass::ALL {
        if store::rule_on(conn, *class, today)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes the rows of `class` that the rule in force keeps no longer, once a day.
fn forget(conn: &mut PgConnection, class: DataClass, today: NaiveDate) -> Result<(), DbError> {
    transact(conn, |conn| {
        let Some(rule) = store::rule_on(conn, class, today)? else {
            return Ok(());
        };
        if store::is_tallied(conn, today, class)? {
            return Ok(());
        }
        let before = hong_kong_time(rules::cutoff(today, rule.keep_months), 0);
        let erased = store::forget_older(conn, class, before)?;
        store::tally(conn, today, (class, erased))
    })
}

/// Erases the people whom `rule` keeps no longer; says how many are held, and how many are to be
/// looked at.
fn let_all_go(
    conn: &mut PgConnection,
    by: By<'_>,
    (rule, today): (&RetentionRule, NaiveDate),
) -> Result<(i32, i32), PrivacyError> {
    let (mut held, mut failed, mut after) = (0_i32, 0_i32, None);
    loop {
        let gone = gone(conn, rules::cutoff(today, rule.keep_months), after)?;
        let Some(last) = gone.last() else { break };
        after = Some(*last);
        for person in gone {
            match let_go(conn, by, person, (rule, today)) {
                Ok(()) => {}
                Err(PrivacyError::Held) => held = held.saturating_add(1),
                Err(error) => {
                    tracing::error!(error.cause = %error, "somebody was not erased");
                    failed = failed.saturating_add(1);
                }
            }
        }
    }
    Ok((held, failed))
}

fn gone(
    conn: &mut PgConnection,
    before: NaiveDate,
    after: Option<PersonId>,
) -> Result<Vec<PersonId>, DbError> {
    transact(conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        people::left_before(conn, before, after, AT_ONCE)
    })
}

/// Erases `person`: on the word of this program and of whoever approved the rule.
fn let_go(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    (rule, today): (&RetentionRule, NaiveDate),
) -> Result<(), PrivacyError> {
    transact(conn, |conn| {
        reach_in(conn, by.reach)?;
        let approver = Actor::named(&rule.approved_by);
        order(conn, by, person, (RETENTION, [by.actor, &approver]))
    })?;
    counted(conn, by, person, today)
}

/// Carries out the order to erase `person`, and counts it if it is retention's own.
fn counted(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    today: NaiveDate,
) -> Result<(), PrivacyError> {
    transact(conn, |conn| {
        reach_in(conn, by.reach)?;
        let done = carry_out(conn, by, person)?;
        if done.is_some_and(|order| order.reason == RETENTION) {
            store::count_erased(conn, today)?;
        }
        Ok(())
    })
}

/// Whom an order that was stopped half way is to erase.
fn unfinished(conn: &mut PgConnection) -> Result<Vec<PersonId>, DbError> {
    transact(conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        store::open_orders(conn)
    })
}

/// Carries out what was stopped half way; says how many are to be looked at.
fn finish(conn: &mut PgConnection, by: By<'_>, today: NaiveDate) -> Result<i32, PrivacyError> {
    let mut failed = 0_i32;
    for person in unfinished(conn)? {
        if let Err(error) = counted(conn, by, person, today) {
            tracing::error!(error.cause = %error, "an erasure is still to be carried out");
            failed = failed.saturating_add(1);
        }
    }
    Ok(failed)
}

/// Records a rule of retention, for a day ahead.
pub(super) fn add_rule(
    conn: &mut PgConnection,
    by: By<'_>,
    (data_class, valid_from): (DataClass, NaiveDate),
    (keep_months, source): (i32, &Line<200>),
) -> Result<RetentionRule, PrivacyError> {
    if valid_from <= hong_kong_date(by.now) {
        return Err(PrivacyError::RuleNotAhead);
    }
    let rule = RetentionRule {
        data_class,
        valid_from,
        keep_months,
        after_what: data_class.after_what().to_owned(),
        source: source.as_str().to_owned(),
        approved_by: by.actor.as_str().to_owned(),
        recorded_at: by.now,
    };
    store::add_rule(conn, &rule)?;
    let action = "privacy.retention.ruled";
    audit::record(conn, by.actor, action, &valid_from, by.now)?;
    Ok(rule)
}
