//! What is held of the CSSA of which somebody's household lives: when which allowance was granted,
//! what did not agree, and what the Social Welfare Department was told.

use diesel::PgConnection;

use super::store;
use crate::kernel::held::{
    AMOUNT, AT, FROM, Held, KIND, Said, Stay, TENANT_CODE, cell, cell_at, cell_of,
};
use crate::platform::db::DbError;

const COVERAGE: (&str, Said) = ("coverage", ["津貼範圍", "津贴范围", "Coverage"]);
const MONTH: (&str, Said) = ("month", ["月份", "月份", "Month"]);
const PAID: (&str, Said) = ("paid", ["已付", "已付", "Paid"]);
const RENT: (&str, Said) = ("rent", ["租金", "租金", "Rent"]);
const BEFORE: (&str, Said) = ("before", ["上月租金", "上月租金", "Rent the month before"]);

/// The allowances of those of `stays` whose tenant the person was.
#[expect(clippy::too_many_lines, reason = "one list of words a table")]
pub fn held(conn: &mut PgConnection, stays: &[Stay]) -> Result<Vec<Held>, DbError> {
    let (mut allowances, mut exceptions, mut rents) = (Vec::new(), Vec::new(), Vec::new());
    for stay in stays.iter().filter(|stay| stay.heads) {
        let code = stay.household;
        let told = store::allowances::told(conn, &[code])?.into_iter();
        let told = told.filter(|one| stay.saw(one.recorded_at));
        allowances.extend(told.map(|one| {
            vec![
                cell(code),
                cell(one.month),
                cell_of(one.coverage),
                cell_of(one.amount),
                cell_at(one.recorded_at),
            ]
        }));
        let found = store::exceptions::of_household(conn, code)?.into_iter();
        let found = found.filter(|(month, _)| stay.meets(month.first(), Some(month.last())));
        exceptions.extend(found.map(|(month, one)| {
            vec![
                cell(code),
                cell(month),
                cell(one.kind),
                cell_of(one.allowance),
                cell_of(one.paid),
                cell_of(one.rent),
            ]
        }));
        let told = store::rents::of_household(conn, code)?.into_iter();
        let told = told.filter(|(file, _)| stay.saw(file.requested_at));
        rents.extend(told.map(|(file, line)| {
            vec![
                cell(code),
                cell(file.month),
                cell(line.before),
                cell(line.rent),
                cell_at(file.requested_at),
            ]
        }));
    }
    Ok(vec![
        Held {
            table: "cssa_allowance",
            heading: ["綜援租金津貼", "综援租金津贴", "CSSA rent allowances"],
            columns: &[TENANT_CODE, FROM, COVERAGE, AMOUNT, AT],
            rows: allowances,
        },
        Held {
            table: "cssa_exception",
            heading: [
                "綜援租金津貼對帳差異",
                "综援租金津贴对帐差异",
                "CSSA rent allowances that did not agree",
            ],
            columns: &[TENANT_CODE, MONTH, KIND, AMOUNT, PAID, RENT],
            rows: exceptions,
        },
        Held {
            table: "cssa_rent_line",
            heading: [
                "向社會福利署提供的租金資料",
                "向社会福利署提供的租金资料",
                "Rent told to the Social Welfare Department",
            ],
            columns: &[TENANT_CODE, MONTH, BEFORE, RENT, AT],
            rows: rents,
        },
    ])
}
