//! Whether a household is within someone's reach: it lives, or last lived, in one of their
//! estates.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use crate::kernel::clock::hong_kong_date;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::{estates, tenancy};

/// Whether `household` exists and is within `reach` at `now`.
pub fn takes_in(
    conn: &mut PgConnection,
    reach: &Reach,
    household: TenantCode,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    if let Reach::Household(own) = reach {
        return Ok(*own == household);
    }
    let tenancies = tenancy::by_household(conn, household)?;
    if reach.is_everywhere() {
        return Ok(!tenancies.is_empty());
    }
    let today = hong_kong_date(now);
    let begun = tenancies
        .iter()
        .filter(|tenancy| tenancy.starts_on <= today)
        .max_by_key(|tenancy| tenancy.starts_on);
    let Some(home) = begun else { return Ok(false) };
    let flat = estates::flat(conn, home.flat_id)?;
    Ok(flat.is_some_and(|flat| reach.takes_in(flat.estate_id)))
}
