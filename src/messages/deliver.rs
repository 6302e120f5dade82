//! Delivering: each message whose time has come is taken, tried and put on record.
//!
//! Taking is one transaction: that it is tried, and that the address was read, is on record before
//! a carrier is called. What the carrier said is another. In between nothing is locked; whoever
//! dies there leaves a message that is due again when [`LEASE`] is over.
//!
//! A carrier that is away is asked once a job, and no message is the worse for it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::address::{Address, address};
use super::carriers::{Carriers, Letter, Receipt, Refusal};
use super::model::{Medium, Message, MessageError, MessageState, Terms};
use super::news::News;
use super::rules::parts::parts;
use super::rules::times::{Due, Verdict, back_off, is_quiet, verdict};
use super::store::{choices, messages, rows};
use super::words;
use crate::kernel::clock::{Clock, hong_kong_date, hong_kong_time};
use crate::kernel::id::PersonId;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::people::By;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::db::{reach_in, transact};
use crate::platform::vault::Vault;

/// No carrier takes longer, with all of its waiting.
const LEASE: TimeDelta = TimeDelta::minutes(10);

/// What delivering needs.
pub struct Desk<'a> {
    pub vault: &'a Vault,
    pub carriers: &'a Carriers,
    pub clock: &'a dyn Clock,
    /// Draws a number at random.
    pub draw: &'a dyn Fn() -> u16,
}

/// What was made of a message that was taken.
enum Taken {
    /// It is to be sent: as it stands on record, and what is sent.
    Tried(Box<Message>, Letter),
    /// Where it is now is on record.
    Settled,
}

/// Delivers up to `most` messages whose time has come; says how many it took.
pub fn deliver(
    conn: &mut PgConnection,
    desk: &Desk<'_>,
    most: usize,
) -> Result<usize, MessageError> {
    let now = desk.clock.now();
    transact(conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        messages::end_stale(conn, now)
    })?;
    let terms = rows::terms_on(conn, hong_kong_date(now))?;
    let mut media = desk.carriers.media();
    let mut taken = 0;
    while taken < most {
        let now = desk.clock.now();
        if media.is_empty() || is_quiet(&terms, now) {
            break;
        }
        let next = transact(conn, |conn| take(conn, desk, &terms, &media, now))?;
        match next {
            None => break,
            Some(Taken::Settled) => {}
            Some(Taken::Tried(tried, letter)) => {
                let carrier = desk.carriers.of(tried.medium);
                let unset = Err(Refusal::Later("no carrier".to_owned()));
                let answer = carrier.map_or(unset, |carrier| carrier.send(&letter));
                if let Err(Refusal::Away(why)) = &answer {
                    tracing::error!(medium = %tried.medium, what = %why, "nobody carries messages");
                    // Each of the others would wait for it as long.
                    media.retain(|medium| !Carriers::share(*medium, tried.medium));
                }
                let wait = back_off(&terms, tried.attempts, (desk.draw)());
                let now = desk.clock.now();
                transact(conn, |conn| {
                    record(conn, &tried, answer, (&terms, now + wait), now)
                })?;
            }
        }
        taken += 1;
    }
    Ok(taken)
}

/// Takes the message whose time came first; `None` when there is none.
fn take(
    conn: &mut PgConnection,
    desk: &Desk<'_>,
    terms: &Terms,
    media: &[Medium],
    now: DateTime<Utc>,
) -> Result<Option<Taken>, MessageError> {
    reach_in(conn, &Reach::Everywhere)?;
    let Some(message) = messages::due(conn, media, now)? else {
        return Ok(None);
    };
    messages::hold_household(conn, message.household)?;
    let midnight = hong_kong_time(hong_kong_date(now), 0);
    let due = Due {
        stale_at: message.stale_at,
        attempts: message.attempts,
        others_today: messages::others_since(conn, &message, midnight)?,
    };
    let (message, letter) = match verdict(terms, due, now) {
        Verdict::Send => prepare(conn, desk, terms, message, now)?,
        Verdict::Later(due_at) => (Message { due_at, ..message }, None),
        Verdict::Stale => (over(message, MessageState::Stale, None, now), None),
        Verdict::TriedEnough => {
            let why = message.reason.clone();
            let why = why.unwrap_or_else(|| "no answer".to_owned());
            let dead = over(message, MessageState::Dead, Some(why), now);
            tell_of(conn, &dead, now)?;
            (dead, None)
        }
    };
    messages::keep(conn, &message)?;
    Ok(Some(match letter {
        Some(letter) => Taken::Tried(Box::new(message), letter),
        None => Taken::Settled,
    }))
}

/// Where `code` is reached by `medium`. What does not open undoes no more than its own reading.
fn whereabouts(
    conn: &mut PgConnection,
    desk: &Desk<'_>,
    (code, medium): (TenantCode, Medium),
    now: DateTime<Utc>,
) -> Result<Option<(Address, Option<PersonId>)>, MessageError> {
    let own = Reach::Household(code);
    let by = By {
        vault: desk.vault,
        actor: &postman(),
        reach: &own,
        access: None,
        now,
    };
    conn.transaction(|conn| {
        reach_in(conn, &own)?;
        address(conn, by, code, medium)
    })
}

