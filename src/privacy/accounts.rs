//! Bank accounts of direct debits: forgotten, by their keys, when they have been kept for as long
//! as the rule says. While somebody of a household is under a legal hold, its own are kept.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::PgConnection;
use uuid::Uuid;

use super::erasure::forget_account;
use super::model::{DataClass, PrivacyError, RetentionRule};
use super::{rules, store};
use crate::autopay;
use crate::kernel::clock::hong_kong_time;
use crate::kernel::tenant_code::TenantCode;
use crate::people::{self, By};
use crate::platform::auth::Actor;
use crate::platform::db::{reach_in, transact};
use crate::platform::vault::KeyClass;

/// Keys that are looked at at once.
const AT_ONCE: usize = 500;

/// Destroys the keys of what the rule in force keeps no longer, once a day, on the word of this
/// program and of whoever approved the rule; says how many are to be looked at.
pub(super) fn forget_accounts(
    conn: &mut PgConnection,
    by: By<'_>,
    today: NaiveDate,
) -> Result<i32, PrivacyError> {
    let class = DataClass::DirectDebit;
    let Some(rule) = store::rule_on(conn, class, today)? else {
        return Ok(0);
    };
    if store::is_tallied(conn, today, class)? {
        return Ok(0);
    }
    let (mut erased, mut failed) = (0, 0_i32);
    for subjects in outdated(conn, by, (&rule, today))?.chunks(AT_ONCE) {
        // Those that are left: the others were erased before.
        let live = by.vault.many(conn, KeyClass::Finance, subjects)?;
        for subject in live.into_keys() {
            let approver = Actor::named(&rule.approved_by);
            let word = ("retention", [by.actor, &approver]);
            match transact(conn, |conn| forget_account(conn, by, subject, word)) {
                Ok(()) => erased += 1,
                Err(error) => {
                    tracing::error!(%subject, error.cause = %error, "a bank account was not erased");
                    failed = failed.saturating_add(1);
                }
            }
        }
    }
    store::tally(conn, today, (class, erased))?;
    Ok(failed)
}

/// What ended before `rule` keeps it, of households of which nobody is under a hold.
fn outdated(
    conn: &mut PgConnection,
    by: By<'_>,
    (rule, today): (&RetentionRule, NaiveDate),
) -> Result<Vec<Uuid>, PrivacyError> {
    let before = hong_kong_time(rules::cutoff(today, rule.keep_months), 0);
    transact(conn, |conn| {
        reach_in(conn, by.reach)?;
        let held = store::held_people(conn)?;
        let stays = people::memberships_of(conn, by, &held)?;
        let held: HashSet<TenantCode> = stays.iter().map(|stay| stay.household).collect();
        let ended = autopay::ended_before(conn, before)?.into_iter();
        let free = ended.filter(|(_, code)| code.is_none_or(|code| !held.contains(&code)));
        Ok(free.map(|(subject, _)| subject).collect())
    })
}
