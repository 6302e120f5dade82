//! What is held of accesses in an emergency to somebody's record, or to that of a household
//! while they lived in it: never who had them, nor why. Somebody may have to be kept safe from
//! whoever asks.

use diesel::PgConnection;

use super::store;
use crate::kernel::held::{AT, FROM, Held, Said, Stay, TENANT_CODE, TO, cell, cell_at, cell_of};
use crate::kernel::id::PersonId;
use crate::platform::db::DbError;

const FIELDS: (&str, Said) = ("fields", ["項目", "项目", "Fields"]);

/// The accesses to `person`, and to the households of `stays`.
pub fn held(
    conn: &mut PgConnection,
    person: PersonId,
    stays: &[Stay],
) -> Result<Vec<Held>, DbError> {
    let households = stays.iter().map(|stay| stay.household).collect();
    let asked = store::about(conn, person.as_uuid(), households)?;
    let theirs = asked.into_iter().filter(|(request, _)| {
        let during = |stay: &Stay| stay.saw(request.requested_at);
        request.household.is_none_or(|code| {
            stays
                .iter()
                .any(|stay| stay.household == code && during(stay))
        })
    });
    let rows = theirs.map(|(request, period)| {
        let (starts_at, ends_at) = period.unzip();
        vec![
            cell_of(request.household),
            cell_at(request.requested_at),
            starts_at.and_then(cell_at),
            ends_at.and_then(cell_at),
            cell(request.fields.join(", ")),
        ]
    });
    Ok(vec![Held {
        table: "break_glass",
        heading: ["緊急查閱", "紧急查阅", "Access in an emergency"],
        columns: &[TENANT_CODE, AT, FROM, TO, FIELDS],
        rows: rows.collect(),
    }])
}
