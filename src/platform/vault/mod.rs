//! The vault: personal data sealed a cell at a time, and the keys that seal it.
//!
//! * A root key outside the database wraps a key-encryption key for each class; that one wraps
//!   a data key for each subject (a person, a household); that one seals the subject's cells.
//!   What a key is wrapped for is in its wrapping key, so that two cannot be swapped.
//! * A cell is bound to table, column, row, revision and data key. Moved, rolled back or
//!   altered, it does not open: nothing of it is told, and it is counted and recorded.
//! * What is looked up exactly has a blind index, made with a key that is in no database.
//! * Erasing a subject destroys its data keys, in a file outside the database first: a restored
//!   database is told of its erasures before it serves.
//! * Keys are changed while everybody works. A new data key opens before it seals, and an old
//!   one opens until nothing is left that it sealed.
//! * A file too large for a cell is sealed piece by piece with a key of its own, which is in a cell.
//! * Data keys are used in the transaction they were read in, and let go of.

mod change;
mod data_keys;
mod error;
mod escrow;
mod keyring;
mod keystore;
mod model;
mod padding;
pub mod pieces;
mod pkcs11;
mod root;
mod store;
mod tombstones;

pub use change::{Outcome, Progress, Rotation, rewrap, rotate};
pub use data_keys::DataKeys;
pub use error::{Unopenable, VaultError, record_unopenable};
pub use escrow::{CustodianShare, NEEDED, SHARES, escrow, restore};
pub use keystore::{Erasure, Vault};
pub use model::{BlindIndex, Cell, IndexName, KeyClass, KeyName, Padding, SealedColumn};
pub use pkcs11::{Pkcs11Root, Token};
pub use root::{FileRoot, RootError, RootKey};
pub use store::DataKeyRow;
pub use store::status::{ClassStatus, Status, status};
