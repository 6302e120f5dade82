//! Checkpoints: what seals the transfers booked in a span of time.
//!
//! * A transfer's leaf is SHA-256 over all its columns. A checkpoint keeps the first eight
//!   bytes of each leaf, which tell what was changed, and one digest over the whole leaves,
//!   which proves that nothing was.
//! * Its hash is over all of that, the span, when it was sealed, and the hash of the
//!   checkpoint before: changing one transfer changes every later checkpoint. The hash is signed, so making them anew
//!   takes the key.
//! * Transfers are sealed in the order of `booked_at` and id.

use chrono::{DateTime, Datelike, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;

use super::model::Transfer;
use crate::platform::crypto::{Digest, Fields, Hasher, SigningKey, hex, is_signed, sha256};
use crate::platform::db::schema::ledger_checkpoint;

/// The beginning of a leaf, as a checkpoint keeps it.
pub(super) type Stub = [u8; 8];

/// A sealed span of the ledger.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_checkpoint, check_for_backend(diesel::pg::Pg))]
pub struct Checkpoint {
    /// Counted from 1, without gaps.
    pub number: i32,
    /// It seals what was booked after the checkpoint before it and up to this instant.
    pub through: DateTime<Utc>,
    pub transfers: i64,
    pub amount: Decimal,
    pub(super) leaves: Vec<u8>,
    pub(super) digest: Vec<u8>,
    pub(super) previous: Vec<u8>,
    pub hash: Vec<u8>,
    pub key_id: String,
    pub signature: Vec<u8>,
    pub sealed_at: DateTime<Utc>,
}

/// Where the chain goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) number: i32,
    /// Up to when it is sealed so far; `None` before the first checkpoint.
    pub(super) through: Option<DateTime<Utc>>,
    pub(super) hash: Vec<u8>,
}

impl Link {
    /// The link that the first checkpoint follows.
    pub(super) fn genesis() -> Self {
        Self {
            number: 0,
            through: None,
            hash: vec![0; 32],
        }
    }

    /// What follows a checkpoint that cannot be read: nobody knows where it begins.
    pub(super) fn unreadable(number: i32) -> Self {
        Self {
            number,
            through: None,
            hash: Vec::new(),
        }
    }

    /// Whether it says where the next checkpoint begins.
    pub(super) fn is_known(&self) -> bool {
        !self.hash.is_empty()
    }
}

impl From<&Checkpoint> for Link {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            number: checkpoint.number,
            through: Some(checkpoint.through),
            hash: checkpoint.hash.clone(),
        }
    }
}

impl Checkpoint {
    /// The hash that its contents make.
    pub(super) fn computed_hash(&self) -> Digest {
        let mut fields = Fields::of("kaifong ledger checkpoint 2");
        fields.add(&self.number.to_be_bytes());
        fields.add(&self.through.timestamp_micros().to_be_bytes());
        fields.add(&self.transfers.to_be_bytes());
        fields.add(format!("{:.2}", self.amount).as_bytes());
        fields.add(&sha256(&[&self.leaves]));
        fields.add(&self.digest);
        fields.add(&self.previous);
        fields.add(&self.sealed_at.timestamp_micros().to_be_bytes());
        fields.digest()
    }

    /// Whether one of `keys`, each with its id, signed it.
    pub(super) fn is_signed_by(&self, keys: &[(String, Vec<u8>)]) -> bool {
        let mut named = keys.iter().filter(|(id, _)| *id == self.key_id);
        named.any(|(_, public)| is_signed(public, &self.hash, &self.signature))
    }

    /// The stubs of the transfers it seals, in order.
    pub(super) fn stubs(&self) -> Vec<Stub> {
        self.leaves.as_chunks().0.to_vec()
    }

    /// Whether `found` is what it seals.
    pub(super) fn seals(&self, found: &Sealing) -> bool {
        let found = found.clone();
        (self.transfers, self.amount) == (found.transfers, found.amount)
            && self.leaves == found.leaves
            && self.digest == found.digest.finish()
    }

    /// Its line in the witness: enough to tell it from any other, and signed.
    pub(super) fn line(&self) -> String {
        format!(
            "{} {} {} {} {} {}",
            self.number,
            self.through.format("%Y-%m-%dT%H:%M:%S%.6fZ"),
            self.transfers,
            hex(&self.hash),
            self.key_id,
            hex(&self.signature)
        )
    }
}

/// Transfers on their way into a checkpoint.
#[derive(Clone, Default)]
pub(super) struct Sealing {
    transfers: i64,
    amount: Decimal,
    leaves: Vec<u8>,
    digest: Hasher,
}

impl Sealing {
    /// Takes the next transfer.
    pub(super) fn add(&mut self, transfer: &Transfer) {
        let leaf = leaf(transfer);
        self.transfers += 1;
        self.amount += transfer.amount.as_decimal();
        self.leaves.extend(leaf.iter().take(size_of::<Stub>()));
        self.digest.update(&leaf);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.transfers == 0
    }

    /// The stubs so far, in order.
    pub(super) fn stubs(&self) -> Vec<Stub> {
        self.leaves.as_chunks().0.to_vec()
    }

