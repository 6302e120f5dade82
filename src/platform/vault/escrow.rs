//! Recovery: every key below the root, sealed under a secret that five custodians share.
//!
//! * The secret is made, split and forgotten; three of the five shares make it again. It opens a
//!   copy of the key-encryption keys and index keys, which lies in the database beside what it
//!   is a copy of, and is worth nothing without the shares.
//! * So it does not matter what the root was: a file, or a token that gave nothing out. A restore
//!   wraps the keys under the root that is configured by then.
//! * Each key that comes back is checked against the commitment it was stored with.
//! * Keys made later are not in the copy: make shares after each `rewrap`.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::keyring::{Keyring, commitment, index_place, kek_place};
use super::keystore::Vault;
use super::model::KeyClass;
use super::root::RootKey;
use super::store;
use super::store::escrow::EscrowRow;
use crate::platform::crypto::shares::{Share, combine, split};
use crate::platform::crypto::{Secret, derive, hex, is_same, open, packed, seal, sha256, unhex};
use crate::platform::db::transact;

/// Shares that are made.
pub const SHARES: u8 = 5;
/// Shares that bring the keys back.
pub const NEEDED: u8 = 3;

const KIND: &str = "kaifong-share-v1";
/// The version that stands for an index key, which has none.
const INDEX: i16 = 0;
/// The class, zeros up to 16 bytes; the version; the key.
const RECORD: usize = 16 + 2 + 32;

/// One custodian's share: a line of text that tells whether it was copied right.
#[derive(Clone)]
pub struct CustodianShare {
    escrow: Uuid,
    share: Share,
}

impl CustodianShare {
    /// Which of the shares it is.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.share.number
    }

    /// The line for the custodian.
    #[must_use]
    pub fn line(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(hex(self.share.bytes.expose()));
        let (escrow, number) = (self.escrow.simple(), self.share.number);
        let line = Zeroizing::new(format!("{KIND}:{escrow}:{number}:{}", bytes.as_str()));
        Zeroizing::new(format!("{}:{}", line.as_str(), checksum(&line)))
    }
}

impl fmt::Debug for CustodianShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CustodianShare({} of {})",
            self.share.number, self.escrow
        )
    }
}

impl FromStr for CustodianShare {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        let text = text.trim();
        let (line, check) = text
            .rsplit_once(':')
            .ok_or(VaultError::Shares("a share is one line of five parts"))?;
        if checksum(line) != check {
            return Err(VaultError::Shares("a share was not copied right"));
        }
        let parts: Vec<_> = line.split(':').collect();
        let [KIND, escrow, number, bytes] = parts[..] else {
            return Err(VaultError::Shares("a share is one line of five parts"));
        };
        let bytes = Zeroizing::new(unhex(bytes).unwrap_or_default());
        let share = escrow.parse().ok().zip(number.parse().ok());
        let share = share.zip(Secret::copied(&bytes));
        let ((escrow, number), bytes) =
            share.ok_or(VaultError::Shares("a share holds what no share holds"))?;
        let share = Share { number, bytes };
        Ok(Self { escrow, share })
    }
}

fn checksum(line: &str) -> String {
    hex(&sha256(&[line.as_bytes()])).chars().take(8).collect()
}

