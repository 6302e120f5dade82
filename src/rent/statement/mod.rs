//! The statement of a rent account (租金結單): what was charged and paid, month by month, and
//! what is due now.

use chrono::NaiveDate;

use super::model::Quote;
use crate::kernel::id::TransferId;
use crate::kernel::language::Trilingual;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::TransferKind;

/// A household's account over some months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub code: TenantCode,
    /// The estates that it holds or held flats in during these months.
    pub estates: Vec<Trilingual>,
    /// Figures are as at the end of this day.
    pub issued_on: NaiveDate,
    pub from: Month,
    pub to: Month,
    /// What was owed before the first line; below zero, credit.
    pub opening: Money,
    pub lines: Vec<StatementLine>,
    /// What is owed after the last line.
    pub closing: Money,
    /// What is due for the month of issue, and why.
    pub due: Quote,
}

/// One entry of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    pub id: TransferId,
    pub date: NaiveDate,
    pub kind: TransferKind,
    /// Positive is owed, below zero is paid.
    pub amount: Money,
    /// What is owed after it.
    pub balance: Money,
}
