//! What rent is made of: dated rules, facts of a household, lines, quotes.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::kernel::choice::choice;
pub use crate::kernel::dated::{InForce, RuleRow};
use crate::kernel::id::{AwardId, EstateId, TenancyId};
use crate::kernel::money::{Money, NotMoney};
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{General, LedgerError};
use crate::platform::db::DbError;
use crate::platform::db::schema::{rent_award, rent_charge, rent_run, rent_tenure};
use crate::tenancy::TenancyKind;

/// The rent of an estate, HKD per m2 of internal floor area a month, rates included.
#[derive(Debug, Clone)]
pub struct Rate {
    pub row: RuleRow,
    pub in_force: InForce,
    pub rent_per_m2: Decimal,
    pub rates_per_m2: Decimal,
}

/// The outcome of a biennial rent review, effective on its first day.
#[derive(Debug, Clone)]
pub struct Review {
    pub row: RuleRow,
    pub in_force: InForce,
    /// How the income index moved, where it is known.
    pub index_change: Option<Decimal>,
    /// 0.10 is an increase of 10%.
    pub rent_change: Decimal,
    pub increase_waived_until: Option<NaiveDate>,
}

choice! {
    /// What a household pays by, other than the normal rent.
    pub enum Scheme {
        /// Rent Assistance, a quarter off (租金援助).
        Assistance25 = "assistance_25",
        /// Rent Assistance, half off.
        Assistance50 = "assistance_50",
        /// Well-off: income over two and up to three times the limit (額外租金).
        AdditionalOver2 = "additional_over_2",
        /// Over three and up to four times.
        AdditionalOver3 = "additional_over_3",
        /// Over four and up to five times.
        AdditionalOver4 = "additional_over_4",
        /// A fixed-term licence (固定期暫准居住證).
        Licence = "licence",
        /// Staying on after the tenancy ended (佔用).
        Occupation = "occupation",
    }
}

/// What a scheme does to the rent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Takes this share off.
    Reduce(Decimal),
    /// This many times the net rent, plus the rates.
    Multiply(Decimal),
}

/// What a scheme does, between two dates.
#[derive(Debug, Clone)]
pub struct SchemeRule {
    pub row: RuleRow,
    pub in_force: InForce,
    pub scheme: Scheme,
    pub effect: Effect,
    /// The longest award, in months.
    pub longest: Option<u32>,
}

/// A waiver of whole months' rent.
#[derive(Debug, Clone)]
pub struct Waiver {
    pub row: RuleRow,
    pub in_force: InForce,
    /// 1 is all of it.
    pub share: Decimal,
    /// Whether households that pay additional rent go without.
    pub excludes_additional: bool,
}

/// Every rule row there ever was, at one count of changes.
#[derive(Debug, Clone, Default)]
pub struct RuleBook {
    pub version: i64,
    pub rates: HashMap<EstateId, Vec<Rate>>,
    /// Earliest first.
    pub reviews: Vec<Review>,
    pub schemes: Vec<SchemeRule>,
    pub waivers: Vec<Waiver>,
}

/// A household in a flat: what the rent of a tenancy is calculated from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Queryable, Selectable)]
#[diesel(table_name = rent_tenure, check_for_backend(diesel::pg::Pg))]
pub struct Tenure {
    pub household: TenantNumber,
    pub tenancy_id: TenancyId,
    pub kind: TenancyKind,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub recorded_at: DateTime<Utc>,
    pub end_recorded_at: Option<DateTime<Utc>>,
    pub estate_id: EstateId,
    /// Internal floor area, m2.
    pub ifa: Decimal,
}

/// A household's number as it stands in SQL and in JSON made by SQL.
pub type TenantNumber = i64;

/// A revision of a scheme granted to a household, for whole months, both included.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = rent_award, check_for_backend(diesel::pg::Pg))]
pub struct Award {
    pub id: AwardId,
    pub revision: i32,
    pub household: TenantNumber,
    pub scheme: Scheme,
    pub first_month: NaiveDate,
    pub last_month: Option<NaiveDate>,
    pub reason: String,
    pub recorded_by: String,
    pub recorded_at: DateTime<Utc>,
    pub replaced_at: Option<DateTime<Utc>>,
}

