//! The keys that access tokens are signed with: the next, the current and the previous one.
//!
//! All three are published, the current one signs. A rotation makes the next one current, so
//! what is then signed with was long known to whoever checks; tokens of the one before are
//! still taken. A running program keeps the keys it began with: after a rotation its replicas
//! are restarted one by one, and every one of them knows what any other signs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Jwks;
use crate::platform::crypto::{KeyError, SigningKey};

/// The keys in one folder.
pub struct KeyRing {
    current: Arc<SigningKey>,
    next: SigningKey,
    previous: Option<SigningKey>,
}

struct Files {
    next: PathBuf,
    current: PathBuf,
    previous: PathBuf,
}

impl Files {
    fn of(folder: &Path) -> Self {
        Self {
            next: folder.join("token-next.pk8"),
            current: folder.join("token.pk8"),
            previous: folder.join("token-previous.pk8"),
        }
    }
}

impl KeyRing {
    /// The keys in `folder`, those that are missing made there.
    pub fn load_or_create(folder: &Path) -> Result<Self, KeyError> {
        let files = Files::of(folder);
        // A rotation was cut off between its two steps.
        if files.next.exists() && !files.current.exists() {
            fs::rename(&files.next, &files.current)?;
        }
        let previous = if files.previous.exists() {
            Some(SigningKey::load_or_create(&files.previous)?)
        } else {
            None
        };
        Ok(Self {
            current: Arc::new(SigningKey::load_or_create(&files.current)?),
            next: SigningKey::load_or_create(&files.next)?,
            previous,
        })
    }

    /// Makes the next key in `folder` the current one, and a new next one.
    pub fn rotate(folder: &Path) -> Result<Self, KeyError> {
        Self::load_or_create(folder)?;
        let files = Files::of(folder);
        fs::rename(&files.current, &files.previous)?;
        fs::rename(&files.next, &files.current)?;
        // Before anyone signs with it, the change is on disk.
        let synced: io::Result<()> = fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced?;
        Self::load_or_create(folder)
    }

    /// The key to sign with.
    #[must_use]
    pub fn current(&self) -> &Arc<SigningKey> {
        &self.current
    }

    /// The public keys to check with.
    #[must_use]
    pub fn published(&self) -> Jwks {
        let keys = [
            Some(&*self.current),
            Some(&self.next),
            self.previous.as_ref(),
        ];
        let sets = keys.into_iter().flatten().map(Jwks::of);
        Jwks {
            keys: sets.flat_map(|set| set.keys).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_next_is_known_before_and_what_was_signed_last_still_is() {
        let folder = std::env::temp_dir().join(format!("ring-{}", uuid::Uuid::now_v7()));
        let first = KeyRing::load_or_create(&folder).unwrap();
        let second = KeyRing::rotate(&folder).unwrap();
        let third = KeyRing::rotate(&folder).unwrap();
        let knows = |ring: &KeyRing, key: &SigningKey| {
            let known = ring.published().keys;
            known.iter().any(|one| one.kid == key.id())
        };
        assert!(knows(&first, second.current()) && knows(&second, first.current()));
        assert!(knows(&second, third.current()) && knows(&third, second.current()));
        assert!(!knows(&third, first.current()) && !knows(&first, third.current()));

        // Cut off between the two steps: the next key takes its place.
        let files = Files::of(&folder);
        fs::rename(&files.current, &files.previous).unwrap();
        let fourth = KeyRing::load_or_create(&folder).unwrap();
        assert!(knows(&third, fourth.current()) && knows(&fourth, third.current()));
        fs::remove_dir_all(&folder).unwrap();
    }
}
