//! Postings, reversals and checkpoints. Each runs inside the caller's transaction, which must
//! be READ COMMITTED: what another has just committed decides.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SubsecRound, Utc};
use diesel::PgConnection;

use super::checkpoint::{Checkpoint, Link, Sealing};
use super::model::{LedgerError, Reversal, Transfer, Undo};
use super::{rules, store};
use crate::kernel::id::TransferId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::SigningKey;

/// The most transfers that one checkpoint seals: their stubs take sixteen megabytes.
const CHECKPOINT_TRANSFERS: i64 = 2_000_000;

/// Posts `transfers`, all booked at `now`, and moves the households' balances with them.
///
/// It is one `COPY` and one statement for the balances, however many they are.
pub fn post(
    conn: &mut PgConnection,
    transfers: &[Transfer],
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    if transfers.is_empty() {
        return Ok(());
    }
    let booked = transfers.iter().map(|transfer| transfer.booked_at);
    let earliest = booked.fold(now, DateTime::min);
    if let Some(sealed) = store::hold_seal(conn)?.filter(|sealed| earliest <= *sealed) {
        return Err(LedgerError::Sealed(sealed));
    }
    store::append(conn, transfers)?;
    store::add_to_balances(conn, &changes(transfers)?)
}

/// Reverses the transfer named `transfer` on the account of `household`: posts its mirror,
/// which counts from the same date.
pub fn reverse(
    conn: &mut PgConnection,
    household: TenantCode,
    transfer: TransferId,
    reason: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Transfer, LedgerError> {
    // Before any row is locked: waiting for a checkpoint while holding one could be forever.
    store::hold_seal(conn)?;
    let original =
        store::transfer(conn, household, transfer)?.ok_or(LedgerError::NoSuchTransfer)?;
    let record = Reversal {
        reversed: original.id,
        household: household.number(),
        reason: reason.to_owned(),
        recorded_by: actor.as_str().to_owned(),
        recorded_at: now,
    };
    let mirror = rules::reversal_of(&original, &record)?;
    if !store::record_reversal(conn, &record, mirror.id)? {
        return Err(LedgerError::NotReversible);
    }
    post(conn, std::slice::from_ref(&mirror), now)?;
    audit::record(conn, actor, "ledger.transfer.reversed", &transfer, now)?;
    Ok(mirror)
}

/// Reverses those of `wanted` that are not reversed yet, each on the account of its household: the
/// mirrors that were posted, in no order. What is reversed already stays as it is.
///
/// It is one statement for each of what it reads and writes, however many they are; but each is on
/// record by itself.
pub fn reverse_all(
    conn: &mut PgConnection,
    wanted: &[Undo],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<Transfer>, LedgerError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    // As with one: before any row is locked.
    store::hold_seal(conn)?;
    let ids: Vec<TransferId> = wanted.iter().map(|one| one.transfer).collect();
    let originals: HashMap<TransferId, Transfer> = store::transfers(conn, &ids)?
        .into_iter()
        .map(|transfer| (transfer.id, transfer))
        .collect();
    // In one order everywhere: two who reverse the same wait for each other, and for nothing else.
    let mut mirrors = BTreeMap::new();
    for one in wanted {
        let number = one.household.number();
        let original = originals.get(&one.transfer);
        let original = original.filter(|found| [found.debit, found.credit].contains(&number));
        let original = original.ok_or(LedgerError::NoSuchTransfer)?;
        let record = Reversal {
            reversed: original.id,
            household: number,
            reason: one.reason.clone(),
            recorded_by: actor.as_str().to_owned(),
            recorded_at: now,
        };
        let mirror = rules::reversal_of(original, &record)?;
        mirrors.insert(original.id, (record, mirror));
    }
    let noted = store::record_reversals(conn, mirrors.values())?;
    let posted: Vec<Transfer> = noted
        .iter()
        .filter_map(|id| mirrors.remove(id))
        .map(|(_, mirror)| mirror)
        .collect();
    post(conn, &posted, now)?;
    for id in &noted {
        audit::record(conn, actor, "ledger.transfer.reversed", id, now)?;
    }
    Ok(posted)
}

/// Seals what was booked after the newest checkpoint and up to `through`; `None` when there
/// is nothing.
///
/// A checkpoint holds at most two million transfers (more only when they were all booked at
/// one instant), so it may end earlier: seal again until there is nothing. Postings wait
/// meanwhile, so seal days that are over. After the commit, [`super::bear_witness`].
pub fn seal(
    conn: &mut PgConnection,
    key: &SigningKey,
    through: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Checkpoint>, LedgerError> {
    seal_at_most(conn, key, (through, now), CHECKPOINT_TRANSFERS)
}

/// As [`seal`], with checkpoints of at most `most` transfers.
pub fn seal_at_most(
    conn: &mut PgConnection,
    key: &SigningKey,
    (through, now): (DateTime<Utc>, DateTime<Utc>),
    most: i64,
) -> Result<Option<Checkpoint>, LedgerError> {
    if through > now {
        return Err(LedgerError::NotPassed(through));
    }
    store::hold_postings(conn)?;
    let newest = store::newest_checkpoint(conn)?;
    let link = newest.as_ref().map_or_else(Link::genesis, Link::from);
    // PostgreSQL keeps microseconds; what it keeps is what is hashed.
    let through = store::seal_end(conn, link.through, through.trunc_subsecs(6), most)?;
    let mut sealing = Sealing::default();
    store::each_booked(conn, link.through, through, |transfer| {
        sealing.add(transfer);
        Ok::<_, LedgerError>(())
    })?;
    if sealing.is_empty() {
        return Ok(None);
    }
    let checkpoint = sealing.close(&link, through, key, now.trunc_subsecs(6));
    store::add_checkpoint(conn, &checkpoint)?;
    Ok(Some(checkpoint))
}

/// What `transfers` add to each household's balance, by household.
fn changes(transfers: &[Transfer]) -> Result<BTreeMap<i64, Money>, LedgerError> {
    let mut changes = BTreeMap::new();
    for transfer in transfers {
        for account in [transfer.debit, transfer.credit] {
            if TenantCode::of(account).is_some() {
                let change = changes.entry(account).or_insert(Money::ZERO);
                *change = change.checked_add(transfer.onto(account))?;
            }
        }
    }
    Ok(changes)
}
