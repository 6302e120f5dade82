//! Another data key for every subject of a class.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::sweep::sweep;
use super::{AT_ONCE, Outcome, Progress, chunk, connect_alone, settle};
use crate::platform::vault::error::VaultError;
use crate::platform::vault::keystore::Vault;
use crate::platform::vault::model::{KeyClass, KeyName, SealedColumn};
use crate::platform::vault::store;
use crate::platform::vault::store::cells::{self, SealedTable};
use crate::platform::vault::store::change::{self, Stage};

/// What is to be rotated.
pub struct Rotation<'a> {
    pub class: KeyClass,
    /// Every sealed column there is.
    pub columns: &'a [SealedColumn],
    /// Whether to destroy the old data keys at the end. What is sealed in a column that is not
    /// among `columns` is lost with them.
    pub retire: bool,
    pub now: DateTime<Utc>,
}

/// Rotates the data keys of a class, or goes on with a rotation that was interrupted.
pub fn rotate(
    url: &str,
    vault: &Vault,
    rotation: &Rotation<'_>,
    progress: &dyn Progress,
) -> Result<Outcome, VaultError> {
    let (class, now) = (rotation.class, rotation.now);
    let conn = &mut connect_alone(url, class)?;
    vault.load(conn)?;
    let (number, stage) = match change::open_rotation(conn, class)? {
        Some(open) => open,
        None => (change::begin_rotation(conn, class, now)?, Stage::Preparing),
    };
    let this = (class, number);
    if stage == Stage::Preparing {
        if prepare(conn, vault, (this, now), progress)? == Outcome::Stopped
            // From here on, whoever opens cells has the new keys.
            || settle(conn, progress)? == Outcome::Stopped
        {
            return Ok(Outcome::Stopped);
        }
        change::set_stage(conn, this, Stage::Sealing, now)?;
    }
    // From here on, nobody seals with the old ones.
    if settle(conn, progress)? == Outcome::Stopped {
        return Ok(Outcome::Stopped);
    }
    if sweep_all(conn, (url, vault), (this, rotation.columns), progress)? == Outcome::Stopped {
        return Ok(Outcome::Stopped);
    }
    if rotation.retire && retire(conn, this, rotation, progress)? == Outcome::Stopped {
        return Ok(Outcome::Stopped);
    }
    change::set_stage(conn, this, Stage::Done, now)?;
    Ok(Outcome::Done)
}

/// Gives every subject a data key that opens and does not seal yet.
fn prepare(
    conn: &mut PgConnection,
    vault: &Vault,
    ((class, number), now): ((KeyClass, i32), DateTime<Utc>),
    progress: &dyn Progress,
) -> Result<Outcome, VaultError> {
    let of = change::count(conn, class)?;
    let (mut done, mut after) = (0, Uuid::nil());
    loop {
        if progress.stopped() {
            return Ok(Outcome::Stopped);
        }
        progress.at("making data keys", done, of);
        let last = chunk(conn, class, |conn| {
            let subjects = change::without_new_key(conn, (class, number), after, AT_ONCE)?;
            let rows: Result<Vec<_>, VaultError> = subjects
                .iter()
                .map(|one| {
                    let version = u16::try_from(one.version).unwrap_or_default();
                    let name = KeyName {
                        class,
                        subject: one.id,
                        version: version.saturating_add(1),
                    };
                    Ok(vault.new_key(name, number, now)?.0)
                })
                .collect();
            store::load_data_keys(conn, &rows?)?;
            done += i64::try_from(subjects.len()).unwrap_or(i64::MAX);
            Ok(subjects.last().map(|one| one.id))
        })?;
        match last {
            Some(last) => after = last,
            None => return Ok(Outcome::Done),
        }
    }
}

/// Seals anew table after table, from where the last run of this rotation was.
fn sweep_all(
    conn: &mut PgConnection,
    (url, vault): (&str, &Vault),
    (this, columns): ((KeyClass, i32), &[SealedColumn]),
    progress: &dyn Progress,
) -> Result<Outcome, VaultError> {
    let tables = SealedTable::of(this.0, columns);
    let swept = change::swept(conn, this)?.and_then(|(name, row)| {
        let place = tables.iter().position(|table| table.table == name)?;
        Some((place, row))
    });
    let (first, mut after) = swept.unwrap_or((0, Uuid::nil()));
    for table in tables.iter().skip(first) {
        if sweep(url, vault, this, (table, after), progress)? == Outcome::Stopped {
            return Ok(Outcome::Stopped);
        }
        after = Uuid::nil();
    }
    Ok(Outcome::Done)
}

/// Destroys the data keys that the rotation replaced. Nothing may be left that they sealed, and
/// whoever read such a thing before it was sealed anew must have ended.
fn retire(
    conn: &mut PgConnection,
    this: (KeyClass, i32),
    rotation: &Rotation<'_>,
    progress: &dyn Progress,
) -> Result<Outcome, VaultError> {
    let Rotation {
        class,
        columns,
        now,
        ..
    } = *rotation;
    // What cannot be sealed anew keeps its keys.
    if columns
        .iter()
        .any(|one| one.class == class && one.grows_only)
    {
        return Ok(Outcome::Done);
    }
    for table in SealedTable::of(class, columns) {
        if cells::any_older(conn, &table, this)? {
            // Whoever repairs it finds the next run at the start.
            change::set_swept(conn, this, None)?;
            return Err(VaultError::StillUsed(table.table));
        }
    }
    if settle(conn, progress)? == Outcome::Stopped {
        return Ok(Outcome::Stopped);
    }
    let of = change::count(conn, class)?;
    let (mut done, mut after) = (0, Uuid::nil());
    loop {
        if progress.stopped() {
            return Ok(Outcome::Stopped);
        }
        progress.at("destroying old data keys", done, of);
        let retired = chunk(conn, class, |conn| {
            Ok(change::retire(conn, this, (after, AT_ONCE), now)?)
        })?;
        let Some((last, count)) = retired else {
            return Ok(Outcome::Done);
        };
        done += i64::try_from(count).unwrap_or(i64::MAX);
        after = last;
    }
}
