//! Verifying a bundle: no database, no network, and no trust in anything but the keys given.
//!
//! * Every checkpoint must be signed by its log's key, and every tree that one signed must be
//!   made of the bundle's entries: so each tree goes on from the one before.
//! * Every leaf is computed anew from its entry. Lines are read one by one and never all kept.
//! * Of the entries, the first bad one is named, and those after it are not judged: in a tree
//!   that is not the signed one nothing more can be told.

mod entries;
mod findings;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use chrono::TimeDelta;

use self::entries::Entries;
pub use self::findings::{CatalogueChange, Findings, Lie, Verdict};
use super::bundle::{
    Bundle, CatalogueLine, CheckpointLine, EntryLine, FORMAT, Manifest, NodeLine, Part,
};
use super::catalogue::digest;
use super::model::{HexDigest, Recorded};
use super::witness;
use crate::platform::crypto::{Digest, hex};
use crate::platform::tlog::{Checkpoint, CheckpointError, Edge, Node, NoteKey};

/// How to verify.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The keys that may have signed, as they came by another way than the bundle.
    pub keys: &'a [NoteKey],
    /// Entries before this one were verified before: a signed checkpoint stands for them.
    pub since: u64,
    /// The folder of checkpoints outside the database.
    pub witness: Option<&'a Path>,
    /// How much earlier than those before it an entry may be dated: entries come in the order
    /// that their transactions began to write, and a long one dates them from its beginning.
    pub tolerance: TimeDelta,
}

/// Verifies `bundle`. Only what cannot be read at all is an error; files that are not there
/// are told in the findings.
pub fn verify(bundle: &Bundle, terms: &Terms<'_>) -> io::Result<Findings> {
    let mut check = Check {
        bundle,
        terms,
        findings: Findings::default(),
        signed: BTreeMap::new(),
        catalogues: BTreeMap::new(),
        nodes: BTreeMap::new(),
    };
    check.all()?;
    Ok(check.findings)
}

struct Check<'a> {
    bundle: &'a Bundle,
    terms: &'a Terms<'a>,
    findings: Findings,
    /// The signed roots, by size.
    signed: BTreeMap<u64, Digest>,
    catalogues: BTreeMap<HexDigest, Vec<String>>,
    nodes: BTreeMap<(u32, u64), Digest>,
}

