//! A bundle: the audit log in a folder, for verification anywhere.
//!
//! * `manifest.json`: the format, from which entry on, and the tree's edge there.
//! * `entries.jsonl`: an entry a line, in the order of the tree.
//! * `checkpoints.jsonl`: every signed checkpoint from there on.
//! * `nodes.jsonl`: the roots of complete subtrees that the database keeps.
//! * `catalogues.jsonl`: the catalogues that entries name by their digests.
//! * `left_out.jsonl`: entries that have no place in the tree and should have.
//! * `keys.txt`: verifier keys, to compare with those that came by another way.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::model::{HexDigest, Recorded};

pub(super) const FORMAT: &str = "kaifong audit bundle 1";

/// A folder with an exported audit log.
#[derive(Debug, Clone)]
pub struct Bundle(PathBuf);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub format: String,
    /// The place of the first entry.
    pub since: u64,
    /// The edge of the tree of the entries before it.
    pub edge: Vec<HexDigest>,
}

/// A leaf of the tree and its entry, which may be gone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryLine {
    pub seq: u64,
    pub hash: HexDigest,
    pub entry: Option<Recorded>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckpointLine {
    pub size: u64,
    pub note: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeLine {
    pub level: u32,
    pub place: u64,
    pub hash: HexDigest,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogueLine {
    pub digest: HexDigest,
    pub items: Vec<String>,
}

/// One of the bundle's files.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Manifest,
    Entries,
    Checkpoints,
    Nodes,
    Catalogues,
    LeftOut,
    Keys,
}

impl Part {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest.json",
            Self::Entries => "entries.jsonl",
            Self::Checkpoints => "checkpoints.jsonl",
            Self::Nodes => "nodes.jsonl",
            Self::Catalogues => "catalogues.jsonl",
            Self::LeftOut => "left_out.jsonl",
            Self::Keys => "keys.txt",
        }
    }
}

impl Bundle {
    /// The bundle in `folder`.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    pub(super) fn path(&self, part: Part) -> PathBuf {
        self.0.join(part.name())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// A file to write lines to; it must not be there yet.
    pub(super) fn create(&self, part: Part) -> io::Result<Lines> {
        File::create_new(self.path(part)).map(|file| Lines(BufWriter::new(file)))
    }

    /// Its lines, each read as `T`, with their numbers from 1; `None` for one that is no `T`.
    pub(super) fn lines<T: DeserializeOwned>(
        &self,
        part: Part,
    ) -> io::Result<impl Iterator<Item = io::Result<(u64, Option<T>)>>> {
        let file = BufReader::new(File::open(self.path(part))?);
        let lines = (1..).zip(file.split(b'\n'));
        Ok(lines.map(|(number, line)| Ok((number, serde_json::from_slice(&line?).ok()))))
    }
}

/// A file being written, a JSON value a line.
pub(super) struct Lines(BufWriter<File>);

impl Lines {
    pub(super) fn add(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, value)?;
        self.0.write_all(b"\n")
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.0.into_inner()?.sync_all()
    }
}
