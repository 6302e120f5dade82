//! Files of rents (租金資料檔): what each recipient's rent is, for the department to pay by.
//!
//! What a file says is frozen when it is made, with the digest of its bytes: they are the same for
//! ever after, or are not sent.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{CssaError, RentFile, RentLine};
use super::take::count;
use super::{file, jobs, rules, store};
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::id::RentFileId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::sha256;
use crate::platform::db::reach_in;
use crate::rent::{self, RuleShelf};
use crate::tenancy;

/// Households that are looked at at once.
const AT_ONCE: usize = 4_096;

/// Orders the file of `month`, which is this one or the next.
pub fn order(
    conn: &mut PgConnection,
    actor: &Actor,
    month: Month,
    now: DateTime<Utc>,
) -> Result<RentFile, CssaError> {
    let this_month = hong_kong_month(now);
    if month != this_month && month != this_month.next() {
        return Err(CssaError::OutsideMonths(month));
    }
    // They are numbered.
    store::hold(conn)?;
    let ordered = RentFile {
        id: RentFileId::fresh(),
        month,
        sequence: store::rents::last_sequence(conn)?.saturating_add(1),
        requested_by: actor.as_str().to_owned(),
        requested_at: now,
        made_at: None,
        lines: 0,
        amount: Money::ZERO,
        left_out: 0,
        sha256: None,
    };
    store::rents::add(conn, &ordered)?;
    jobs::make_rents(conn, ordered.id, now)?;
    audit::record(conn, actor, "cssa.rents.ordered", &ordered.id, now)?;
    Ok(ordered)
}

/// Makes file `id`, in the caller's transaction; once made it stays as it is.
pub fn make(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    id: RentFileId,
    now: DateTime<Utc>,
) -> Result<RentFile, CssaError> {
    reach_in(conn, &Reach::Everywhere)?;
    let ordered = store::rents::lock(conn, id)?;
    if ordered.made_at.is_some() {
        return Ok(ordered);
    }
    let month = ordered.month;
    let recipients = store::allowances::granted(conn, month, None)?;
    let mut lines = Vec::with_capacity(recipients.len());
    for some in recipients.chunks(AT_ONCE) {
        let codes: Vec<TenantCode> = some.iter().map(|(code, _)| *code).collect();
        let rents = by_household(rent::rents(conn, shelf, &codes, (month, now))?);
        let before = by_household(rent::rents(conn, shelf, &codes, (month.minus(1), now))?);
        let until: HashMap<TenantCode, NaiveDate> =
            tenancy::lives_until(conn, &codes)?.into_iter().collect();
        for code in codes {
            let Some((before, rent)) = before.get(&code).zip(rents.get(&code)) else {
                continue;
            };
            let is_home = until.get(&code).is_some_and(|last| month.first() <= *last);
            lines.push(RentLine {
                file: id,
                household: code,
                change: rules::change(is_home, *before, *rent),
                before: *before,
                rent: *rent,
            });
        }
    }
    let made = RentFile {
        made_at: Some(now),
        lines: count(lines.len()),
        amount: Money::sum(lines.iter().map(|line| line.rent))?,
        left_out: count(recipients.len().saturating_sub(lines.len())),
        ..ordered
    };
    let made = RentFile {
        sha256: Some(sha256(&[&file::write(&made, hong_kong_date(now), &lines)]).to_vec()),
        ..made
    };
    store::rents::add_lines(conn, &lines)?;
    store::rents::save(conn, &made)?;
    Ok(made)
}

/// The rents that can be told.
fn by_household(rents: Vec<rent::Due>) -> HashMap<TenantCode, Money> {
    let told = rents.into_iter();
    told.filter_map(|(code, rent)| Some((code, rent.ok()?)))
        .collect()
}

/// The bytes of file `id`, as they were made; that somebody takes them is on record.
pub fn bytes(
    conn: &mut PgConnection,
    actor: &Actor,
    id: RentFileId,
    now: DateTime<Utc>,
) -> Result<(RentFile, Vec<u8>), CssaError> {
    reach_in(conn, &Reach::Everywhere)?;
    let made = store::rents::one(conn, id)?;
    let made_at = made.made_at.ok_or(CssaError::NotMade)?;
    let lines = store::rents::lines(conn, id)?;
    let bytes = file::write(&made, hong_kong_date(made_at), &lines);
    if made.sha256.as_deref() != Some(sha256(&[&bytes]).as_slice()) {
        return Err(CssaError::Altered);
    }
    audit::record(conn, actor, "cssa.rents.taken", &id, now)?;
    Ok((made, bytes))
}
