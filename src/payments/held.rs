//! What is held of the payments to the account of which somebody was the tenant.

use diesel::PgConnection;

use super::store;
use crate::kernel::held::{AMOUNT, AT, Held, ON, Said, Stay, TENANT_CODE, cell, cell_at};
use crate::platform::db::DbError;

const CHANNEL: (&str, Said) = ("channel", ["途徑", "途径", "Channel"]);
const REFERENCE: (&str, Said) = ("reference", ["編號", "编号", "Reference"]);
const PLACE: (&str, Said) = ("place", ["地點", "地点", "Place"]);

/// The payments to those of `stays` whose tenant the person was, those among them that were in
/// suspense first.
pub fn held(conn: &mut PgConnection, stays: &[Stay]) -> Result<Vec<Held>, DbError> {
    let mut rows = Vec::new();
    for stay in stays.iter().filter(|stay| stay.heads) {
        let paid = store::payments::of_household(conn, stay.household)?.into_iter();
        let paid = paid.filter(|(payment, _)| stay.takes_in(payment.value_on));
        rows.extend(paid.map(|(payment, place)| {
            vec![
                cell(stay.household),
                cell(payment.channel),
                cell(payment.reference),
                cell(payment.amount),
                cell_at(payment.instructed_at),
                cell(payment.value_on),
                cell(place),
            ]
        }));
    }
    let mut cleared = Vec::new();
    for stay in stays.iter().filter(|stay| stay.heads) {
        let parts = store::suspense::of_household(conn, stay.household)?.into_iter();
        let parts = parts.filter(|(payment, _)| stay.takes_in(payment.value_on));
        cleared.extend(parts.map(|(payment, amount)| {
            vec![
                cell(stay.household),
                cell(payment.channel),
                cell(payment.reference),
                cell(amount),
                cell_at(payment.instructed_at),
                cell(payment.value_on),
            ]
        }));
    }
    Ok(vec![
        Held {
            table: "payment",
            heading: ["繳款", "缴款", "Payments"],
            columns: &[TENANT_CODE, CHANNEL, REFERENCE, AMOUNT, AT, ON, PLACE],
            rows,
        },
        Held {
            table: "suspense_part",
            heading: ["由暫記帳轉入", "由暂记帐转入", "From suspense"],
            columns: &[TENANT_CODE, CHANNEL, REFERENCE, AMOUNT, AT, ON],
            rows: cleared,
        },
    ])
}
