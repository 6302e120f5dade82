//! What is held of the rent accounts of which somebody was the tenant: what was owed, paid and
//! put right while they were.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{Extract, Order};
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::held::{
    AMOUNT, AT, Held, KIND, ON, REASON, Said, Stay, TENANT_CODE, cell, cell_at,
};
use crate::kernel::id::TransferId;
use crate::platform::db::DbError;

const BALANCE: (&str, Said) = ("balance", ["結欠", "结欠", "Balance owed"]);
/// Taken off what is owed, or put onto it.
const SIDE: (&str, Said) = ("side", ["記入", "记入", "Side"]);

/// The accounts of those of `stays` whose tenant the person was, as far as known at `now`.
pub fn held(
    conn: &mut PgConnection,
    stays: &[Stay],
    now: DateTime<Utc>,
) -> Result<Vec<Held>, DbError> {
    let (mut balances, mut moved, mut reversed) = (Vec::new(), Vec::new(), Vec::new());
    let today = hong_kong_date(now);
    for stay in stays
        .iter()
        .filter(|stay| stay.heads && stay.starts_on <= today)
    {
        let code = stay.household;
        let until = stay.ends_on.unwrap_or(today).min(today);
        let balance = store::balance(conn, code, until, now)?;
        balances.push(vec![cell(code), cell(until), cell(balance)]);
        for transfer in store::entries(conn, &all(stay, until))? {
            let side = if transfer.debit == code.number() {
                "charged"
            } else {
                "credited"
            };
            moved.push(vec![
                cell(code),
                cell(transfer.effective_on),
                cell(transfer.kind),
                cell(side),
                cell(transfer.amount),
            ]);
        }
        let reversals = store::reversals_of(conn, code)?;
        let during = reversals.into_iter().filter(|(_, at)| stay.saw(*at));
        reversed.extend(during.map(|(reason, at)| vec![cell(code), cell_at(at), cell(reason)]));
    }
    Ok(vec![
        Held {
            table: "rent_account",
            heading: ["租金帳戶", "租金账户", "Rent account"],
            columns: &[TENANT_CODE, ON, BALANCE],
            rows: balances,
        },
        Held {
            table: "ledger_transfer",
            heading: ["帳目", "账目", "Charges and payments"],
            columns: &[TENANT_CODE, ON, KIND, SIDE, AMOUNT],
            rows: moved,
        },
        Held {
            table: "ledger_reversal",
            heading: ["帳目更正", "账目更正", "Transfers reversed"],
            columns: &[TENANT_CODE, AT, REASON],
            rows: reversed,
        },
    ])
}

fn all(stay: &Stay, until: NaiveDate) -> Extract {
    Extract {
        household: stay.household,
        from: stay.starts_on,
        to: until,
        kind: None,
        known_at: None,
        order: Order::OldestFirst,
        after: None::<(NaiveDate, TransferId)>,
        rows: i64::MAX,
    }
}