/// Makes shares of every key there is: three of the five bring them back.
pub fn escrow(
    conn: &mut PgConnection,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<Vec<CustodianShare>, VaultError> {
    vault.load(conn)?;
    let (id, secret) = (Uuid::now_v7(), Secret::random()?);
    let place = place(id);
    let mut sealed = Vec::new();
    let keys = records(&vault.ring());
    seal(&derive(&secret, &place)?, &place, &keys, &mut sealed)?;
    let row = EscrowRow {
        id,
        sealed,
        commitment: commitment(&secret, &place)?.to_vec(),
        created_at: now,
    };
    let shares = split(&secret, NEEDED, SHARES)?;
    store::escrow::add(conn, &row)?;
    let shares = shares
        .into_iter()
        .map(|share| CustodianShare { escrow: id, share });
    Ok(shares.collect())
}

/// Brings every key of the database back from `shares` and wraps it under `root`; says how many.
/// `conn` is the schema's owner's.
pub fn restore(
    conn: &mut PgConnection,
    root: &dyn RootKey,
    shares: &[CustodianShare],
) -> Result<usize, VaultError> {
    let first = shares.first().ok_or(VaultError::Shares("there are none"))?;
    let id = first.escrow;
    if shares.iter().any(|one| one.escrow != id) {
        return Err(VaultError::Shares("they are not of one escrow"));
    }
    let row = store::escrow::find(conn, id)?.ok_or(VaultError::NoEscrow(id))?;
    let shares: Vec<_> = shares.iter().map(|one| one.share.clone()).collect();
    let secret = combine(&shares).map_err(|_| VaultError::Shares("two are the same share"))?;
    let place = place(id);
    if !is_same(&commitment(&secret, &place)?, &row.commitment) {
        return Err(VaultError::Shares(
            "they are too few, or one is not what it was",
        ));
    }
    let keys = open(&derive(&secret, &place)?, &place, &row.sealed)?;
    transact(conn, |conn| wrap_anew(conn, root, &keys))
}

fn wrap_anew(
    conn: &mut PgConnection,
    root: &dyn RootKey,
    saved: &[u8],
) -> Result<usize, VaultError> {
    let (keks, indexes) = (store::keks(conn)?, store::index_keys(conn)?);
    let count = keks.len() + indexes.len();
    for mut row in keks {
        let place = kek_place(row.class, row.version);
        let key = checked(saved, (row.class, row.version), &place, &row.commitment)?;
        row.wrapped = root.wrap(&place, &key)?;
        store::escrow::replace_kek(conn, &row)?;
    }
    for mut row in indexes {
        let place = index_place(row.class);
        let key = checked(saved, (row.class, INDEX), &place, &row.commitment)?;
        row.wrapped = root.wrap(&place, &key)?;
        store::escrow::replace_index_key(conn, &row)?;
    }
    Ok(count)
}

/// The key of that name among those saved, if it is the one that was stored.
fn checked(
    saved: &[u8],
    (class, version): (KeyClass, i16),
    place: &[u8],
    committed: &[u8],
) -> Result<Secret<32>, VaultError> {
    let head = head(class, version);
    let record = saved
        .chunks_exact(RECORD)
        .find_map(|record| record.strip_prefix(&head[..]));
    let key = record.and_then(Secret::copied);
    match key {
        Some(key) if is_same(&commitment(&key, place)?, committed) => Ok(key),
        _ => Err(VaultError::StaleEscrow { class, version }),
    }
}

fn records(ring: &Keyring) -> Zeroizing<Vec<u8>> {
    let length = (ring.keks.len() + ring.indexes.len()) * RECORD;
    // Of its full length at once: growing would leave copies behind.
    let mut records = Zeroizing::new(Vec::with_capacity(length));
    let keks = ring.keks.iter().map(|(name, key)| (*name, key));
    let indexes = ring
        .indexes
        .iter()
        .map(|(class, key)| ((*class, INDEX), key));
    for ((class, version), key) in keks.chain(indexes) {
        records.extend_from_slice(&head(class, version));
        records.extend_from_slice(key.expose());
    }
    records
}

fn head(class: KeyClass, version: i16) -> [u8; 18] {
    let mut head = [0; 18];
    let bytes = class.as_str().bytes();
    let bytes = bytes.chain(std::iter::repeat(0)).take(16);
    for (place, byte) in head.iter_mut().zip(bytes.chain(version.to_be_bytes())) {
        *place = byte;
    }
    head
}

fn place(id: Uuid) -> Vec<u8> {
    packed(&[b"kaifong", b"v1", b"escrow", id.as_bytes()])
}