    /// The checkpoint that seals all of them through `through`, following `after`.
    pub(super) fn close(
        self,
        after: &Link,
        through: DateTime<Utc>,
        key: &SigningKey,
        now: DateTime<Utc>,
    ) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            number: after.number.saturating_add(1),
            through,
            transfers: self.transfers,
            amount: self.amount,
            leaves: self.leaves,
            digest: self.digest.finish().to_vec(),
            previous: after.hash.clone(),
            hash: Vec::new(),
            key_id: key.id(),
            signature: Vec::new(),
            sealed_at: now,
        };
        checkpoint.hash = checkpoint.computed_hash().to_vec();
        checkpoint.signature = key.sign(&checkpoint.hash);
        checkpoint
    }
}

/// SHA-256 over all columns of `transfer`: identifiers as sixteen bytes, numbers as eight
/// (big-endian), the date as days from 0001-01-01 (which is 1), the amount in cents, the
/// instant in microseconds from 1970; an absent `reverses` is empty.
fn leaf(transfer: &Transfer) -> Digest {
    let mut fields = Fields::of("kaifong ledger transfer 1");
    fields.add(transfer.id.as_uuid().as_bytes());
    let day = i64::from(transfer.effective_on.num_days_from_ce());
    fields.add(&day.to_be_bytes());
    fields.add(&transfer.debit.to_be_bytes());
    fields.add(&transfer.credit.to_be_bytes());
    fields.add(&transfer.amount.cents().to_be_bytes());
    fields.add(transfer.kind.as_str().as_bytes());
    fields.add(transfer.source.as_bytes());
    match transfer.reverses {
        Some(reversed) => fields.add(reversed.as_uuid().as_bytes()),
        None => fields.add(&[]),
    }
    fields.add(&transfer.booked_at.timestamp_micros().to_be_bytes());
    fields.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::TransferId;
    use crate::ledger::model::TransferKind;

    fn transfer() -> Transfer {
        Transfer {
            id: TransferId::derived("one"),
            effective_on: "2026-11-01".parse().unwrap(),
            debit: 100_000_001,
            credit: 1,
            amount: "2345.00".parse().unwrap(),
            kind: TransferKind::Charge,
            source: TransferId::derived("source").as_uuid(),
            reverses: None,
            booked_at: "2026-11-01T01:00:00.000001Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_leaf_depends_on_every_column() {
        let base = transfer();
        let changed: [fn(&mut Transfer); 9] = [
            |transfer| transfer.id = TransferId::derived("two"),
            |transfer| transfer.effective_on = "2026-11-02".parse().unwrap(),
            |transfer| transfer.debit += 1,
            |transfer| transfer.credit += 1,
            |transfer| transfer.amount = "2345.01".parse().unwrap(),
            |transfer| transfer.kind = TransferKind::Adjustment,
            |transfer| transfer.source = TransferId::derived("other").as_uuid(),
            |transfer| transfer.reverses = Some(TransferId::derived("one")),
            |transfer| transfer.booked_at = "2026-11-01T01:00:00.000002Z".parse().unwrap(),
        ];
        let mut leaves = vec![leaf(&base)];
        for change in changed {
            let mut other = base.clone();
            change(&mut other);
            leaves.push(leaf(&other));
        }
        leaves.sort_unstable();
        leaves.dedup();
        assert_eq!(leaves.len(), 10);
    }

    /// Sealed ledgers depend on it: changing it needs a new version of the encoding.
    #[test]
    fn the_encoding_does_not_change() {
        let expected = "26a51be534265f27d0942d704b5db7abebb4ebfbb3977ef4e6ddfb96ca2caa54";
        assert_eq!(hex(&leaf(&transfer())), expected);
    }

    #[test]
    fn a_checkpoint_is_its_contents_and_its_key() {
        let (key, other) = (
            SigningKey::generate().unwrap(),
            SigningKey::generate().unwrap(),
        );
        let mut sealing = Sealing::default();
        sealing.add(&transfer());
        let through = "2026-11-01T16:00:00Z".parse().unwrap();
        let checkpoint = sealing
            .clone()
            .close(&Link::genesis(), through, &key, through);
        let keys = |key: &SigningKey| vec![(key.id(), key.public().to_vec())];
        assert!(checkpoint.seals(&sealing));
        assert!(checkpoint.is_signed_by(&keys(&key)));
        assert!(!checkpoint.is_signed_by(&keys(&other)));

        sealing.add(&transfer());
        assert!(!checkpoint.seals(&sealing));
        let changed: [fn(&mut Checkpoint); 8] = [
            |checkpoint| checkpoint.number += 1,
            |checkpoint| checkpoint.through += chrono::TimeDelta::microseconds(1),
            |checkpoint| checkpoint.transfers += 1,
            |checkpoint| checkpoint.amount += Decimal::ONE,
            |checkpoint| checkpoint.leaves.push(0),
            |checkpoint| checkpoint.digest.push(0),
            |checkpoint| checkpoint.previous.push(0),
            |checkpoint| checkpoint.sealed_at += chrono::TimeDelta::microseconds(1),
        ];
        for change in changed {
            let mut other = checkpoint.clone();
            change(&mut other);
            assert_ne!(other.computed_hash().to_vec(), checkpoint.hash);
        }
    }
}
