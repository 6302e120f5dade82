//! What counters take, and the money that is counted: dated rows.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::counter::model::{CounterError, Piece, Tender};
use crate::kernel::money::Money;
use crate::platform::db::DbError;
use crate::platform::db::schema::{cash_piece, counter_terms};

/// The most that one payment of `tender` may be on `day`, where there is a most; an error when
/// counters do not take it then.
pub fn at_most(
    conn: &mut PgConnection,
    tender: Tender,
    day: NaiveDate,
) -> Result<Option<Money>, CounterError> {
    let last = counter_terms::valid_to;
    let found = counter_terms::table
        .filter(counter_terms::tender.eq(tender))
        .filter(counter_terms::replaced_at.is_null())
        .filter(counter_terms::valid_from.le(day))
        .filter(last.is_null().or(last.assume_not_null().ge(day)))
        .select(counter_terms::at_most)
        .first(conn)
        .optional()?;
    found.ok_or(CounterError::NotTaken(tender))
}

/// The notes and coins in circulation on `day`.
pub fn circulation(conn: &mut PgConnection, day: NaiveDate) -> Result<Vec<Piece>, DbError> {
    let last = cash_piece::valid_to;
    Ok(cash_piece::table
        .filter(cash_piece::replaced_at.is_null())
        .filter(cash_piece::valid_from.le(day))
        .filter(last.is_null().or(last.assume_not_null().ge(day)))
        .select((cash_piece::id, cash_piece::kind, cash_piece::value))
        .load(conn)?)
}
