//! Tenancies (stub for local work).
mod bulk;

pub use bulk::{BulkTenancy, is_empty, load_households, load_tenancies, running};

use crate::kernel::choice::choice;
choice! {
    /// Kind
    pub enum TenancyKind {
        Prh = "prh",
        InterimHousing = "interim_housing",
        Licence = "licence",
        Occupation = "occupation",
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct HouseholdChanged {
    pub household: crate::kernel::tenant_code::TenantCode,
}

impl crate::platform::jobs::Job for HouseholdChanged {
    const KIND: &'static str = "tenancy.household_changed";
}
