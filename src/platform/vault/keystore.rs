//! The vault itself: makes, finds and destroys data keys.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use prometheus::IntCounter;
use uuid::Uuid;

use super::data_keys::DataKeys;
use super::error::{Unopenable, VaultError};
use super::keyring::{Keyring, commitment, make_missing, unwrap_kek};
use super::model::{BlindIndex, IndexName, KeyClass, KeyName, KeyState};
use super::root::RootKey;
use super::store::{self, DataKeyRow};
use super::tombstones::{Tombstone, Tombstones};
use crate::platform::auth::Actor;
use crate::platform::crypto::{Secret, derive, hmac, is_same, unwrap_key, wrap_key};
use crate::platform::db::transact;

/// Whose data is to become unreadable, and on whose word.
pub struct Erasure<'a> {
    pub class: KeyClass,
    pub subject: Uuid,
    /// A code or a case number, never personal data: it outlives the person's data.
    pub reason: &'a str,
    /// Two different people.
    pub approved_by: [&'a Actor; 2],
    pub at: DateTime<Utc>,
}

/// Holds the keys that open data keys. Clones share them.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    root: Box<dyn RootKey>,
    ring: RwLock<Keyring>,
    tombstones: Tombstones,
    /// Whose erasures the file held when it was this large.
    erased: Mutex<(u64, Vec<(KeyClass, Uuid)>)>,
    unopenable: IntCounter,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    /// Opens the vault: completes the erasures that the database does not know of, makes the keys
    /// that it lacks, and unwraps them with `root`. The file of erasures is in `folder`.
    pub fn open(
        conn: &mut PgConnection,
        root: Box<dyn RootKey>,
        folder: &Path,
        now: DateTime<Utc>,
    ) -> Result<Self, VaultError> {
        let unopenable = IntCounter::new(
            "kaifong_unopenable_cells_total",
            "Sealed cells and data keys that did not open: somebody must look",
        )
        .map_err(|error| VaultError::Tombstones(error.to_string()))?;
        let vault = Self(Arc::new(Inner {
            root,
            ring: RwLock::default(),
            tombstones: Tombstones::open(folder)?,
            erased: Mutex::default(),
            unopenable,
        }));
        transact(conn, |conn| vault.replay(conn, now))?;
        transact(conn, |conn| make_missing(conn, vault.root(), now))?;
        vault.load(conn)?;
        Ok(vault)
    }

    /// Makes the first data key of `subject`.
    pub fn create(
        &self,
        conn: &mut PgConnection,
        class: KeyClass,
        subject: Uuid,
        now: DateTime<Utc>,
    ) -> Result<DataKeys, VaultError> {
        if store::is_erased(conn, class, subject)? {
            return Err(VaultError::Erased { class, subject });
        }
        let (row, keys) = self.draft(class, subject, now)?;
        if store::add_data_key(conn, &row)? {
            Ok(keys)
        } else {
            Err(VaultError::Exists { class, subject })
        }
    }

    /// A first data key of `subject`, for [`Vault::load_drafts`] to store with many others.
    pub fn draft(
        &self,
        class: KeyClass,
        subject: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(DataKeyRow, DataKeys), VaultError> {
        let name = KeyName {
            class,
            subject,
            version: 1,
        };
        let (row, key) = self.new_key(name, 0, now)?;
        let keys = self.data_keys((class, subject), vec![(1, key)], 1);
        Ok((row, keys))
    }

    /// Stores drafts by one `COPY`.
    pub fn load_drafts(conn: &mut PgConnection, rows: &[DataKeyRow]) -> Result<(), VaultError> {
        Ok(store::load_data_keys(conn, rows)?)
    }

    /// The live data keys of `subject`; `None` when it was erased or never had any.
    pub fn keys(
        &self,
        conn: &mut PgConnection,
        class: KeyClass,
        subject: Uuid,
    ) -> Result<Option<DataKeys>, VaultError> {
        Ok(self.many(conn, class, &[subject])?.remove(&subject))
    }

    /// The live data keys of those of `subjects` that have any.
    pub fn many(
        &self,
        conn: &mut PgConnection,
        class: KeyClass,
        subjects: &[Uuid],
    ) -> Result<HashMap<Uuid, DataKeys>, VaultError> {
        let mut found: HashMap<Uuid, (Vec<(u16, Secret<32>)>, u16)> = HashMap::new();
        for (row, is_coming) in store::data_keys(conn, class, subjects)? {
            let (name, key) = self.unwrap(conn, &row)?;
            let (versions, sealing) = found.entry(row.subject).or_default();
            versions.push((name.version, key));
            // In order of version: the newest that may seal, seals.
            if !is_coming {
                *sealing = name.version;
            }
        }
        let keys = found.into_iter().map(|(subject, (versions, sealing))| {
            (subject, self.data_keys((class, subject), versions, sealing))
        });
        Ok(keys.collect())
    }

    /// Whether `subject` was erased.
    pub fn erased(
        &self,
        conn: &mut PgConnection,
        class: KeyClass,
        subject: Uuid,
    ) -> Result<bool, VaultError> {
        Ok(store::is_erased(conn, class, subject)?)
    }

    /// What `canonical` looks like in the blind index `name`: the same value always looks the
    /// same there, and nowhere else.
    pub fn index(&self, name: IndexName, canonical: &[u8]) -> Result<BlindIndex, VaultError> {
        let tag = |key: &Secret<32>| {
            let mut index = [0; 16];
            let tag = hmac(key.expose(), canonical);
            index.copy_from_slice(tag.first_chunk::<16>().unwrap_or(&[0; 16]));
            BlindIndex(index)
        };
        if let Some(key) = self.ring().by_index.get(&name) {
            return Ok(tag(key));
        }
        let key = {
            let ring = self.ring();
            let root = ring.indexes.get(&name.class);
            let root = root.ok_or(VaultError::NoKeyEncryptionKey {
                class: name.class,
                version: 0,
            })?;
            derive(root, &name.purpose())?
        };
        let index = tag(&key);
        self.ring_mut().by_index.insert(name, key);
        Ok(index)
    }

    /// Destroys every data key of a subject, for good. From the line in the file of erasures on
    /// it will happen, even when this transaction is given up.
    pub fn erase(&self, conn: &mut PgConnection, erasure: &Erasure<'_>) -> Result<(), VaultError> {
        let Erasure { class, subject, .. } = *erasure;
        let [one, other] = erasure.approved_by;
        if one == other {
            return Err(VaultError::OneApprover);
        }
        // A rotation under way may be giving the subject another data key.
        store::hold_off_rotation(conn, class)?;
        if store::data_keys(conn, class, &[subject])?.is_empty() {
            return Err(VaultError::NoDataKey { class, subject });
        }
        let tombstone = Tombstone {
            class,
            subject,
            reason: erasure.reason.to_owned(),
            approved_by: [one.as_str().to_owned(), other.as_str().to_owned()],
            at: erasure.at,
        };
        let tombstones = [tombstone];
        self.0.tombstones.add(&tombstones)?;
        store::bury(conn, &tombstones, erasure.at)?;
        Ok(())
    }

    /// Whether the vault can do its work: it has the keys of this database, and the database
    /// knows of every erasure. If not, why.
    pub fn readiness(&self, conn: &mut PgConnection) -> Result<Option<String>, VaultError> {
        if self.ring().indexes.is_empty() {
            return Ok(Some("no keys are loaded".to_owned()));
        }
        let unknown = store::unknown(conn, &self.erased_in_file()?)?;
        Ok((unknown > 0).then(|| {
            format!("the database does not know of {unknown} erasures; a restart tells it")
        }))
    }

    /// Whose erasures the file holds; read when it has grown.
    fn erased_in_file(&self) -> Result<Vec<(KeyClass, Uuid)>, VaultError> {
        let tombstones = &self.0.tombstones;
        let mut erased = self.0.erased.lock().unwrap_or_else(PoisonError::into_inner);
        let size = tombstones.size();
        if size != erased.0 {
            let read = tombstones.read()?;
            let names = read.iter().map(|one| (one.class, one.subject)).collect();
            *erased = (size, names);
        }
        Ok(erased.1.clone())
    }

    /// How often something did not open.
    #[must_use]
    pub fn unopenable(&self) -> &IntCounter {
        &self.0.unopenable
    }

    pub(super) fn root(&self) -> &dyn RootKey {
        self.0.root.as_ref()
    }

    /// Reads every key-encryption key and index key anew.
    pub(super) fn load(&self, conn: &mut PgConnection) -> Result<(), VaultError> {
        let ring = Keyring::load(conn, self.root())?;
        *self.ring_mut() = ring;
        Ok(())
    }

    /// A new data key of this name, wrapped under the newest key-encryption key.
    pub(super) fn new_key(
        &self,
        name: KeyName,
        rotation: i32,
        now: DateTime<Utc>,
    ) -> Result<(DataKeyRow, Secret<32>), VaultError> {
        let key: Secret<32> = Secret::random()?;
        let (kek, wrapped) = self.wrap(&name, &key)?;
        let row = DataKeyRow {
            class: name.class,
            subject: name.subject,
            version: i16::try_from(name.version).unwrap_or(i16::MAX),
            kek,
            rotation,
            wrapped,
            commitment: commitment(&key, &name.purpose("data-key"))?.to_vec(),
            state: KeyState::Active,
            created_at: now,
        };
        Ok((row, key))
    }

    /// `key` wrapped under the newest key-encryption key, and that one's version.
    pub(super) fn wrap(
        &self,
        name: &KeyName,
        key: &Secret<32>,
    ) -> Result<(i16, Vec<u8>), VaultError> {
        let ring = self.ring();
        let (version, kek) = ring
            .newest(name.class)
            .ok_or(VaultError::NoKeyEncryptionKey {
                class: name.class,
                version: 0,
            })?;
        let by = derive(kek, &name.purpose("wrap"))?;
        Ok((version, wrap_key(&by, key.expose())?))
    }

    /// The data key in `row`: the subject's own, or [`VaultError::Unopenable`].
    pub(super) fn unwrap(
        &self,
        conn: &mut PgConnection,
        row: &DataKeyRow,
    ) -> Result<(KeyName, Secret<32>), VaultError> {
        let name = KeyName {
            class: row.class,
            subject: row.subject,
            version: u16::try_from(row.version).unwrap_or_default(),
        };
        let by = self.wrapping_key(conn, &name, row.kek)?;
        let key = unwrap_key(&by, &row.wrapped).ok();
        let key = key.and_then(|key| Secret::copied(&key));
        let place = name.purpose("data-key");
        match key {
            Some(key) if is_same(&commitment(&key, &place)?, &row.commitment) => Ok((name, key)),
            _ => Err(self.refused(name)),
        }
    }

    /// What the key-encryption key of `version` wraps `name` with. One that this process does not
    /// hold was made by another since, and is fetched.
    fn wrapping_key(
        &self,
        conn: &mut PgConnection,
        name: &KeyName,
        version: i16,
    ) -> Result<Secret<32>, VaultError> {
        let (class, purpose) = (name.class, name.purpose("wrap"));
        if let Some(kek) = self.ring().keks.get(&(class, version)) {
            return Ok(derive(kek, &purpose)?);
        }
        let row = store::kek(conn, class, version)?;
        let row = row.ok_or(VaultError::NoKeyEncryptionKey { class, version })?;
        let kek = unwrap_kek(self.root(), &row)?;
        let by = derive(&kek, &purpose)?;
        self.ring_mut().keks.insert((class, version), kek);
        Ok(by)
    }

    /// Tells the database of every erasure in the file, and the file of every one that only the
    /// database knows. The keys are destroyed again whatever the database says of them: it may
    /// be a restored one.
    fn replay(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), VaultError> {
        let tombstones = &self.0.tombstones;
        tombstones.add(&store::tombstones(conn)?)?;
        let destroyed = store::bury(conn, &tombstones.read()?, now)?;
        if destroyed > 0 {
            tracing::warn!(
                destroyed,
                "data keys of erased subjects were there, and are destroyed"
            );
        }
        Ok(())
    }

    fn data_keys(
        &self,
        subject: (KeyClass, Uuid),
        versions: Vec<(u16, Secret<32>)>,
        sealing: u16,
    ) -> DataKeys {
        DataKeys::new(subject, versions, sealing, self.0.unopenable.clone())
    }

    fn refused(&self, name: KeyName) -> VaultError {
        let what = Unopenable::DataKey(name);
        self.0.unopenable.inc();
        tracing::error!(what = %what, "a data key does not open");
        VaultError::Unopenable(what)
    }

    fn ring(&self) -> std::sync::RwLockReadGuard<'_, Keyring> {
        self.0.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring_mut(&self) -> std::sync::RwLockWriteGuard<'_, Keyring> {
        self.0.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}