/// What is sent of `message`, if it is sent, and where it is then.
fn prepare(
    conn: &mut PgConnection,
    desk: &Desk<'_>,
    terms: &Terms,
    message: Message,
    now: DateTime<Utc>,
) -> Result<(Message, Option<Letter>), MessageError> {
    let (code, medium) = (message.household, message.medium);
    let choice = choices::of(conn, code)?;
    if choice.refused.contains(&message.kind) && rows::policy(conn, message.policy)?.refusable {
        return Ok((over(message, MessageState::Refused, None, now), None));
    }
    let Ok(news) = serde_json::from_value::<News>(message.facts.clone()) else {
        let why = Some("its facts do not read".to_owned());
        let dead = over(message, MessageState::Dead, why, now);
        tell_of(conn, &dead, now)?;
        return Ok((dead, None));
    };
    let found = whereabouts(conn, desk, (code, medium), now);
    let attempts = message.attempts.saturating_add(1);
    let (to, person) = match found {
        Ok(Some(found)) => found,
        Ok(None) => {
            let why = Some("no address on record".to_owned());
            return Ok((over(message, MessageState::Unaddressed, why, now), None));
        }
        Err(MessageError::Db(error)) => return Err(error.into()),
        Err(error) => {
            tracing::error!(id = %message.id, error.cause = %error, "an address cannot be read");
            let later = Message {
                attempts,
                reason: Some("the address cannot be read".to_owned()),
                due_at: now + back_off(terms, attempts, (desk.draw)()),
                ..message
            };
            return Ok((later, None));
        }
    };
    let languages = choice.languages();
    let text = match medium {
        Medium::Email => words::letter(&news, code, &languages),
        Medium::Sms | Medium::Push => words::short(&news, code, &languages),
    };
    let tried = Message {
        attempts,
        tried_at: Some(now),
        due_at: now + LEASE,
        person,
        parts: (medium == Medium::Sms).then(|| parts(&text)),
        ..message
    };
    let letter = Letter {
        id: tried.id,
        to,
        subject: words::subject(&news, code, &languages),
        text,
        at: tried.drafted_at,
    };
    Ok((tried, Some(letter)))
}

/// Keeps what came of `tried`. What was taken over meanwhile is somebody else's to fail, but
/// whoever sent it has sent it.
fn record(
    conn: &mut PgConnection,
    tried: &Message,
    answer: Result<Receipt, Refusal>,
    (terms, again): (&Terms, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<(), MessageError> {
    reach_in(conn, &Reach::Household(tried.household))?;
    let now_is = messages::lock(conn, tried.id)?.ok_or(MessageError::NoSuchMessage)?;
    let is_mine = now_is.state == MessageState::Waiting && now_is.attempts == tried.attempts;
    let kept = match answer {
        Ok(_) if now_is.state == MessageState::Sent => return Ok(()),
        Ok(Receipt(receipt)) => Message {
            receipt: Some(receipt),
            ..over(now_is, MessageState::Sent, None, now)
        },
        Err(_) if !is_mine => return Ok(()),
        // It was not tried: nobody was there.
        Err(Refusal::Away(why)) => Message {
            attempts: tried.attempts.saturating_sub(1),
            tried_at: now_is.tried_at.filter(|_| tried.attempts > 1),
            reason: Some(why),
            due_at: again,
            ..now_is
        },
        Err(Refusal::Later(why)) if tried.attempts < terms.attempts => Message {
            reason: Some(why),
            due_at: again,
            ..now_is
        },
        Err(Refusal::Never(why) | Refusal::Later(why)) => {
            let dead = over(now_is, MessageState::Dead, Some(why), now);
            tell_of(conn, &dead, now)?;
            dead
        }
    };
    messages::keep(conn, &kept)?;
    Ok(())
}

/// `message` at its end.
fn over(
    message: Message,
    state: MessageState,
    reason: Option<String>,
    now: DateTime<Utc>,
) -> Message {
    Message {
        state,
        reason,
        ended_at: Some(now),
        ..message
    }
}

/// Tells of a message that is dead: in the log, and in the trail.
fn tell_of(
    conn: &mut PgConnection,
    dead: &Message,
    now: DateTime<Utc>,
) -> Result<(), MessageError> {
    let why = dead.reason.as_deref().unwrap_or_default();
    tracing::error!(id = %dead.id, kind = %dead.kind, what = why, "a message is dead");
    Ok(audit::record(
        conn,
        &postman(),
        "messages.dead",
        &dead.id,
        now,
    )?)
}

/// The actor that reads addresses.
fn postman() -> Actor {
    Actor::program("messages")
}
