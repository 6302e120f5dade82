//! Mandates by the hundred thousand: taken over from another system, or made up to measure by.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::model::{AutopayError, Happened, Mandate, MandateEvent, MandateState, Rail};
use super::payer::Payer;
use super::sealing;
use crate::kernel::id::MandateId;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Actor;
use crate::platform::db::schema::{autopay_event, autopay_mandate};
use crate::platform::vault::{KeyClass, Vault};

/// A mandate that a bank has verified already.
#[derive(Debug, Clone)]
pub struct Verified {
    pub code: TenantCode,
    pub rail: Rail,
    pub payer: Payer,
    /// By what the bank knows it.
    pub bank_reference: String,
}

/// Adds `mandates`, in force at once, by three `COPY`s; as the schema's owner.
pub fn load_mandates(
    conn: &mut PgConnection,
    vault: &Vault,
    mandates: &[Verified],
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<(), AutopayError> {
    let (mut keys, mut rows, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for one in mandates {
        let id = MandateId::fresh();
        let (key, of_mandate) = vault.draft(KeyClass::Finance, id.as_uuid(), now)?;
        let sealed = sealing::sealed_by(&of_mandate, id, &one.payer)?;
        keys.push(key);
        rows.push(Mandate {
            id,
            household: one.code,
            rail: one.rail,
            bank: one.payer.bank.clone().into(),
            ending: one.payer.account.ending().to_owned(),
            account: sealed.account,
            holder: sealed.holder,
            at_most: None,
            state: MandateState::Active,
            bank_reference: Some(one.bank_reference.clone()),
            active_since: Some(now),
            proposed_at: now,
            version: 1,
        });
        events.push(Happened {
            mandate: id,
            number: 1,
            event: MandateEvent::Verified,
            reason: None,
            actor: actor.as_str().to_owned(),
            at: now,
        });
    }
    Vault::load_drafts(conn, &keys)?;
    diesel::copy_from(autopay_mandate::table)
        .from_insertable(rows)
        .execute(conn)?;
    diesel::copy_from(autopay_event::table)
        .from_insertable(events)
        .execute(conn)?;
    Ok(())
}
