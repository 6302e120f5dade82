//! Telling a household what to scan or type.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Channel, PaymentCode, PaymentCodes, PaymentError, Shown};
use super::{rules, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::calendar;
use crate::rent::{self, RuleShelf};

/// What the household scans or types now, for every channel that is open today; someone else's
/// account is as one that does not exist.
pub fn codes(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    (code, reach): (TenantCode, &Reach),
    now: DateTime<Utc>,
) -> Result<PaymentCodes, PaymentError> {
    rent::admit(conn, reach, code, now)?;
    let quote = rent::overview(conn, shelf, code, now)?.this_month;
    let shown = Shown {
        code,
        month: quote.month,
        due: quote.due,
    };
    let holidays = calendar::holidays(conn, quote.month.first(), quote.month.last())?;
    let open = store::terms_on(conn, hong_kong_date(now))?;
    let codes = open
        .iter()
        .filter_map(|terms| rules::payment_code(terms, shown, &holidays, now));
    Ok(PaymentCodes {
        code,
        as_at: now,
        month: quote.month,
        due: quote.due,
        codes: codes.collect(),
    })
}

/// The same for one channel.
pub fn code_for(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    whose: (TenantCode, &Reach),
    channel: Channel,
    now: DateTime<Utc>,
) -> Result<PaymentCode, PaymentError> {
    let mut told = codes(conn, shelf, whose, now)?.codes.into_iter();
    told.find(|code| code.channel == channel)
        .ok_or(PaymentError::NoSuchCode)
}
