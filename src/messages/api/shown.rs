//! A message as callers see it: what it was about, and where it is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::id::{MessageId, PersonId};
use crate::kernel::tenant_code::TenantCode;
use crate::messages::model::{Medium, Message, MessageKind, MessageState};

/// What was, or is to be, sent to a household by one medium.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MessageOut {
    id: MessageId,
    kind: MessageKind,
    medium: Medium,
    tenant_code: TenantCode,
    state: MessageState,
    /// Why it is in that state: a carrier's code, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "smtp 550")]
    reason: Option<String>,
    drafted_at: DateTime<Utc>,
    /// Not before this instant, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<DateTime<Utc>>,
    /// Of no use from this instant on.
    stale_at: DateTime<Utc>,
    attempts: i16,
    #[serde(skip_serializing_if = "Option::is_none")]
    tried_at: Option<DateTime<Utc>>,
    /// Whose address it was last tried with; the address is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<PersonId>,
    /// How many text messages it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<i16>,
    /// What the carrier calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
}

impl From<Message> for MessageOut {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            kind: message.kind,
            medium: message.medium,
            tenant_code: message.household,
            state: message.state,
            reason: message.reason,
            drafted_at: message.drafted_at,
            due_at: (message.state == MessageState::Waiting).then_some(message.due_at),
            stale_at: message.stale_at,
            attempts: message.attempts,
            tried_at: message.tried_at,
            person_id: message.person,
            parts: message.parts,
            receipt: message.receipt,
            ended_at: message.ended_at,
        }
    }
}
