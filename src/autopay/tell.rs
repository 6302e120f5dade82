//! Telling a household's mandates.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{AutopayError, Happened, Mandate, MandateState};
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::tenant_code::TenantCode;
use crate::tenancy;

/// A connection, for those who only pass it on.
pub type Conn = PgConnection;

/// A mandate and what became of it.
#[derive(Debug, Clone)]
pub struct History {
    pub mandate: Mandate,
    pub events: Vec<Happened>,
}

/// The mandates of household `code`, the newest first.
pub fn mandates(
    conn: &mut PgConnection,
    code: TenantCode,
    now: DateTime<Utc>,
) -> Result<Vec<History>, AutopayError> {
    let lives = lives(conn, code, now)?;
    let mandates = store::mandates_of(conn, code)?;
    let ids: Vec<_> = mandates.iter().map(|mandate| mandate.id).collect();
    let events = store::events(conn, &ids)?;
    let history = |mandate: Mandate| {
        let own = events.iter().filter(|one| one.mandate == mandate.id);
        History {
            events: own.cloned().collect(),
            mandate: as_it_is(mandate, lives),
        }
    };
    Ok(mandates.into_iter().map(history).collect())
}

/// What became of `mandate`.
pub fn history(
    conn: &mut PgConnection,
    mandate: Mandate,
    now: DateTime<Utc>,
) -> Result<History, AutopayError> {
    let lives = lives(conn, mandate.household, now)?;
    Ok(History {
        events: store::events(conn, &[mandate.id])?,
        mandate: as_it_is(mandate, lives),
    })
}

/// Whether the household lives somewhere of ours today, or is to; one that never did is none.
pub fn lives(
    conn: &mut PgConnection,
    code: TenantCode,
    now: DateTime<Utc>,
) -> Result<bool, AutopayError> {
    let until = tenancy::lives_until(conn, &[code])?;
    let (_, last) = until.first().ok_or(AutopayError::NoSuchAccount)?;
    Ok(hong_kong_date(now) <= *last)
}

/// A mandate is over with the household's last tenancy, whether anybody has noted it or not.
fn as_it_is(mandate: Mandate, lives: bool) -> Mandate {
    let state = if lives {
        mandate.state
    } else {
        MandateState::Ended
    };
    Mandate { state, ..mandate }
}
