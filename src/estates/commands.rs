//! Changes to the register. Each runs inside the caller's transaction.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{ChangedEstate, Estate, EstateError, EstateRecord, ImportReport};
use super::{rules, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::EstateId;
use crate::platform::audit;
use crate::platform::auth::Actor;

/// Brings the register to what `records` say. Estates they do not name stay as they are.
pub fn import(
    conn: &mut PgConnection,
    records: &[EstateRecord],
    at: DateTime<Utc>,
) -> Result<ImportReport, EstateError> {
    store::lock(conn)?;
    let ids: Vec<EstateId> = records.iter().map(EstateRecord::id).collect();
    let known = store::known(conn, &ids)?;
    let known: HashMap<EstateId, Estate> = known
        .into_iter()
        .map(|estate| (estate.id, estate))
        .collect();
    let mut report = ImportReport::default();
    for record in records {
        let name = record.name.en.clone();
        let new = rules::estate(record, &record.digest()?, at);
        let Some(old) = known.get(&new.id) else {
            add(conn, record, &new, at)?;
            report.added.push(name);
            continue;
        };
        let fields = change(conn, record, old, new, at)?;
        if fields.is_empty() {
            report.unchanged += 1;
        } else {
            report.changed.push(ChangedEstate {
                estate: name,
                fields,
            });
        }
    }
    Ok(report)
}

fn add(
    conn: &mut PgConnection,
    record: &EstateRecord,
    estate: &Estate,
    at: DateTime<Utc>,
) -> Result<(), EstateError> {
    store::add(conn, estate)?;
    store::save_blocks(conn, &rules::blocks(&[], record, hong_kong_date(at)))?;
    let actor = Actor::program("import");
    audit::record(conn, &actor, "estate.added", &estate.id, at)?;
    Ok(())
}

/// Makes `old` into `new`; returns the names of what was different.
fn change(
    conn: &mut PgConnection,
    record: &EstateRecord,
    old: &Estate,
    new: Estate,
    at: DateTime<Utc>,
) -> Result<Vec<&'static str>, EstateError> {
    if old.dataset_digest == new.dataset_digest {
        return Ok(Vec::new());
    }
    let known = store::blocks(conn, old.id)?;
    let blocks = rules::blocks(&known, record, hong_kong_date(at));
    let mut fields = rules::differences(old, &new);
    if !blocks.is_empty() {
        store::save_blocks(conn, &blocks)?;
        fields.push("blocks");
    }
    if fields.is_empty() {
        // A newer program digests the same record otherwise: remember that, and no more.
        store::save(
            conn,
            &Estate {
                dataset_digest: new.dataset_digest,
                ..old.clone()
            },
        )?;
        return Ok(fields);
    }
    let version = old.version.saturating_add(1);
    store::save(conn, &Estate { version, ..new })?;
    let actor = Actor::program("import");
    audit::record(conn, &actor, "estate.changed", &old.id, at)?;
    Ok(fields)
}
