//! Shares of channels (各途徑所佔百分比): what came by each in a month, by count and amount, as the
//! paper of 2009 told it.
//!
//! * A payment is of the month from which it counts, in suspense or not. One whose posting was
//!   undone is none: the bank took it back.
//! * Which channels are told together is dated data, by the last day of the month.
//! * Shares are tenths of a per cent and come to the whole.

mod chart;
mod model;
mod table;
mod words;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::PaymentError;
use super::{rules, store};
use crate::kernel::clock::hong_kong_month;
use crate::kernel::month::Month;

pub use chart::svg;
pub use model::{Category, CategoryPart, ChannelPart, Part, Shares, Taken};
pub use table::{csv, text};

/// What came by each channel in `month`, as known now.
pub fn shares(
    conn: &mut PgConnection,
    month: Month,
    now: DateTime<Utc>,
) -> Result<Shares, PaymentError> {
    if month > hong_kong_month(now) {
        return Err(PaymentError::YetToCome(month));
    }
    let mut taken = store::shares::taken(conn, month)?;
    taken.sort_by_key(|one| one.channel);
    let too_much = |_| PaymentError::Unfit("the payments are too large to add up");
    let (categories, all, electronic) = rules::parts(&taken).map_err(too_much)?;
    Ok(Shares {
        month,
        as_at: now,
        all,
        electronic,
        categories,
    })
}
