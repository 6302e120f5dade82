//! What is held of the payments over a counter to the account of which somebody was the tenant.

use diesel::PgConnection;

use super::store;
use crate::kernel::held::{AMOUNT, AT, Held, Said, Stay, TENANT_CODE, cell, cell_at, cell_of};
use crate::platform::db::DbError;

const RECEIPT: (&str, Said) = ("receipt", ["收據號碼", "收据号码", "Receipt"]);
const TENDER: (&str, Said) = ("tender", ["付款方式", "付款方式", "Means"]);
const INSTRUMENT: (&str, Said) = (
    "instrument",
    ["支票或簽單號碼", "支票或签单号码", "Cheque or slip"],
);

/// The receipts of those of `stays` whose tenant the person was.
pub fn held(conn: &mut PgConnection, stays: &[Stay]) -> Result<Vec<Held>, DbError> {
    let mut rows = Vec::new();
    for stay in stays.iter().filter(|stay| stay.heads) {
        let given = store::receipts::of_household(conn, stay.household)?.into_iter();
        let given = given.filter(|taking| stay.saw(taking.taken_at));
        rows.extend(given.map(|taking| {
            vec![
                cell(stay.household),
                cell(taking.receipt),
                cell(taking.what.amount),
                cell(taking.what.tender),
                cell_of(taking.what.instrument),
                cell_at(taking.taken_at),
            ]
        }));
    }
    Ok(vec![Held {
        table: "counter_receipt",
        heading: ["收款處收據", "收款处收据", "Receipts of counters"],
        columns: &[TENANT_CODE, RECEIPT, AMOUNT, TENDER, INSTRUMENT, AT],
        rows,
    }])
}
