//! Reconciliation (對帳): whether a channel's files, the bank and the ledger say the same of a day.
//!
//! * A day is the channel's own: the business date of its files, the day that the bank's credit is
//!   of, and of what was told and is in no file yet, the day from which it counts.
//! * Every figure is asked of the rows when it is read; none is kept.
//! * The bank's side is what statements say: a channel's takings in one sum, told by dated rules
//!   from what the bank writes, or payment by payment.
//! * What differs is named: the file, the credit, the line.
//! * Money that moved and that no rule knows is a list. Whose it is, one person proposes and
//!   another approves; the newest that was approved counts.
//! * No public source says that a channel keeps a fee: what is credited is all that was taken.

mod model;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{Channel, PaymentError};
use super::{rules, store};
use crate::kernel::four_eyes::Decision;
use crate::kernel::id::{AssignmentId, MovementId};
use crate::kernel::money::Money;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::db::DbError;

pub(super) use model::{Assignment, BankMovement, LinePlace, Moved, NOWHERE, PayingIn};
pub use model::{Cause, Credit, Day, DayFile, DayStanding, Figures, NamedLine, Period, WholeDay};

/// Every channel's days in `period`, the newest first.
pub fn days(conn: &mut PgConnection, period: Period) -> Result<Vec<Day>, DbError> {
    let figures = store::reconciliation::figures(conn, period)?;
    let days = figures.into_iter().map(|figures| Day {
        standing: rules::standing(&figures),
        figures,
    });
    Ok(days.collect())
}

/// A channel's day and what each side consists of.
pub fn whole_day(
    conn: &mut PgConnection,
    (channel, on): (Channel, NaiveDate),
) -> Result<WholeDay, PaymentError> {
    let day = one_day(conn, (channel, on))?;
    let mut files = store::reconciliation::files(conn, (channel, on))?;
    let mut credits = store::reconciliation::credits(conn, (channel, on))?;
    if day.figures.credits > 0 && day.standing == DayStanding::Difference {
        let totals: Vec<_> = files.iter().map(|file| file.net_amount).collect();
        let sums: Vec<_> = credits.iter().map(|credit| credit.amount).collect();
        let (lone_files, lone_credits) = rules::pair(&totals, &sums);
        for (file, is_alone) in files.iter_mut().zip(lone_files) {
            file.is_alone = is_alone;
        }
        for (credit, is_alone) in credits.iter_mut().zip(lone_credits) {
            credit.is_alone = is_alone;
        }
    }
    Ok(WholeDay {
        day,
        files,
        credits,
    })
}

fn one_day(
    conn: &mut PgConnection,
    (channel, on): (Channel, NaiveDate),
) -> Result<Day, PaymentError> {
    let period = Period {
        channel: Some(channel),
        from: on,
        to: on,
    };
    let day = days(conn, period)?.pop();
    day.ok_or(PaymentError::NoSuchPayment)
}

/// Up to `rows` lines of a channel's day that make a difference, or may, from after the one at
/// `after`.
pub(super) fn lines(
    conn: &mut PgConnection,
    (channel, on): (Channel, NaiveDate),
    after: Option<LinePlace>,
    rows: i64,
) -> Result<Vec<NamedLine>, PaymentError> {
    let figures = one_day(conn, (channel, on))?.figures;
    let net = figures.net_amount().filter(|_| figures.credits > 0);
    let differ_by = net.and_then(|net| net.checked_sub(figures.bank_amount).ok());
    let differ_by = differ_by.map(Money::abs).filter(|by| *by != Money::ZERO);
    let found = store::reconciliation::lines(conn, (channel, on), differ_by, after, rows);
    Ok(found?)
}

/// The first lines of a channel's day that make a difference, or may.
pub fn first_lines(
    conn: &mut PgConnection,
    day: (Channel, NaiveDate),
    rows: i64,
) -> Result<Vec<NamedLine>, PaymentError> {
    lines(conn, day, None, rows)
}

/// Proposes whose movement `id` is: a channel's, of a day, or none's.
pub(super) fn propose(
    conn: &mut PgConnection,
    id: MovementId,
    (whose, reason): (Option<(Channel, NaiveDate)>, &str),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Assignment, PaymentError> {
    store::movements::hold(conn, id)?;
    let moved = store::movements::movement(conn, id)?;
    if store::movements::is_proposed(conn, id)? {
        return Err(PaymentError::NotNow("a proposal for it is open"));
    }
    if whose.is_some_and(|(_, day)| !rules::may_settle(day, moved.booked_on)) {
        return Err(PaymentError::Unfit(
            "day: the day of the movement or one in the year before it",
        ));
    }
    let assignment = Assignment {
        id: AssignmentId::fresh(),
        movement: id,
        whose,
        reason: reason.to_owned(),
        proposed_by: actor.as_str().to_owned(),
        proposed_at: now,
        decision: None,
    };
    store::movements::propose(conn, &assignment)?;
    let action = "payments.movement.proposed";
    audit::record(conn, actor, action, &assignment.id, now)?;
    Ok(assignment)
}

/// Approves assignment `id`, or refuses it for a reason.
pub(super) fn decide(
    conn: &mut PgConnection,
    id: AssignmentId,
    refused_for: Option<&str>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Assignment, PaymentError> {
    let movement = store::movements::assignment(conn, id)?.movement;
    store::movements::hold(conn, movement)?;
    let mut assignment = store::movements::assignment(conn, id)?;
    let decision = Decision::make(
        &[&assignment.proposed_by],
        assignment.decision.as_ref(),
        refused_for,
        (actor.as_str(), now),
    )?;
    let approved = decision.approved;
    store::movements::decide(conn, &assignment, &decision)?;
    assignment.decision = Some(decision);
    let action = if approved {
        "payments.movement.assigned"
    } else {
        "payments.movement.refused"
    };
    audit::record(conn, actor, action, &id, now)?;
    Ok(assignment)
}
