//! What this slice and the audit trail hold on somebody, beside the requests and readings that
//! the bundle has places of their own for.

use diesel::PgConnection;

use super::model::PrivacyError;
use super::{rules, store};
use crate::kernel::held::{AT, ENDED_AT, Held, KIND, REASON, Said, cell, cell_at, cell_of};
use crate::kernel::id::PersonId;
use crate::people::{self, By};
use crate::platform::audit::{self, Recorded, Viewed, Wanted};
use crate::platform::vault::KeyClass;

const CASE: (&str, Said) = ("case_ref", ["檔案編號", "档案编号", "Case"]);
const ACTION: (&str, Said) = ("action", ["事項", "事项", "What was done"]);
const BY: (&str, Said) = ("by", ["由", "由", "By"]);
const NOTE: (&str, Said) = ("note", ["備註", "备注", "Note"]);

/// The holds on `person` and the requests to erase them.
pub fn held(conn: &mut PgConnection, person: PersonId) -> Result<Vec<Held>, PrivacyError> {
    let holds = store::holds_of(conn, person)?.into_iter().map(|hold| {
        vec![
            cell_at(hold.set_at),
            hold.lifted_at.and_then(cell_at),
            cell(hold.reason),
            cell(hold.case_ref),
        ]
    });
    let holds = holds.collect();
    let erasures = store::erasures_of(conn, person)?.into_iter().map(|asked| {
        vec![
            cell_at(asked.requested_at),
            asked.approved_at.and_then(cell_at),
            cell(asked.reason),
        ]
    });
    Ok(vec![
        Held {
            table: "legal_hold",
            heading: ["法律保留", "法律保留", "Legal holds"],
            columns: &[AT, ENDED_AT, REASON, CASE],
            rows: holds,
        },
        Held {
            table: "erasure_request",
            heading: ["刪除要求", "删除要求", "Requests for erasure"],
            columns: &[AT, ENDED_AT, REASON],
            rows: erasures.collect(),
        },
    ])
}

/// What the trail says was done about `person`, and what was noted; that the notes were read is
/// on record first.
pub fn in_trail(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    purpose: &str,
) -> Result<Held, PrivacyError> {
    let about = |wanted| audit::entries(conn, &wanted, i64::MAX);
    let mut found = trail(person)
        .map(about)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    found.retain(|entry| entry.fields.is_none());
    found.sort_unstable_by_key(|entry| (entry.at, entry.id));
    found.dedup_by_key(|entry| entry.id);
    let viewed = Viewed {
        person: person.as_uuid(),
        household: None,
        fields: &["audit_detail"],
        purpose,
        request: None,
    };
    if found.iter().any(|entry| entry.detail_hash.is_some()) {
        audit::viewed(conn, by.actor, &viewed, by.now)?;
    }
    let keys = by.vault.keys(conn, KeyClass::Audit, person.as_uuid())?;
    let mut rows = Vec::new();
    for entry in found {
        let note = match keys.as_ref().filter(|_| entry.detail_hash.is_some()) {
            Some(keys) => audit::detail(conn, entry.id, keys)?,
            None => None,
        };
        rows.push(vec![
            cell_at(entry.at),
            cell(rules::viewer(&entry.actor)),
            cell(&entry.action),
            cell_of(told_purpose(&entry)),
            note.map(|note| String::from_utf8_lossy(&note).into_owned()),
        ]);
    }
    Ok(Held {
        table: "audit_entry",
        heading: ["處理記錄", "处理记录", "What was done about you"],
        columns: &[AT, BY, ACTION, KIND, NOTE],
        rows,
    })
}

/// What it was done for; of an access in an emergency that it was one, and no more.
fn told_purpose(entry: &Recorded) -> Option<&str> {
    if entry.action.starts_with("break_glass.") {
        Some(people::IN_EMERGENCY)
    } else {
        entry.purpose.as_deref()
    }
}

/// Entries name a person as whom they are about, or as what was changed.
fn trail(person: PersonId) -> [Wanted; 2] {
    [
        Wanted {
            person: Some(person.as_uuid()),
            ..Wanted::default()
        },
        Wanted {
            subject: Some(person.to_string()),
            ..Wanted::default()
        },
    ]
}
