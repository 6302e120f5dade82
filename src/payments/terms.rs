//! Terms of channels, changed (更改渠道條款).
//!
//! * New terms hold from a day that is yet to come: by the old ones it was decided what was paid in
//!   time, and from which day money counts.
//! * Nothing is edited. The terms that they replace are known from now on to end the day before; as
//!   they were known until now stays.
//! * Terms that begin later are not written over: whoever recorded them meant something by it. Once
//!   the last terms end, the channel is closed.
//! * Whether a channel signs its files is one of them, so they are not for those who bring files.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{Channel, PaymentError, Terms};
use super::store::{self, NewTerms};
use crate::kernel::clock::hong_kong_date;
use crate::platform::audit;
use crate::platform::auth::Actor;

/// Records that `channel` has the terms `new` from `valid_from` to `valid_to`, if it has an end.
pub(super) fn record(
    conn: &mut PgConnection,
    channel: Channel,
    new: &NewTerms,
    (valid_from, valid_to): (NaiveDate, Option<NaiveDate>),
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<Terms, PaymentError> {
    if valid_from <= hong_kong_date(now) {
        return Err(PaymentError::TermsOfThePast(valid_from));
    }
    store::hold_terms(conn, channel)?;
    let before = store::terms(conn)?.into_iter();
    let before = before.filter(|terms| {
        let ends = terms.in_force.valid_to;
        terms.channel == channel && ends.is_none_or(|last| last >= valid_from)
    });
    for terms in before {
        let begins = terms.in_force.valid_from;
        if begins < valid_from {
            let last = valid_from.pred_opt().unwrap_or(begins);
            store::end_terms(conn, terms.row.number, last, now)?;
        } else if valid_to.is_none_or(|last| begins <= last) {
            return Err(PaymentError::TermsOverlap(channel, begins));
        }
    }
    let terms = store::add_terms(conn, channel, new, (valid_from, valid_to), now)?;
    let number = terms.row.number;
    audit::record(conn, actor, "payments.terms.recorded", &number, now)?;
    Ok(terms)
}
