//! The end of a day: what was counted is compared with what is held.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::days::lock_within;
use crate::counter::model::{Count, Counted, CounterDay, CounterError, DayState};
use crate::counter::{rules, store};
use crate::kernel::four_eyes::Decision;
use crate::kernel::id::{CountId, CounterDayId};
use crate::kernel::reach::Reach;
use crate::platform::audit;
use crate::platform::auth::Actor;

/// Takes what was counted of day `id`: when it agrees the day is closed, and otherwise a second
/// person looks.
pub fn count(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    id: CounterDayId,
    counted: Counted,
    now: DateTime<Utc>,
) -> Result<(CounterDay, Count), CounterError> {
    let day = lock_within(conn, reach, id)?;
    if day.state != DayState::Open {
        return Err(CounterError::Day(day.state));
    }
    if store::voids::any_open(conn, id)? {
        return Err(CounterError::NotNow("a void waits to be decided"));
    }
    let circulation = store::terms::circulation(conn, day.opened_on)?;
    let cash = rules::recognised(&counted.cash, &circulation)?;
    let lines = rules::lines(&store::receipts::held(conn, id)?, &counted)?;
    let agrees = rules::agrees(&lines);
    if !agrees && counted.reason.is_none() {
        return Err(CounterError::Differs);
    }
    let before = store::counts::last(conn, id)?;
    let count = Count {
        id: CountId::fresh(),
        day: id,
        number: before.map_or(0, |count| count.number).saturating_add(1),
        lines,
        cash: counted.cash,
        reason: counted.reason.filter(|_| !agrees),
        counted_by: actor.as_str().to_owned(),
        counted_at: now,
        decision: None,
    };
    store::counts::add(conn, &count, &cash)?;
    let state = if agrees {
        DayState::Closed
    } else {
        DayState::Counted
    };
    let day = put(conn, day, state, now)?;
    let action = match state {
        DayState::Closed => "counter.day.closed",
        _ => "counter.day.counted",
    };
    audit::record(conn, actor, action, &id, now)?;
    Ok((day, count))
}

/// Closes a day whose count differs, or sends it back to be counted anew for a reason.
pub fn decide_count(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    id: CounterDayId,
    refused_for: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(CounterDay, Count), CounterError> {
    let day = lock_within(conn, reach, id)?;
    if day.state != DayState::Counted {
        return Err(CounterError::Day(day.state));
    }
    let count = store::counts::last(conn, id)?.ok_or(CounterError::NoSuchDay)?;
    let (before, by) = (count.decision.as_ref(), (actor.as_str(), now));
    let decision = Decision::make(&rules::concerned(&count, &day), before, refused_for, by)?;
    store::counts::decide(conn, &count, &decision)?;
    let (state, action) = if decision.approved {
        (DayState::Closed, "counter.day.closed")
    } else {
        (DayState::Open, "counter.day.sent_back")
    };
    let day = put(conn, day, state, now)?;
    audit::record(conn, actor, action, &id, now)?;
    let decision = Some(decision);
    Ok((day, Count { decision, ..count }))
}

fn put(
    conn: &mut PgConnection,
    day: CounterDay,
    state: DayState,
    now: DateTime<Utc>,
) -> Result<CounterDay, CounterError> {
    let day = CounterDay {
        state,
        closed_at: (state == DayState::Closed).then_some(now),
        ..day
    };
    store::days::save(conn, &day)?;
    Ok(day)
}
