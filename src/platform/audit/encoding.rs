//! The canonical encoding of an entry: what its leaf in the tree is the hash of.
//!
//! Fields as [`Fields`] writes them, each after its length in four bytes, big-endian:
//! `kaifong audit entry 1`; the id (16 bytes); actor, action and subject (UTF-8); the instant
//! in microseconds from 1970 (8 bytes); then person, household, fields, purpose, on behalf of,
//! request and the SHA-256 of the detail, each as two fields: one byte that is 1 when it is
//! there, and what it is; and the number of the transaction that wrote it (8 bytes). `fields`
//! is a list of fields of its own, written the same way.

use super::model::Recorded;
use crate::platform::crypto::{Digest, Fields};
use crate::platform::tlog::leaf_hash;

impl Recorded {
    /// Its leaf: SHA-256(0x00 || the canonical encoding).
    #[must_use]
    pub fn leaf(&self) -> Digest {
        leaf_hash(self.encoding().bytes())
    }

    fn encoding(&self) -> Fields {
        let text = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
        let names = self.fields.as_ref().map(|names| {
            let mut list = Fields::default();
            for name in names {
                list.add(name.as_bytes());
            }
            list.bytes().to_vec()
        });
        let maybe = [
            self.person.map(|id| id.as_bytes().to_vec()),
            text(&self.household),
            names,
            text(&self.purpose),
            text(&self.on_behalf_of),
            self.request.map(|id| id.as_bytes().to_vec()),
            self.detail_hash.map(|digest| digest.0.to_vec()),
        ];
        let mut fields = Fields::of("kaifong audit entry 1");
        fields.add(self.id.as_bytes());
        fields.add(self.actor.as_bytes());
        fields.add(self.action.as_bytes());
        fields.add(self.subject.as_bytes());
        fields.add(&self.at.timestamp_micros().to_be_bytes());
        for field in &maybe {
            fields.maybe(field.as_deref());
        }
        fields.add(&self.written_by.0.to_be_bytes());
        fields
    }
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::platform::audit::model::HexDigest;
    use crate::platform::crypto::hex;
    use crate::platform::db::TransactionId;

    pub(in crate::platform::audit) fn recorded() -> Recorded {
        Recorded {
            id: Uuid::from_u128(1),
            actor: "officer-7".to_owned(),
            action: "record.viewed".to_owned(),
            subject: "person".to_owned(),
            at: "2026-11-21T01:00:00.000001Z".parse().unwrap(),
            person: Some(Uuid::from_u128(2)),
            household: Some("1000000018".to_owned()),
            fields: Some(vec!["hkid".to_owned(), "phone".to_owned()]),
            purpose: Some("enquiry".to_owned()),
            on_behalf_of: None,
            request: None,
            detail_hash: None,
            written_by: TransactionId(900),
        }
    }

    #[test]
    fn a_leaf_depends_on_every_column() {
        let base = recorded();
        let changed: [fn(&mut Recorded); 19] = [
            |entry| entry.id = Uuid::from_u128(3),
            |entry| entry.actor.push('8'),
            |entry| entry.action.push('8'),
            |entry| entry.subject.push('8'),
            |entry| entry.at += TimeDelta::microseconds(1),
            |entry| entry.person = None,
            |entry| entry.person = Some(Uuid::from_u128(3)),
            |entry| entry.household = None,
            |entry| entry.household = Some(String::new()),
            |entry| entry.fields = None,
            |entry| entry.fields = Some(vec![]),
            |entry| entry.fields = Some(vec!["hkidphone".to_owned()]),
            |entry| entry.purpose = None,
            |entry| entry.on_behalf_of = Some(String::new()),
            |entry| entry.on_behalf_of = entry.purpose.take(),
            |entry| entry.request = Some(Uuid::from_u128(2)),
            |entry| entry.request = entry.person.take(),
            |entry| entry.detail_hash = Some(HexDigest([0; 32])),
            |entry| entry.written_by = TransactionId(901),
        ];
        let mut leaves = vec![base.leaf()];
        for change in changed {
            let mut other = base.clone();
            change(&mut other);
            leaves.push(other.leaf());
        }
        leaves.sort_unstable();
        leaves.dedup();
        assert_eq!(leaves.len(), 20);
    }

    /// Sealed entries depend on it: changing it needs a new version of the encoding. Checked
    /// with another program, from the description above.
    #[test]
    fn the_encoding_does_not_change() {
        let expected = "1ffda936a7d2d006ac421b8d41feabb4a07b2988f14d626a004995925338661a";
        assert_eq!(hex(&recorded().leaf()), expected);
    }
}
