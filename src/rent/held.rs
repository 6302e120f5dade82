//! What is held of the rent of which somebody was the tenant: what was charged, what was
//! awarded and adjusted, and why.

use chrono::Months;
use diesel::PgConnection;

use super::store;
use crate::kernel::held::{
    AMOUNT, AT, FROM, Held, KIND, ON, REASON, Said, Stay, TENANT_CODE, TO, cell, cell_at, cell_of,
};
use crate::platform::db::DbError;

const MONTHLY: Months = Months::new(1);
const MONTH: (&str, Said) = ("month", ["月份", "月份", "Month"]);

/// The rent of those of `stays` whose tenant the person was.
#[expect(clippy::too_many_lines, reason = "one plain block a table")]
pub fn held(conn: &mut PgConnection, stays: &[Stay]) -> Result<Vec<Held>, DbError> {
    let (mut charges, mut awards, mut adjustments) = (Vec::new(), Vec::new(), Vec::new());
    for stay in stays.iter().filter(|stay| stay.heads) {
        let code = stay.household;
        let billed = store::charges_of(conn, code)?;
        let billed = billed
            .into_iter()
            .filter(|one| stay.takes_in(one.effective_on));
        charges.extend(billed.map(|one| {
            vec![
                cell(code),
                cell(one.month),
                cell(one.effective_on),
                cell(one.amount),
            ]
        }));
        let awarded = store::awards_of(conn, code)?.into_iter();
        // An award lasts to the end of its last month.
        let awarded = awarded.filter(|one| {
            let after = one
                .last_month
                .and_then(|month| month.checked_add_months(MONTHLY));
            stay.meets(one.first_month, after.and_then(|day| day.pred_opt()))
        });
        awards.extend(awarded.map(|one| {
            vec![
                cell(code),
                cell(one.scheme),
                cell(one.first_month),
                cell_of(one.last_month),
                cell_at(one.recorded_at),
                cell(one.reason),
            ]
        }));
        let adjusted = store::adjustments_of(conn, code)?;
        let adjusted = adjusted
            .into_iter()
            .filter(|one| stay.takes_in(one.effective_on));
        adjustments.extend(adjusted.map(|one| {
            vec![
                cell(code),
                cell(one.effective_on),
                cell(one.kind),
                cell(one.amount),
                cell(one.reason),
            ]
        }));
    }
    Ok(vec![
        Held {
            table: "rent_charge",
            heading: ["租金", "租金", "Rent charged"],
            columns: &[TENANT_CODE, MONTH, ON, AMOUNT],
            rows: charges,
        },
        Held {
            table: "rent_award",
            heading: ["租金援助", "租金援助", "Rent assistance awarded"],
            columns: &[TENANT_CODE, KIND, FROM, TO, AT, REASON],
            rows: awards,
        },
        Held {
            table: "rent_adjustment",
            heading: ["租金調整", "租金调整", "Adjustments and refunds"],
            columns: &[TENANT_CODE, ON, KIND, AMOUNT, REASON],
            rows: adjustments,
        },
    ])
}
