//! What is held of the direct debits of which somebody was the tenant: the account that was
//! debited, when, and when not.

use diesel::PgConnection;

use super::{sealing, store};
use crate::kernel::held::{
    AMOUNT, AT, Held, ON, REASON, Said, Stay, TENANT_CODE, cell, cell_at, cell_of,
};
use crate::platform::vault::{KeyClass, Vault, VaultError};

const CHANNEL: (&str, Said) = ("channel", ["途徑", "途径", "Channel"]);
const BANK: (&str, Said) = ("bank", ["銀行", "银行", "Bank"]);
const ACCOUNT: (&str, Said) = ("account", ["戶口號碼", "账户号码", "Account number"]);
const HOLDER: (&str, Said) = ("holder", ["戶口持有人", "账户持有人", "Account holder"]);
const STATE: (&str, Said) = ("state", ["狀況", "状况", "State"]);
const MONTH: (&str, Said) = ("month", ["月份", "月份", "Month"]);
const REFERENCE: (&str, Said) = ("reference", ["編號", "编号", "Reference"]);
const RESULT: (&str, Said) = ("result", ["結果", "结果", "Result"]);

/// The direct debits of those of `stays` whose tenant the person was. Whoever asks has put on
/// record that what is sealed is read.
#[expect(clippy::too_many_lines, reason = "one plain block a table")]
pub fn held(
    conn: &mut PgConnection,
    vault: &Vault,
    stays: &[Stay],
) -> Result<Vec<Held>, VaultError> {
    let (mut mandates, mut debits, mut omissions) = (Vec::new(), Vec::new(), Vec::new());
    for stay in stays.iter().filter(|stay| stay.heads) {
        let code = stay.household;
        let given = store::mandates_of(conn, code)?.into_iter();
        for one in given.filter(|one| stay.saw(one.proposed_at)) {
            let keys = vault.keys(conn, KeyClass::Finance, one.id.as_uuid())?;
            // Of one whose key was destroyed nothing more is held.
            let payer = keys.map(|keys| sealing::open(&keys, &one)).transpose()?;
            mandates.push(vec![
                cell(code),
                cell(one.rail),
                cell(&one.bank),
                cell_of(payer.as_ref().map(|payer| payer.account.as_str())),
                cell_of(payer.as_ref().map(|payer| payer.holder.as_str())),
                cell_of(one.at_most),
                cell(one.state),
                cell_at(one.proposed_at),
            ]);
        }
        let made = store::lines_of(conn, code)?.into_iter();
        debits.extend(made.filter(|one| stay.takes_in(one.collect_on)).map(|one| {
            vec![
                cell(code),
                cell(one.month),
                cell(one.collect_on),
                cell(&one.reference),
                cell(one.amount),
                cell_of(one.codes.last()),
            ]
        }));
        let left_out = store::left_out_of(conn, code)?.into_iter();
        let left_out = left_out.filter(|(on, ..)| stay.takes_in(*on));
        omissions.extend(left_out.map(|(on, month, one)| {
            vec![
                cell(code),
                cell(month),
                cell(on),
                cell(one.reason),
                cell_of(one.due),
            ]
        }));
    }
    Ok(vec![
        Held {
            table: "autopay_mandate",
            heading: ["自動轉帳授權", "自动转账授权", "Autopay mandates"],
            columns: &[
                TENANT_CODE,
                CHANNEL,
                BANK,
                ACCOUNT,
                HOLDER,
                AMOUNT,
                STATE,
                AT,
            ],
            rows: mandates,
        },
        Held {
            table: "autopay_line",
            heading: ["自動轉帳", "自动转账", "Direct debits"],
            columns: &[TENANT_CODE, MONTH, ON, REFERENCE, AMOUNT, RESULT],
            rows: debits,
        },
        Held {
            table: "autopay_left_out",
            heading: ["未有自動轉帳", "未有自动转账", "Months not debited"],
            columns: &[TENANT_CODE, MONTH, ON, REASON, AMOUNT],
            rows: omissions,
        },
    ])
}
