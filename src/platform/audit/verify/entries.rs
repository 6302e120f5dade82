//! The entries of a bundle, judged one by one as they make the tree.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::findings::{CatalogueChange, Lie};
use super::{EntryLine, HexDigest, Terms};
use crate::platform::audit::catalogue::{CATALOGUE, differences};
use crate::platform::crypto::Digest;
use crate::platform::tlog::{Edge, Node};

/// Where judging the entries has got to.
pub(super) struct Entries {
    edge: Edge,
    /// From here on entries are judged; those before only lend their hashes.
    since: u64,
    judged: u64,
    tolerance: TimeDelta,
    /// The latest date so far.
    latest: Option<DateTime<Utc>>,
    /// How many entries the last signed tree had.
    signed: u64,
    /// The entries that name a catalogue, and which.
    catalogues: Vec<(u64, Option<HexDigest>)>,
}

impl Entries {
    /// Goes on from `edge`.
    pub(super) fn after(edge: Edge, terms: &Terms<'_>) -> Self {
        Self {
            since: terms.since,
            judged: 0,
            tolerance: terms.tolerance,
            latest: None,
            signed: edge.size(),
            catalogues: Vec::new(),
            edge,
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.edge.size()
    }

    pub(super) fn judged(&self) -> u64 {
        self.judged
    }

    /// Takes the next line; `complete` is told of the subtrees it completes.
    pub(super) fn next(
        &mut self,
        line: EntryLine,
        signed: &BTreeMap<u64, Digest>,
        complete: impl FnMut(Node),
    ) -> Result<(), Lie> {
        let seq = self.edge.size();
        if line.seq != seq {
            let found = line.seq;
            return Err(Lie::OutOfPlace { seq, found });
        }
        if seq >= self.since {
            self.judge(&line)?;
            self.judged += 1;
        }
        self.edge.push(line.hash.0, complete);
        let size = self.edge.size();
        if let Some(root) = signed.get(&size) {
            if *root != self.edge.root() {
                let (from, to) = (self.signed, seq);
                return Err(Lie::NotSigned { from, to, size });
            }
            self.signed = size;
        }
        Ok(())
    }

    fn judge(&mut self, line: &EntryLine) -> Result<(), Lie> {
        let seq = line.seq;
        let entry = line.entry.as_ref().ok_or(Lie::EntryGone { seq })?;
        let id = entry.id;
        // PostgreSQL keeps microseconds: what is finer was written later, and is not hashed.
        let fine = entry.at.timestamp_subsec_nanos() % 1_000 != 0;
        if entry.leaf() != line.hash.0 || fine {
            return Err(Lie::EntryChanged { seq, id });
        }
        let latest = self.latest.map_or(entry.at, |latest| latest.max(entry.at));
        if latest - entry.at > self.tolerance {
            return Err(Lie::Backdated { seq, id });
        }
        self.latest = Some(latest);
        if entry.action == CATALOGUE {
            let digest = HexDigest::try_from(entry.subject.clone()).ok();
            self.catalogues.push((seq, digest));
        }
        Ok(())
    }

    /// What the end of the entries says.
    pub(super) fn end(&self, signed: &BTreeMap<u64, Digest>) -> Option<Lie> {
        let size = self.edge.size();
        match signed.last_key_value() {
            Some((last, _)) if *last > size => Some(Lie::EndMissing {
                seq: size,
                signed: *last,
            }),
            _ if self.signed < size => Some(Lie::Uncovered { from: self.signed }),
            _ => None,
        }
    }

    /// The catalogues that entries name.
    pub(super) fn catalogues(&self) -> BTreeSet<HexDigest> {
        let named = self.catalogues.iter();
        named.filter_map(|(_, digest)| *digest).collect()
    }

    /// What changed from one catalogue to the next, and the first that is missing.
    pub(super) fn catalogue_changes(
        &self,
        known: &BTreeMap<HexDigest, Vec<String>>,
    ) -> (Vec<CatalogueChange>, Option<Lie>) {
        let (mut changes, mut before) = (Vec::new(), None);
        for (seq, digest) in &self.catalogues {
            let Some(items) = digest.as_ref().and_then(|digest| known.get(digest)) else {
                return (changes, Some(Lie::CatalogueMissing { seq: *seq }));
            };
            let differences = before.map_or_else(Vec::new, |before| differences(before, items));
            if !differences.is_empty() {
                changes.push(CatalogueChange {
                    seq: *seq,
                    differences,
                });
            }
            before = Some(items);
        }
        (changes, None)
    }
}
