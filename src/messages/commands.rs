//! What is decided about messages. Each runs inside the caller's transaction, with the caller's
//! reach set in it.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Choice, Message, MessageError, MessageState};
use super::store::{choices, messages, rows};
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::id::MessageId;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::tenancy;

/// Lets a caller through to the messages of `code`; someone else's are as those of an account
/// that does not exist.
pub(super) fn admit(
    conn: &mut PgConnection,
    reach: &Reach,
    code: TenantCode,
    now: DateTime<Utc>,
) -> Result<(), MessageError> {
    let within = tenancy::reaches(conn, reach, code, hong_kong_date(now))?;
    if within && !tenancy::known(conn, &[code])?.is_empty() {
        Ok(())
    } else {
        Err(MessageError::NoSuchAccount)
    }
}

/// `found`, if the caller reaches it.
pub(super) fn admitted(
    conn: &mut PgConnection,
    reach: &Reach,
    found: Option<Message>,
    now: DateTime<Utc>,
) -> Result<Message, MessageError> {
    let message = found.ok_or(MessageError::NoSuchMessage)?;
    match admit(conn, reach, message.household, now) {
        Err(MessageError::NoSuchAccount) => Err(MessageError::NoSuchMessage),
        admitted => admitted.map(|()| message),
    }
}

/// Sends a message after all that came to nothing: under the same id, for as long as its kind is
/// worth telling, and a reminder of rent while its month lasts.
pub(super) fn resend(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    id: MessageId,
    now: DateTime<Utc>,
) -> Result<Message, MessageError> {
    let found = messages::lock(conn, id)?;
    let message = admitted(conn, reach, found, now)?;
    if !message.state.may_be_resent() {
        return Err(MessageError::NotResendable(message.state));
    }
    if let Some(month) = message
        .reminds_of()
        .filter(|month| *month < hong_kong_month(now))
    {
        return Err(MessageError::Past(month));
    }
    let good_for = rows::policy(conn, message.policy)?.good_for;
    let again = Message {
        state: MessageState::Waiting,
        reason: None,
        due_at: now,
        stale_at: now + good_for,
        attempts: 0,
        ended_at: None,
        ..message
    };
    messages::keep(conn, &again)?;
    audit::record(conn, actor, "messages.resent", &id, now)?;
    Ok(again)
}

/// Household `code` chooses, having seen version `choice.version`; what it chose then.
pub(super) fn choose(
    conn: &mut PgConnection,
    (actor, reach): (&Actor, &Reach),
    code: TenantCode,
    choice: Choice,
    now: DateTime<Utc>,
) -> Result<Choice, MessageError> {
    admit(conn, reach, code, now)?;
    let today = hong_kong_date(now);
    let policies = rows::policies(conn)?;
    let must = |kind| {
        policies.iter().any(|policy| {
            policy.kind == kind
                && !policy.refusable
                && policy.in_force.holds(today, policy.in_force.recorded_at)
        })
    };
    if let Some(kind) = choice.refused.iter().find(|kind| must(**kind)) {
        return Err(MessageError::NotRefusable(*kind));
    }
    let chosen = Choice {
        version: choice.version.saturating_add(1),
        ..choice
    };
    choices::keep(conn, code, &chosen, (actor.as_str(), now))?;
    audit::record(conn, actor, "messages.chosen", &code, now)?;
    Ok(chosen)
}
