//! Terms of channels, changed (更改渠道條款).
//!
//! * New terms hold from a day that is yet to come: by the old ones it was decided what was paid in
//!   time, and from which day money counts.
//! * Nothing is edited. The terms that they replace are known from now on to end the day before; as
//!   they were known until now stays.
//! * Terms that begin later are not written over: whoever recorded them meant something by it. Once
//!   the last terms end, the channel is closed.
//! * Whom the payer names stays: money must not go elsewhere by one person's word.
//! * Whether a channel signs its files is one of them, so they are not for those who bring files, and
//!   whoever changes terms says it each time.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use diesel::PgConnection;

use super::model::{Channel, PaymentError, Terms};
use super::store::{self, NewTerms};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
use crate::platform::audit;
use crate::platform::auth::Actor;

/// What of terms one person may change.
pub(super) struct Changed {
    pub cut_off: Option<NaiveTime>,
    pub working_days_only: bool,
    pub lead_days: i16,
    pub at_most: Option<Money>,
    pub signs: bool,
    pub source: String,
    pub assumed: bool,
}

impl Changed {
    /// The terms that follow `before`.
    fn after(self, before: &Terms) -> NewTerms {
        NewTerms {
            cut_off: self.cut_off,
            working_days_only: self.working_days_only,
            lead_days: self.lead_days,
            at_most: self.at_most,
            payee: before.payee.clone(),
            payee_name: before.payee_name.clone(),
            signs: self.signs,
            source: self.source,
            assumed: self.assumed,
        }
    }
}

/// Records that `channel` has the terms `changed` from `valid_from` to `valid_to`, if it has an end.
pub(super) fn record(
    conn: &mut PgConnection,
    channel: Channel,
    changed: Changed,
    (valid_from, valid_to): (NaiveDate, Option<NaiveDate>),
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<Terms, PaymentError> {
    if valid_from <= hong_kong_date(now) {
        return Err(PaymentError::TermsOfThePast(valid_from));
    }
    store::hold_terms(conn, channel)?;
    let mut known = store::terms(conn)?;
    known.retain(|terms| terms.channel == channel);
    // They are in the order in which they begin.
    let mut earlier = known
        .iter()
        .rev()
        .filter(|terms| terms.in_force.valid_from < valid_from);
    let new = changed.after(earlier.next().ok_or(PaymentError::NeverOpen(channel))?);
    known.retain(|terms| {
        let ends = terms.in_force.valid_to;
        ends.is_none_or(|last| last >= valid_from)
    });
    for terms in known {
        let begins = terms.in_force.valid_from;
        if begins < valid_from {
            let last = valid_from.pred_opt().unwrap_or(begins);
            store::end_terms(conn, terms.row.number, last, now)?;
        } else if valid_to.is_none_or(|last| begins <= last) {
            return Err(PaymentError::TermsOverlap(channel, begins));
        }
    }
    let terms = store::add_terms(conn, channel, &new, (valid_from, valid_to), now)?;
    let number = terms.row.number;
    audit::record(conn, actor, "payments.terms.recorded", &number, now)?;
    Ok(terms)
}
