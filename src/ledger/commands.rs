//! Postings. Each runs inside the caller's transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{LedgerError, Transfer};
use super::store;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;

/// Posts `transfers`, all booked at `now`, and moves the households' balances with them.
///
/// It is one `COPY` and one statement for the balances, however many they are.
pub fn post(
    conn: &mut PgConnection,
    transfers: &[Transfer],
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    if transfers.is_empty() {
        return Ok(());
    }
    if let Some(sealed) = store::hold_seal(conn)?.filter(|sealed| now <= *sealed) {
        return Err(LedgerError::Sealed(sealed));
    }
    store::append(conn, transfers)?;
    store::add_to_balances(conn, &changes(transfers)?)
}

/// What `transfers` add to each household's balance, by household.
fn changes(transfers: &[Transfer]) -> Result<BTreeMap<i64, Money>, LedgerError> {
    let mut changes = BTreeMap::new();
    for transfer in transfers {
        for account in [transfer.debit, transfer.credit] {
            if TenantCode::of(account).is_some() {
                let change = changes.entry(account).or_insert(Money::ZERO);
                *change = change.checked_add(transfer.onto(account))?;
            }
        }
    }
    Ok(changes)
}