choice! {
    /// What a line of a quote is.
    pub enum LineKind {
        /// Rate per m2 times internal floor area (基本租金).
        BaseRent = "base_rent",
        /// A rent review (租金調整).
        RentReview = "rent_review",
        /// An increase that is not collected for now (寬免加幅).
        IncreaseWaived = "increase_waived",
        RentAssistance = "rent_assistance",
        AdditionalRent = "additional_rent",
        LicenceFee = "licence_fee",
        OccupationFee = "occupation_fee",
        /// A waiver by the Government (豁免租金).
        RentWaived = "rent_waived",
    }
}

/// One reason of an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    /// Below zero when it lowers what is due.
    pub amount: Money,
    /// The rule row that says so.
    pub row: RuleRow,
    /// The ledger account on its other side.
    pub general: General,
}

/// What a tenancy costs in a month, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub tenancy: TenancyId,
    /// The days of the month that it is for; all of them, but for a first or last month.
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub lines: Vec<Line>,
    pub amount: Money,
}

/// What a household has to pay for a month, and why: the one figure that every channel shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    pub month: Month,
    /// As at the end of this day.
    pub valid_at: NaiveDate,
    /// As far as was known then.
    pub known_at: DateTime<Utc>,
    pub charges: Vec<Charge>,
    /// The month's rent: the sum of the charges.
    pub rent: Money,
    /// What else the household owes; below zero it is credit brought forward.
    pub brought_forward: Money,
    /// What is to be paid now; never below zero.
    pub due: Money,
    /// What is left in the household's favour once the month is paid.
    pub credit: Money,
}

/// A charge as it was booked; revision 0 is the charge, later ones what was changed of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rent_charge, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct BookedCharge {
    pub household: TenantNumber,
    pub month: Month,
    pub tenancy_id: TenancyId,
    pub revision: i16,
    pub effective_on: NaiveDate,
    pub amount: Money,
    pub rules: Vec<i32>,
    pub booked_at: DateTime<Utc>,
}

/// How far the monthly charge of one month has got.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Queryable, Selectable, utoipa::ToSchema,
)]
#[diesel(table_name = rent_run, check_for_backend(diesel::pg::Pg))]
pub struct RentRun {
    pub month: Month,
    /// `running` or `finished`.
    pub state: String,
    /// Tenancies to charge when it began.
    pub total: i64,
    /// Tenancies charged.
    pub done: i64,
    /// Their rent.
    pub charged: Money,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Why rent could not be told or changed.
#[derive(Debug, thiserror::Error)]
pub enum RentError {
    #[error("no such rent account")]
    NoSuchAccount,
    /// The estate has no rent rate on the day.
    #[error("the estate has no rent rate on {1}")]
    NoRate(EstateId, NaiveDate),
    /// The scheme's rule is missing on the day.
    #[error("no rule says what {0} does on {1}")]
    NoSchemeRule(Scheme, NaiveDate),
    #[error("the scheme is granted for at most {0} months")]
    AwardTooLong(u32),
    #[error("an award ends in or after its first month")]
    AwardDates,
    /// Only Rent Assistance and additional rent are granted; the others follow the tenancy.
    #[error("{0} is not granted: it follows the kind of tenancy")]
    NotGranted(Scheme),
    #[error("the household already pays by a scheme in some of these months")]
    AwardOverlaps,
    #[error("no such award")]
    NoSuchAward,
    #[error("someone changed it meanwhile")]
    Stale,
    #[error("{0} is after today")]
    InFuture(NaiveDate),
    #[error("an adjustment is not of zero")]
    NothingToAdjust,
    #[error("a refund is of more than zero")]
    NothingToRefund,
    /// A refund is of what the household has to its credit.
    #[error("the household has HK${0} to its credit")]
    MoreThanCredit(Money),
    /// The month is before the first or after the last that can be asked.
    #[error("{0} is not a month that rent can be told for")]
    OutsideLedger(Month),
    #[error("the rule contradicts another or its own dates: {0}")]
    Rule(String),
    #[error(transparent)]
    Amount(#[from] NotMoney),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<LedgerError> for RentError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Db(DbError::TooLarge) => Self::Amount(NotMoney),
            LedgerError::Db(error) => Self::Db(error),
            LedgerError::Amount(error) => Self::Amount(error),
            LedgerError::NoSuchHousehold => Self::NoSuchAccount,
            other => Self::Ledger(other),
        }
    }
}

impl From<diesel::result::Error> for RentError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// The code of the household numbered `number`, as SQL gave it.
pub fn code_of(number: TenantNumber) -> Result<TenantCode, RentError> {
    TenantCode::of(number).ok_or(RentError::NoSuchAccount)
}
