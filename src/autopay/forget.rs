//! Whose bank account is kept no longer: the keys under which accounts, and the files that named
//! them, are sealed. What was debited, when and by which mandate stays: it is in the books.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::model::MandateState;
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::tenancy;

/// Mandates that are looked at at once.
const AT_ONCE: i64 = 4_096;

/// What is sealed under one key, and whose it is; `None` of a file, which is many households'.
pub type Sealed = (Uuid, Option<TenantCode>);

/// What ended before `before`: mandates that were ended, or whose household lives nowhere of ours
/// any more, and collections that were decided. Those that are forgotten already are among them.
pub fn ended_before(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<Vec<Sealed>, DbError> {
    let files = store::decided_before(conn, before)?.into_iter();
    let mut ended: Vec<Sealed> = files.map(|id| (id.as_uuid(), None)).collect();
    let mut after = Uuid::nil();
    loop {
        let mandates = store::proposed_before(conn, before, after, AT_ONCE)?;
        let Some(last) = mandates.last() else {
            return Ok(ended);
        };
        after = last.id.as_uuid();
        let codes: Vec<TenantCode> = mandates.iter().map(|one| one.household).collect();
        let lives: HashMap<_, _> = tenancy::lives_until(conn, &codes)?.into_iter().collect();
        let over = |one: &&store::Age| {
            let until = lives.get(&one.household).copied();
            let is_ended = one.state == MandateState::Ended && one.last_event < before;
            is_ended || until.unwrap_or(NaiveDate::MIN) < hong_kong_date(before)
        };
        let over = mandates.iter().filter(over);
        ended.extend(over.map(|one| (one.id.as_uuid(), Some(one.household))));
    }
}
