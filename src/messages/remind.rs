//! Reminding whoever still owes, once a month.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::MessageError;
use super::news::RentDue;
use super::store::rows;
use crate::kernel::id::ReminderId;
use crate::kernel::month::Month;
use crate::ledger;
use crate::platform::db::transact;
use crate::platform::outbox;

/// Households at once.
const BAND: i64 = 8_192;

/// Writes, for each household that owes something by what is booked, that `month`'s rent is due;
/// says how many there were. Broken off, it goes on where it was. Whether anything is still to be
/// paid then, and how much, is asked when the message is drafted.
pub fn remind(
    conn: &mut PgConnection,
    month: Month,
    now: DateTime<Utc>,
) -> Result<i64, MessageError> {
    let (mut after, mut said) = (None, 0_i64);
    loop {
        let owing = ledger::owing(conn, after, BAND)?;
        let Some(last) = owing.last() else { break };
        after = Some(*last);
        said = said.saturating_add(i64::try_from(owing.len()).unwrap_or(i64::MAX));
        let event = RentDue { month };
        let events = owing.iter().map(|code| {
            let id = ReminderId::derived(&format!("{code}/{month}"));
            ((*code, id.as_uuid()), &event)
        });
        transact(conn, |conn| outbox::say_all(conn, events, now))?;
    }
    rows::add_reminder(conn, month, said, now)?;
    Ok(said)
}
