//! The keys that a process holds: key-encryption keys and index keys, unwrapped by the root.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::error::VaultError;
use super::model::{IndexName, KeyClass};
use super::root::{RootError, RootKey};
use super::store::{self, IndexKeyRow, KekRow};
use crate::platform::crypto::{Refused, Secret, derive, is_same, packed};

/// Keys in memory.
#[derive(Default)]
pub(super) struct Keyring {
    pub keks: BTreeMap<(KeyClass, i16), Secret<32>>,
    pub indexes: BTreeMap<KeyClass, Secret<32>>,
    /// The key of each blind index that was asked for.
    pub by_index: HashMap<IndexName, Secret<32>>,
}

impl Keyring {
    /// Every key in the database.
    pub fn load(conn: &mut PgConnection, root: &dyn RootKey) -> Result<Self, VaultError> {
        let mut ring = Self::default();
        for row in store::keks(conn)? {
            let key = unwrap_kek(root, &row)?;
            ring.keks.insert((row.class, row.version), key);
        }
        for row in store::index_keys(conn)? {
            let key = unwrap_under(root, &index_place(row.class), &row.wrapped, &row.commitment)?;
            ring.indexes.insert(row.class, key);
        }
        Ok(ring)
    }

    /// The newest key-encryption key of `class`.
    pub fn newest(&self, class: KeyClass) -> Option<(i16, &Secret<32>)> {
        let versions = self.keks.range((class, i16::MIN)..=(class, i16::MAX));
        versions.last().map(|((_, version), key)| (*version, key))
    }
}

/// Makes what the database lacks: a key-encryption key and an index key for each class.
pub(super) fn make_missing(
    conn: &mut PgConnection,
    root: &dyn RootKey,
    now: DateTime<Utc>,
) -> Result<(), VaultError> {
    let has = store::keks(conn)?;
    let lacks = |class: &&KeyClass| !has.iter().any(|row| row.class == **class);
    let keks = KeyClass::ALL.iter().filter(lacks);
    let keks: Result<Vec<_>, _> = keks.map(|class| new_kek(root, *class, 1, now)).collect();
    store::add_keks(conn, &keks?)?;
    let has = store::index_keys(conn)?;
    let lacks = |class: &&KeyClass| !has.iter().any(|row| row.class == **class);
    let indexes = KeyClass::ALL.iter().filter(lacks);
    let indexes: Result<Vec<_>, _> = indexes.map(|class| new_index(root, *class, now)).collect();
    Ok(store::add_index_keys(conn, &indexes?)?)
}

/// A new key-encryption key, wrapped.
pub(super) fn new_kek(
    root: &dyn RootKey,
    class: KeyClass,
    version: i16,
    now: DateTime<Utc>,
) -> Result<KekRow, VaultError> {
    let key = Secret::random()?;
    let place = kek_place(class, version);
    Ok(KekRow {
        class,
        version,
        wrapped: root.wrap(&place, &key)?,
        commitment: commitment(&key, &place)?.to_vec(),
        created_at: now,
    })
}

fn new_index(
    root: &dyn RootKey,
    class: KeyClass,
    now: DateTime<Utc>,
) -> Result<IndexKeyRow, VaultError> {
    let key = Secret::random()?;
    let place = index_place(class);
    Ok(IndexKeyRow {
        class,
        wrapped: root.wrap(&place, &key)?,
        commitment: commitment(&key, &place)?.to_vec(),
        created_at: now,
    })
}

pub(super) fn unwrap_kek(root: &dyn RootKey, row: &KekRow) -> Result<Secret<32>, VaultError> {
    let place = kek_place(row.class, row.version);
    unwrap_under(root, &place, &row.wrapped, &row.commitment)
}

fn unwrap_under(
    root: &dyn RootKey,
    place: &[u8],
    wrapped: &[u8],
    committed: &[u8],
) -> Result<Secret<32>, VaultError> {
    let key = root.unwrap(place, wrapped)?;
    if is_same(&commitment(&key, place)?, committed) {
        Ok(key)
    } else {
        Err(RootError::WrongKey.into())
    }
}

pub(super) fn kek_place(class: KeyClass, version: i16) -> Vec<u8> {
    let version = version.to_be_bytes();
    packed(&[
        b"kaifong",
        b"v1",
        b"kek",
        class.as_str().as_bytes(),
        &version,
    ])
}

pub(super) fn index_place(class: KeyClass) -> Vec<u8> {
    packed(&[b"kaifong", b"v1", b"index-root", class.as_str().as_bytes()])
}

/// Says which key this is, and nothing of it. A ciphertext can be made that opens under two
/// keys of an attacker's choice; two keys with one commitment cannot.
pub(super) fn commitment(key: &Secret<32>, place: &[u8]) -> Result<[u8; 32], Refused> {
    let committed: Secret<32> = derive(key, &packed(&[b"kaifong", b"v1", b"commit", place]))?;
    Ok(*committed.expose())
}
