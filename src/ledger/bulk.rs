//! Loading a history: whole months at once, into a ledger without any transfer.
//!
//! A month that is not open yet is filled beside the ledger and attached to it: the rows need
//! no log (the table is made in the same transaction) and the indexes are built once, sorted.
//! What is loaded is as if it had been posted: the caller brings the balances.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::model::{LedgerError, Transfer};
use super::store::hold_seal;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::TransferId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::platform::db::schema::{ledger_transfer, rent_account};
use crate::platform::db::{CopyRow, DbError, copy_frozen, execute};

// The month being filled; it exists only inside the transaction that fills it.
diesel::table! {
    ledger_transfer_bulk (id) {
        id -> Uuid,
        effective_on -> Date,
        debit -> BigInt,
        credit -> BigInt,
        amount -> Numeric,
        kind -> Text,
        source -> Uuid,
        reverses -> Nullable<Uuid>,
        booked_at -> Timestamptz,
    }
}

const COLUMNS: i16 = 9;

/// Nobody else opens a month meanwhile: the lock of `ledger_open_month`.
const CREATE: &str = "SELECT pg_advisory_xact_lock(7210812); \
    CREATE TABLE ledger_transfer_bulk \
        (LIKE ledger_transfer INCLUDING DEFAULTS INCLUDING CONSTRAINTS)";

/// Whether there is neither a transfer nor a rent account.
pub fn is_empty(conn: &mut PgConnection) -> Result<bool, DbError> {
    let any = exists(ledger_transfer::table.select(ledger_transfer::id));
    let any_account = exists(rent_account::table.select(rent_account::household));
    let (any, any_account): (bool, bool) = diesel::select((any, any_account)).get_result(conn)?;
    Ok(!any && !any_account)
}

/// A month being filled.
pub struct MonthLoad {
    month: Month,
    /// Not open yet: filled beside the ledger.
    beside: bool,
}

impl MonthLoad {
    /// Begins to fill `month`, in the caller's transaction, as the schema's owner.
    pub fn begin(conn: &mut PgConnection, month: Month) -> Result<Self, LedgerError> {
        if let Some(sealed) = hold_seal(conn)?
            && hong_kong_date(sealed) >= month.first()
        {
            return Err(LedgerError::Sealed(sealed));
        }
        let open: bool = diesel::select(
            diesel::dsl::sql::<Bool>("to_regclass(")
                .bind::<Text, _>(partition(month))
                .sql(") IS NOT NULL"),
        )
        .get_result(conn)?;
        if !open {
            execute(conn, CREATE)?;
        }
        Ok(Self {
            month,
            beside: !open,
        })
    }

    /// Adds `transfers` of the month.
    pub fn add(&self, conn: &mut PgConnection, transfers: &[Transfer]) -> Result<(), LedgerError> {
        if self.beside {
            let table = (ledger_transfer_bulk::table, COLUMNS);
            copy_frozen(conn, table, transfers, write)?;
        } else {
            diesel::copy_from(ledger_transfer::table)
                .from_insertable(transfers)
                .execute(conn)?;
        }
        Ok(())
    }

    /// Opens the month with all that was added.
    pub fn finish(self, conn: &mut PgConnection) -> Result<(), LedgerError> {
        if !self.beside {
            return Ok(());
        }
        let (partition, first) = (partition(self.month), self.month.first());
        let next = self.month.next().first();
        let attach = format!(
            "CREATE TRIGGER ledger_transfer_is_not_emptied BEFORE TRUNCATE ON ledger_transfer_bulk \
                 FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(); \
             ALTER TABLE ledger_transfer_bulk RENAME TO {partition}; \
             ALTER TABLE ledger_transfer ATTACH PARTITION {partition} \
                 FOR VALUES FROM ('{first}') TO ('{next}')"
        );
        Ok(execute(conn, &attach)?)
    }
}

/// The table of a month.
fn partition(month: Month) -> String {
    let digits = month.to_string().replace('-', "");
    format!("ledger_transfer_p{digits}")
}

fn write(transfer: &Transfer, row: &mut CopyRow<'_>) {
    row.uuid(transfer.id.as_uuid())
        .date(transfer.effective_on)
        .bigint(transfer.debit)
        .bigint(transfer.credit)
        .money(transfer.amount)
        .text(transfer.kind.as_str())
        .uuid(transfer.source)
        .maybe_uuid(transfer.reverses.map(TransferId::as_uuid))
        .instant(transfer.booked_at);
}

/// Sets what each household owes: the sum of what was loaded.
pub fn load_balances(
    conn: &mut PgConnection,
    balances: &[(i64, Money)],
) -> Result<(), LedgerError> {
    let rows: Vec<_> = balances
        .iter()
        .map(|(household, balance)| {
            (
                rent_account::household.eq(household),
                rent_account::balance.eq(balance),
            )
        })
        .collect();
    diesel::copy_from(rent_account::table)
        .from_insertable(rows)
        .execute(conn)?;
    Ok(())
}
