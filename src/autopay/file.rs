//! The file of a collection: made once from what is frozen, kept in sealed pieces, and never again
//! otherwise.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::files::{Batch, Instruction};
use super::model::{AutopayError, Collection, CollectionState};
use super::prepare::count;
use super::{sealing, store};
use crate::kernel::ahead::ahead;
use crate::kernel::id::CollectionId;
use crate::kernel::reach::Reach;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Hasher;
use crate::platform::db::{self, reach_in, transact};
use crate::platform::vault::{DataKeys, KeyClass, Padding, Vault};

/// Debits in one piece.
const IN_A_PART: i64 = 1_024;

/// Makes the file of what is frozen, piece by piece, and its digest.
pub(super) fn write_file(
    (conn, url): (&mut PgConnection, &str),
    vault: &Vault,
    id: CollectionId,
    now: DateTime<Utc>,
) -> Result<Collection, AutopayError> {
    reach_in(conn, &Reach::Everywhere)?;
    let collection = store::lock_collection(conn, id)?;
    if collection.state != CollectionState::Preparing {
        return Ok(collection);
    }
    let policy = store::policy(conn, collection.policy)?;
    let batch = Batch::of(&collection, &policy);
    let keys = vault.create(conn, KeyClass::Finance, id.as_uuid(), now)?;
    let mut file = Parts {
        number: 0,
        bytes: 0,
        hasher: Hasher::default(),
    };
    let mut seal = |conn: &mut PgConnection, content: &[u8]| {
        let (part, number) = (Uuid::now_v7(), file.add(content));
        let sealed = keys.seal(&sealing::part_cell(part), content, Padding::Multiple256)?;
        Ok::<_, AutopayError>(store::add_part(conn, (part, id, number), &sealed)?)
    };
    let mut content = Zeroizing::new(batch.opening()?);
    let read = |give: &dyn Fn(Read) -> bool| {
        if let Err(error) = read_all(url, vault, id, give) {
            give(Err(error));
        }
    };
    ahead(read, |read| {
        for debits in read {
            let (debits, keys) = debits?;
            for debit in &debits {
                content.extend_from_slice(&instruction(&batch, debit, &keys)?);
            }
            seal(conn, &content)?;
            content.clear();
        }
        Ok::<_, AutopayError>(())
    })?;
    content.extend(batch.closing()?);
    if !content.is_empty() {
        seal(conn, &content)?;
    }
    let collection = Collection {
        state: CollectionState::Prepared,
        bytes: Some(file.bytes),
        sha256: Some(file.hasher.finish().to_vec()),
        prepared_at: Some(now),
        ..collection
    };
    store::save_collection(conn, &collection)?;
    let actor = Actor::program("autopay");
    audit::record(conn, &actor, "autopay.collection.prepared", &id, now)?;
    Ok(collection)
}

/// How the file asks the bank for `debit`.
fn instruction(
    batch: &Batch,
    debit: &store::Debit,
    keys: &HashMap<Uuid, DataKeys>,
) -> Result<Zeroizing<Vec<u8>>, AutopayError> {
    let store::Debit { line, mandate } = debit;
    let subject = mandate.id.as_uuid();
    let keys = keys.get(&subject).ok_or_else(|| sealing::no_key(subject))?;
    let payer = sealing::open(keys, mandate)?;
    let instruction = batch.instruction(&Instruction {
        bank: &mandate.bank,
        account: &payer.account,
        holder: &payer.holder,
        mandate: mandate.bank_reference.as_deref().unwrap_or_default(),
        code: line.household,
        reference: &line.reference,
        amount: line.amount,
    })?;
    Ok(Zeroizing::new(instruction))
}

/// Debits and the keys of their mandates, or why there are no more.
type Read = Result<(Vec<store::Debit>, HashMap<Uuid, DataKeys>), AutopayError>;

/// Gives every debit of collection `id`, as many at once as are in one piece.
fn read_all(
    url: &str,
    vault: &Vault,
    id: CollectionId,
    give: &dyn Fn(Read) -> bool,
) -> Result<(), AutopayError> {
    let mut conn = db::connect(url)?;
    let mut after = 0;
    loop {
        let (debits, keys) = transact(&mut conn, |conn| {
            reach_in(conn, &Reach::Everywhere)?;
            let debits = store::debits(conn, id, after, IN_A_PART)?;
            let mandates: Vec<Uuid> = debits.iter().map(|one| one.mandate.id.as_uuid()).collect();
            let keys = vault.many(conn, KeyClass::Finance, &mandates)?;
            Ok::<_, AutopayError>((debits, keys))
        })?;
        let Some(last) = debits.last() else {
            return Ok(());
        };
        after = last.line.household.number();
        if !give(Ok((debits, keys))) {
            return Ok(());
        }
    }
}

/// How far a file is written.
struct Parts {
    number: i32,
    bytes: i64,
    hasher: Hasher,
}

impl Parts {
    /// The number of the piece that `content` makes.
    fn add(&mut self, content: &[u8]) -> i32 {
        self.number = self.number.saturating_add(1);
        self.bytes = self.bytes.saturating_add(count(content.len()));
        self.hasher.update(content);
        self.number
    }
}

/// Piece `number` of the file of collection `id`; `None` after the last.
pub fn part(
    conn: &mut PgConnection,
    vault: &Vault,
    (id, number): (CollectionId, i32),
) -> Result<Option<Vec<u8>>, AutopayError> {
    let Some((part, sealed)) = store::part(conn, id, number)? else {
        return Ok(None);
    };
    if vault.erased(conn, KeyClass::Finance, id.as_uuid())? {
        return Err(AutopayError::Forgotten);
    }
    let keys = vault.keys(conn, KeyClass::Finance, id.as_uuid())?;
    let keys = keys.ok_or_else(|| sealing::no_key(id.as_uuid()))?;
    Ok(Some(
        keys.open(&sealing::part_cell(part), &sealed)?.to_vec(),
    ))
}
