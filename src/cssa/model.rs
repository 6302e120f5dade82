//! Allowances, what was found of a month, and what the department is told.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::kernel::choice::choice;
use crate::kernel::id::{EstateId, PaymentFileId, ReconciliationId, RentFileId};
use crate::kernel::money::{Money, NotMoney};
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::{Coverage, Granted};
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    cssa_allowance, cssa_exception, cssa_reconciliation, cssa_rent_file, cssa_rent_line,
};
use crate::rent::RentError;

/// What we were told of a household's allowance: it holds from `month` on, and nothing that was
/// told before does.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cssa_allowance, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Notice {
    pub household: TenantCode,
    pub month: Month,
    /// None when it stops.
    pub coverage: Option<Coverage>,
    pub amount: Option<Money>,
    /// Who says so: an allowance of a file.
    pub file: PaymentFileId,
    pub number: i32,
    pub recorded_at: DateTime<Utc>,
}

impl Notice {
    /// What is granted from its month on.
    #[must_use]
    pub fn granted(&self) -> Option<Granted> {
        Option::zip(self.coverage, self.amount)
            .map(|(coverage, amount)| Granted { coverage, amount })
    }
}

/// An allowance between two months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    pub granted: Granted,
    pub from: Month,
    /// The last month.
    pub to: Option<Month>,
    pub file: PaymentFileId,
    pub number: i32,
    pub recorded_at: DateTime<Utc>,
}

/// What the department has still to pay of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToCome {
    /// It pays the whole of the rent, whatever came by now.
    Whole,
    Part(Money),
}

choice! {
    /// What does not agree.
    pub enum ExceptionKind {
        /// Paid, and no allowance is granted.
        NoAllowance = "no_allowance",
        /// An allowance is granted, and nothing was paid.
        NotPaid = "not_paid",
        /// Another amount was paid than is granted.
        OtherAmount = "other_amount",
        /// The household lives nowhere of ours in the month.
        TenancyEnded = "tenancy_ended",
        /// More is granted than the month's rent.
        AboveRent = "above_rent",
        /// A full allowance is less than the month's rent.
        BelowRent = "below_rent",
        /// The tenant code is nobody's.
        UnknownAccount = "unknown_account",
        /// The reference was paid by an earlier line.
        PaidBefore = "paid_before",
        /// A line is about a month before that of its file.
        MonthPast = "month_past",
        /// An allowance starts where there is one.
        AlreadyGranted = "already_granted",
        /// An allowance that there is not is changed, or stops.
        NotGranted = "not_granted",
    }
}

/// A month's allowances against what the department paid.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cssa_reconciliation, check_for_backend(diesel::pg::Pg))]
pub struct Reconciliation {
    pub id: ReconciliationId,
    pub month: Month,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    /// None while it waits.
    pub made_at: Option<DateTime<Utc>>,
    /// The month's files, their payments, and what their trailers come to.
    pub files: i32,
    pub lines: i32,
    pub amount: Money,
    /// Where that went.
    pub paid_amount: Money,
    pub suspense_amount: Money,
    pub returned_amount: Money,
    pub duplicate_amount: Money,
    /// Households with an allowance, those that were paid for, and those where both agree.
    pub expected: i32,
    pub expected_amount: Money,
    pub paid: i32,
    pub agreed: i32,
    pub agreed_amount: Money,
    pub exceptions: i32,
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = cssa_exception, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct Found {
    pub reconciliation: ReconciliationId,
    pub number: i32,
    pub kind: ExceptionKind,
    pub household: Option<TenantCode>,
    /// The tenant code as it was given.
    pub account: String,
    /// Where the household lives, or lived last.
    pub estate_id: Option<EstateId>,
    pub allowance: Option<Money>,
    pub paid: Option<Money>,
    /// The month's rent.
    pub rent: Option<Money>,
    /// The line that it is about, where it is about one.
    pub file: Option<PaymentFileId>,
    pub line: Option<i32>,
}

choice! {
    /// What became of a recipient's rent since the month before.
    pub enum RentChange {
        Same = "same",
        Changed = "changed",
        /// The household lives nowhere of ours any more.
        Ended = "ended",
    }
}

/// A file that tells the department the rents of its recipients.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cssa_rent_file, check_for_backend(diesel::pg::Pg))]
pub struct RentFile {
    pub id: RentFileId,
    pub month: Month,
    pub sequence: i32,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    /// None while it waits.
    pub made_at: Option<DateTime<Utc>>,
    pub lines: i32,
    pub amount: Money,
    /// Recipients whose rent cannot be told.
    pub left_out: i32,
    pub sha256: Option<Vec<u8>>,
}

/// A recipient's rent of the month, and of the month before.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cssa_rent_line, check_for_backend(diesel::pg::Pg))]
pub struct RentLine {
    pub file: RentFileId,
    pub household: TenantCode,
    pub change: RentChange,
    pub before: Money,
    pub rent: Money,
}

/// Why something about CSSA was refused.
#[derive(Debug, thiserror::Error)]
pub enum CssaError {
    #[error("no such account")]
    NoSuchAccount,
    #[error("no such reconciliation")]
    NoSuchReconciliation,
    #[error("no such file of rents")]
    NoSuchFile,
    #[error("the file is not made yet")]
    NotMade,
    #[error("the file is not what it was when it was made")]
    Altered,
    #[error("{0} is too far from now")]
    OutsideMonths(Month),
    #[error(transparent)]
    Amount(#[from] NotMoney),
    #[error(transparent)]
    Rent(RentError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<RentError> for CssaError {
    fn from(error: RentError) -> Self {
        match error {
            RentError::NoSuchAccount => Self::NoSuchAccount,
            RentError::Db(error) => Self::Db(error),
            other => Self::Rent(other),
        }
    }
}

impl From<diesel::result::Error> for CssaError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
