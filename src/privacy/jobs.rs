//! Retention: each day, whoever has been gone for as long as the rule says is erased.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::erasure::erase;
use super::model::{DataClass, PrivacyError, RetentionRule, RetentionRun};
use super::{rules, store};
use crate::kernel::clock::hong_kong_date;
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

/// People looked for at a time.
const AT_ONCE: i64 = 500;

/// Queues the run of today until it has come to its end, when a rule is in force.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DbError> {
    let today = hong_kong_date(now);
    let rule = store::rule_on(conn, DataClass::Person, today)?;
    if rule.is_some() && !store::has_ended(conn, today)? {
        jobs::enqueue(conn, &Retain {}, now)?;
    }
    Ok(())
}

/// Erases whoever is kept no longer by the rule in force; none without one, or when it is done
/// for today. Each person is a transaction of its own, which counts them.
pub fn retain(
    conn: &mut PgConnection,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<Option<RetentionRun>, PrivacyError> {
    let today = hong_kong_date(now);
    let Some(rule) = store::rule_on(conn, DataClass::Person, today)? else {
        return Ok(None);
    };
    if store::has_ended(conn, today)? {
        return Ok(None);
    }
    store::begin_run(conn, today)?;
    let by = By {
        vault,
        actor: &Actor::program("retention"),
        reach: &Reach::Everywhere,
        access: None,
        now,
    };
    let (mut held, mut failed, mut after) = (0_i32, 0_i32, None);
    loop {
        let gone = gone(conn, rules::cutoff(today, rule.keep_months), after)?;
        let Some(last) = gone.last() else { break };
        after = Some(*last);
        for person in gone {
            match let_go(conn, by, person, (&rule, today)) {
                Ok(()) => {}
                Err(PrivacyError::Held) => held = held.saturating_add(1),
                Err(error) => {
                    tracing::error!(error.cause = %error, "somebody was not erased");
                    failed = failed.saturating_add(1);
                }
            }
        }
    }
    transact(conn, |conn| {
        let run = store::end_run(conn, today, (held, failed), now)?;
        let counts = format!(
            "erased {}, held {}, failed {}",
            run.erased, run.held, run.failed
        );
        let entry = Entry {
            purpose: Some(&counts),
            ..Entry::of(by.actor, "privacy.retention.ran", &today, now)
        };
        audit::add(conn, &entry)?;
        Ok(Some(run))
    })
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
        store::count_erased(conn, today)?;
        let approver = Actor::named(&rule.approved_by);
        erase(conn, by, person, ("retention", [by.actor, &approver]))
    })
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
