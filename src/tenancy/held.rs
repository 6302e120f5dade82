//! What is held of the tenancies that somebody lived under: whoever lived there, not only the
//! tenant. How many others did is the others' business.

use diesel::PgConnection;

use super::store;
use crate::kernel::held::{FROM, Held, KIND, REASON, Said, Stay, TENANT_CODE, TO, cell, cell_of};
use crate::platform::db::DbError;

const FLAT: (&str, Said) = ("flat_id", ["單位編號", "单位编号", "Flat"]);

/// The tenancies of `stays`.
pub fn held(conn: &mut PgConnection, stays: &[Stay]) -> Result<Vec<Held>, DbError> {
    let mut rows = Vec::new();
    for stay in stays {
        let tenancies = store::by_household(conn, stay.household)?;
        let lived = |one: &&super::Tenancy| stay.meets(one.starts_on, one.ends_on);
        rows.extend(tenancies.iter().filter(lived).map(|one| {
            vec![
                cell(one.household),
                cell(one.flat_id),
                cell(one.kind),
                cell(one.starts_on),
                cell_of(one.ends_on),
                cell_of(one.end_reason),
            ]
        }));
    }
    // Two stays in one household may have been under one tenancy.
    rows.dedup();
    Ok(vec![Held {
        table: "tenancy",
        heading: ["租約", "租约", "Tenancies"],
        columns: &[TENANT_CODE, FLAT, KIND, FROM, TO, REASON],
        rows,
    }])
}
