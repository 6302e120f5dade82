//! Another key-encryption key for a class; its data keys are wrapped under it, and no cell is
//! touched.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{AT_ONCE, Outcome, Progress, chunk, connect_alone};
use crate::platform::vault::error::VaultError;
use crate::platform::vault::keyring::new_kek;
use crate::platform::vault::keystore::Vault;
use crate::platform::vault::model::KeyClass;
use crate::platform::vault::store::{self, change};

/// Wraps every data key of `class` under a new key-encryption key, or goes on with one that was
/// interrupted. The old one stays: a process that does not know of the new one yet uses it.
pub fn rewrap(
    url: &str,
    vault: &Vault,
    class: KeyClass,
    now: DateTime<Utc>,
    progress: &dyn Progress,
) -> Result<Outcome, VaultError> {
    let conn = &mut connect_alone(url, class)?;
    let newest = change::newest_kek(conn, class)?;
    let first = (Uuid::nil(), 0);
    if change::wrapped_before(conn, (class, newest), first, 1)?.is_empty() {
        let version = newest.saturating_add(1);
        store::add_keks(conn, &[new_kek(vault.root(), class, version, now)?])?;
    }
    vault.load(conn)?;
    let newest = change::newest_kek(conn, class)?;
    let of = change::count(conn, class)?;
    let (mut done, mut after) = (0, first);
    loop {
        if progress.stopped() {
            return Ok(Outcome::Stopped);
        }
        progress.at("wrapping data keys", done, of);
        let last = chunk(conn, class, |conn| {
            let rows = change::wrapped_before(conn, (class, newest), after, AT_ONCE)?;
            let rewrapped = rows.iter().map(|row| {
                let (name, key) = vault.unwrap(row)?;
                let (kek, wrapped) = vault.wrap(&name, &key)?;
                Ok((row, kek, wrapped))
            });
            let rewrapped: Vec<_> = rewrapped.collect::<Result<_, VaultError>>()?;
            done += i64::try_from(rows.len()).unwrap_or(i64::MAX);
            change::rewrap(conn, class, rewrapped)?;
            Ok(rows.last().map(|row| (row.subject, row.version)))
        })?;
        match last {
            Some(last) => after = last,
            None => return Ok(Outcome::Done),
        }
    }
}
