//! The things a tenancy is made of.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::choice::choice;
use crate::kernel::id::{FlatId, TenancyId};
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::jobs::Job;

choice! {
    /// On what terms a household lives in a flat.
    pub enum TenancyKind {
        /// Public rental housing (租住公屋).
        Prh = "prh",
        /// Interim housing (中轉房屋), held by licence.
        InterimHousing = "interim_housing",
        /// A fixed-term licence (定期暫准居住證) of a household that must leave.
        Licence = "licence",
        /// A stay beyond the end of a tenancy, for an occupation fee (佔用費).
        Occupation = "occupation",
    }
}

choice! {
    /// Why a tenancy ended.
    pub enum EndReason {
        /// The household moved to another flat (調遷).
        Transfer = "transfer",
        /// The household gave the flat back (交還單位).
        Surrender = "surrender",
        /// The landlord gave notice (遷出通知書).
        NoticeToQuit = "notice_to_quit",
        /// The last member died.
        Death = "death",
        Other = "other",
    }
}

/// A household's right to live in one flat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize,
)]
#[diesel(table_name = crate::platform::db::schema::tenancy, check_for_backend(diesel::pg::Pg))]
pub struct Tenancy {
    pub id: TenancyId,
    pub household: TenantCode,
    pub flat_id: FlatId,
    pub kind: TenancyKind,
    pub starts_on: NaiveDate,
    /// Its last day; absent while no end is known.
    pub ends_on: Option<NaiveDate>,
    pub end_reason: Option<EndReason>,
    pub household_size: i16,
    /// When we knew of its start.
    pub recorded_at: DateTime<Utc>,
    /// When we knew of its end.
    pub end_recorded_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// A tenancy to start.
#[derive(Debug, Clone, Serialize)]
pub struct NewTenancy {
    /// The household, if it already has a code.
    pub household: Option<TenantCode>,
    pub flat_id: FlatId,
    pub kind: TenancyKind,
    pub starts_on: NaiveDate,
    pub household_size: i16,
}

/// How a tenancy is to end.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Ending {
    /// The last day.
    pub ends_on: NaiveDate,
    pub reason: EndReason,
}

/// Where and when a household is to move.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Move {
    pub flat_id: FlatId,
    /// The first day in the new flat; the day before is the last in the old one.
    pub starts_on: NaiveDate,
}

/// The days of a household's tenancies changed: months already charged must be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdChanged {
    pub household: TenantCode,
}

impl Job for HouseholdChanged {
    const KIND: &'static str = "tenancy.household_changed";

    fn unique_name(&self) -> Option<String> {
        Some(self.household.to_string())
    }
}

/// Why a tenancy was not started, changed or ended.
#[derive(Debug, thiserror::Error)]
pub enum TenancyError {
    #[error("no such tenancy")]
    NoSuchTenancy,
    #[error("no such flat")]
    NoSuchFlat,
    #[error("no household has this tenant code")]
    NoSuchHousehold,
    /// Another tenancy of the flat has a day in common.
    #[error("the flat is let on some of these days")]
    FlatOccupied,
    /// The caller decided on another version.
    #[error("someone changed it meanwhile")]
    Stale,
    #[error("the tenancy's last day is {0}, which has come: its end is no longer changed")]
    Ended(NaiveDate),
    #[error("a tenancy starts from {0} to {1}")]
    Start(NaiveDate, NaiveDate),
    #[error("a tenancy that starts on {0} ends from that day to {1}")]
    End(NaiveDate, NaiveDate),
    /// The old tenancy needs a day of its own.
    #[error("a transfer starts after {0}, the first day in the old flat")]
    MovesTooEarly(NaiveDate),
    #[error("the household already lives in this flat")]
    SameFlat,
    /// It would leave the household nowhere.
    #[error("a tenancy that ends by transfer is ended by the transfer itself")]
    TransferIsNoEnding,
    #[error("a household has 1 to 30 members")]
    HouseholdSize,
    #[error(transparent)]
    Db(#[from] DbError),
}
