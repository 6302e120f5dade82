//! Transparency logs: a Merkle tree that only grows, and signed notes of how far it has grown.
//!
//! * The tree is that of RFC 6962: a leaf is SHA-256(0x00 || data), a node SHA-256(0x01 || left
//!   || right). It is kept as its right edge, so a leaf more costs as many hashes as the tree
//!   has levels.
//! * A checkpoint is a C2SP tlog-checkpoint in a C2SP signed note, so that any witness or
//!   monitor of such logs can read it.
//! * Nothing here reads or writes anything but its arguments.

mod checkpoint;
mod note;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use note::{Note, NoteError, NoteKey, NoteSigner};
pub use tree::{Edge, Node, inclusion, inclusion_holds, leaf_hash};