impl Check<'_> {
    fn all(&mut self) -> io::Result<()> {
        let Some(edge) = self.manifest()? else {
            return Ok(());
        };
        if !self.checkpoints()? || !self.catalogues()? || !self.nodes()? {
            return Ok(());
        }
        let witnessed = self.witness()?;
        self.start(&edge);
        if !self.findings.missing.is_empty() {
            return Ok(());
        }
        let began = edge.size();
        let sound = self.entries(edge)?;
        if sound {
            self.leftover_nodes();
            self.left_out()?;
            if began == 0 {
                self.leftover_catalogues();
            }
            self.compare(&witnessed, began);
        }
        if self.findings.lies.is_empty() && self.signed.is_empty() {
            self.lacks("no checkpoint: nothing was signed");
        }
        Ok(())
    }

    fn lacks(&mut self, what: impl Into<String>) {
        self.findings.missing.push(what.into());
    }

    fn lie(&mut self, lie: Lie) {
        self.findings.lies.push(lie);
    }

    /// Where the bundle begins; `None` when that cannot be told.
    fn manifest(&mut self) -> io::Result<Option<Edge>> {
        let manifest = self.read::<Manifest>(Part::Manifest)?;
        let Some(manifest) = manifest.and_then(|lines| lines.into_iter().next()) else {
            return Ok(None);
        };
        if manifest.format != FORMAT {
            self.lacks(format!("a bundle of the format {FORMAT:?}"));
            return Ok(None);
        }
        if manifest.since > self.terms.since {
            let since = manifest.since;
            self.lacks(format!(
                "the entries before {since}, where the bundle begins"
            ));
            return Ok(None);
        }
        let hashes = manifest.edge.iter().map(|hash| hash.0).collect();
        let edge = Edge::of(manifest.since, hashes);
        if edge.is_none() {
            let file = Part::Manifest.name();
            self.lie(Lie::Unreadable { file, line: 1 });
        }
        Ok(edge)
    }

    /// All lines of a file; `None` when it is not there or one cannot be read.
    fn read<T: serde::de::DeserializeOwned>(&mut self, part: Part) -> io::Result<Option<Vec<T>>> {
        let lines = match self.bundle.lines::<T>(part) {
            Ok(lines) => lines,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.lacks(part.name());
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut read = Vec::new();
        for line in lines {
            match line? {
                (_, Some(value)) => read.push(value),
                (line, None) => {
                    let file = part.name();
                    self.lie(Lie::Unreadable { file, line });
                    return Ok(None);
                }
            }
        }
        Ok(Some(read))
    }

    /// Checks every checkpoint by itself. One that is bad is named and stands for nothing.
    fn checkpoints(&mut self) -> io::Result<bool> {
        let Some(lines) = self.read::<CheckpointLine>(Part::Checkpoints)? else {
            return Ok(false);
        };
        let mut last = None;
        for CheckpointLine { size, note } in lines {
            if last.is_some_and(|last| size <= last) {
                self.lie(Lie::CheckpointOutOfOrder { size });
            }
            last = Some(size);
            match self.opened(&note) {
                Ok(signed) if signed.size == size => {
                    self.signed.insert(size, signed.root);
                }
                Ok(signed) => {
                    let why = format!("it is signed for {}", signed.size);
                    self.lie(Lie::BadCheckpoint { size, why });
                }
                Err(error) => {
                    let why = error.to_string();
                    self.lie(Lie::BadCheckpoint { size, why });
                }
            }
            self.findings.checkpoints += 1;
        }
        Ok(true)
    }

    fn opened(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::open(note, self.terms.keys)
    }

    fn catalogues(&mut self) -> io::Result<bool> {
        let Some(lines) = self.read::<CatalogueLine>(Part::Catalogues)? else {
            return Ok(false);
        };
        for CatalogueLine {
            digest: named,
            items,
        } in lines
        {
            let twice = self.catalogues.contains_key(&named);
            if digest(&items) != named.0 || twice {
                let digest = hex(&named.0);
                self.lie(Lie::CatalogueChanged { digest });
            }
            self.catalogues.insert(named, items);
        }
        Ok(true)
    }

    fn nodes(&mut self) -> io::Result<bool> {
        let Some(lines) = self.read::<NodeLine>(Part::Nodes)? else {
            return Ok(false);
        };
        for NodeLine { level, place, hash } in lines {
            if self.nodes.insert((level, place), hash.0).is_some() {
                self.lie(Lie::NodeChanged { level, place });
            }
        }
        Ok(true)
    }

    /// The checkpoints from outside the database, by size.
    fn witness(&mut self) -> io::Result<Vec<(u64, Digest)>> {
        let Some(folder) = self.terms.witness else {
            return Ok(Vec::new());
        };
        self.findings.witnessed = true;
        let mut seen = Vec::new();
        for file in witness::files(folder)? {
            match self.opened(&std::fs::read_to_string(&file)?) {
                Ok(checkpoint) => seen.push((checkpoint.size, checkpoint.root)),
                Err(error) => self.lacks(format!("{}, which says: {error}", file.display())),
            }
        }
        Ok(seen)
    }

    /// What stands for the entries that are not judged.
    fn start(&mut self, edge: &Edge) {
        let since = self.terms.since;
        if since > 0 && !self.signed.contains_key(&since) {
            self.lacks(format!("a checkpoint of exactly {since} entries"));
        }
        let signed = self.signed.get(&edge.size());
        if edge.size() > 0 && signed.is_some_and(|root| *root != edge.root()) {
            let size = edge.size();
            let why = "the bundle's edge does not make its root".to_owned();
            self.lie(Lie::BadCheckpoint { size, why });
        }
    }

    /// Reads the entries, up to the first bad one; says whether there was none.
    fn entries(&mut self, edge: Edge) -> io::Result<bool> {
        let lines = match self.bundle.lines::<EntryLine>(Part::Entries) {
            Ok(lines) => lines,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.lacks(Part::Entries.name());
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let mut entries = Entries::after(edge, self.terms);
        let nodes = &mut self.nodes;
        let mut changed = None;
        let mut bad = None;
        for line in lines {
            let (number, line) = line?;
            let complete = |node: Node| {
                let Node { level, place, hash } = node;
                let kept = level
                    .is_multiple_of(8)
                    .then(|| nodes.remove(&(level, place)));
                if kept.is_some_and(|kept| kept != Some(hash)) {
                    changed = changed.take().or(Some(Lie::NodeChanged { level, place }));
                }
            };
            let judged = match line {
                Some(line) => entries.next(line, &self.signed, complete),
                None => Err(Lie::Unreadable {
                    file: Part::Entries.name(),
                    line: number,
                }),
            };
            if let Err(lie) = judged {
                bad = Some(lie);
                break;
            }
        }
        let bad = bad.or_else(|| entries.end(&self.signed));
        self.findings.entries = entries.judged();
        self.findings.size = entries.size();
        let (changes, missing) = entries.catalogue_changes(&self.catalogues);
        self.findings.catalogue_changes = changes;
        let sound = bad.is_none();
        self.findings.lies.extend(bad.into_iter().chain(missing));
        if sound {
            self.findings.lies.extend(changed);
            let named = entries.catalogues();
            self.catalogues.retain(|digest, _| !named.contains(digest));
        }
        Ok(sound)
    }

    /// Subtrees that the database keeps, but that the tree does not have.
    fn leftover_nodes(&mut self) {
        let left = self.nodes.keys().next().copied();
        if let Some((level, place)) = left {
            self.lie(Lie::NodeChanged { level, place });
        }
    }

    fn leftover_catalogues(&mut self) {
        let left = self.catalogues.keys().next().copied();
        if let Some(digest) = left {
            let digest = hex(&digest.0);
            self.lie(Lie::CatalogueAdded { digest });
        }
    }

    fn left_out(&mut self) -> io::Result<()> {
        for entry in self.read::<Recorded>(Part::LeftOut)?.into_iter().flatten() {
            self.lie(Lie::LeftOut { id: entry.id });
        }
        Ok(())
    }

    /// Compares what was signed outside the database with the log; names the first difference.
    fn compare(&mut self, witnessed: &[(u64, Digest)], began: u64) {
        let found = self.findings.size;
        let lie = witnessed
            .iter()
            .filter(|(size, _)| *size >= began)
            .find_map(|(size, root)| {
                let size = *size;
                match self.signed.get(&size) {
                    Some(signed) if signed == root => None,
                    Some(_) => Some(Lie::NotWitnessed { size }),
                    None if size > found => Some(Lie::RolledBack { size, found }),
                    None => Some(Lie::CheckpointMissing { size }),
                }
            });
        self.findings.lies.extend(lie);
    }
}
