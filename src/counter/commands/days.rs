//! Opening a day, and taking payments on it.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use crate::counter::model::{CounterDay, CounterError, DayState, HandedOver, Taking};
use crate::counter::{rules, store};
use crate::estates;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{CounterDayId, EstateId};
use crate::kernel::language::Language;
use crate::kernel::reach::Reach;
use crate::payments::{self, Channel, Told};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::tenancy;

/// How long the name of a place may be.
const PLACE: usize = 60;

/// Opens the caller's day at the counter of `estate`.
pub fn open_day(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    estate: EstateId,
    now: DateTime<Utc>,
) -> Result<CounterDay, CounterError> {
    if !reach.takes_in(estate) || estates::estate(conn, estate)?.is_none() {
        return Err(CounterError::NoSuchEstate);
    }
    store::days::office(conn, estate)?;
    let day = CounterDay {
        id: CounterDayId::fresh(),
        estate,
        shroff: actor.as_str().to_owned(),
        opened_on: hong_kong_date(now),
        opened_at: now,
        state: DayState::Open,
        closed_at: None,
    };
    store::days::add(conn, &day)?;
    audit::record(conn, actor, "counter.day.opened", &day.id, now)?;
    Ok(day)
}

/// Takes what somebody hands over, for any household.
pub fn take(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    id: CounterDayId,
    handed: HandedOver,
    now: DateTime<Utc>,
) -> Result<Taking, CounterError> {
    let today = hong_kong_date(now);
    let day = lock_within(conn, reach, id)?;
    if tenancy::known(conn, &[handed.code])?.is_empty() {
        return Err(CounterError::NoSuchAccount);
    }
    rules::may_take(&day, actor.as_str(), today)?;
    let at_most = store::terms::at_most(conn, handed.tender, today)?;
    rules::may_be_taken(&handed, at_most)?;
    let receipt = store::days::next_number(conn, day.estate, today)?;
    let told = Told {
        reference: receipt.to_string(),
        account: handed.code.to_string(),
        amount: handed.amount,
        instructed_at: now,
        place: place(conn, day.estate)?,
    };
    let fates = payments::enter_told(conn, Channel::Shroff, vec![told], actor, now)?;
    if fates != [payments::Fate::Posted] {
        return Err(CounterError::NumberUsed);
    }
    let payment = payments::paid_by(Channel::Shroff, &receipt.to_string());
    let with = (handed.tender, handed.instrument.as_deref());
    store::receipts::add(conn, (payment, &day), receipt, with)?;
    audit::record(conn, actor, "counter.payment.taken", &payment, now)?;
    Ok(Taking {
        payment,
        day: day.id,
        receipt,
        what: handed,
        taken_at: now,
        voided: None,
    })
}

/// The name of the estate whose office it is, as Hong Kong writes it.
fn place(conn: &mut PgConnection, estate: EstateId) -> Result<String, CounterError> {
    let estate = estates::estate(conn, estate)?.ok_or(CounterError::NoSuchEstate)?;
    let name = estate.name.get(Language::ZhHk);
    Ok(name.chars().take(PLACE).collect())
}

/// Day `id`, if it is at an office within `reach`.
pub fn day_within(
    conn: &mut PgConnection,
    reach: &Reach,
    id: CounterDayId,
) -> Result<CounterDay, CounterError> {
    let day = store::days::day(conn, id)?;
    day.filter(|day| reach.takes_in(day.estate))
        .ok_or(CounterError::NoSuchDay)
}

/// The same, locked until the transaction ends.
pub(super) fn lock_within(
    conn: &mut PgConnection,
    reach: &Reach,
    id: CounterDayId,
) -> Result<CounterDay, CounterError> {
    let day = store::days::lock(conn, id)?;
    day.filter(|day| reach.takes_in(day.estate))
        .ok_or(CounterError::NoSuchDay)
}
