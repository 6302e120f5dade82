//! Making a list: one pass over all households at one instant, a few thousand at a time.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::layout;
use super::model::{DueList, DueListError};
use super::store;
use crate::kernel::clock::{Clock, hong_kong_date, hong_kong_month};
use crate::kernel::id::DueListId;
use crate::kernel::money::Money;
use crate::kernel::watch::Watch;
use crate::payments::{self, Channel};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Hasher;
use crate::platform::db::transact_at_one_instant;
use crate::rent::{self, RentError, RuleShelf};
use crate::tenancy;

/// Households in memory.
const AT_ONCE: i64 = 4_096;

/// Lists of a channel whose bytes are kept.
const KEPT: i32 = 14;

/// The channels whose tills show what is due.
pub(super) const SHOWN_AT: [Channel; 2] = [Channel::Store, Channel::Mtr];

/// Makes the next list of `channel`, as at the instant it begins.
pub fn make(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    channel: Channel,
    (actor, clock): (&Actor, &dyn Clock),
    watch: &dyn Watch,
) -> Result<DueList, DueListError> {
    let as_at = clock.now();
    transact_at_one_instant(conn, |conn| {
        let today = hong_kong_date(as_at);
        if !SHOWN_AT.contains(&channel) {
            return Err(DueListError::NoLists(channel));
        }
        let mut open = payments::terms_on(conn, today)?.into_iter();
        if !open.any(|terms| terms.channel == channel) {
            return Err(DueListError::Closed(channel, today));
        }
        let newest = store::newest(conn, channel)?;
        let number = newest.map_or(0, |list| list.number).saturating_add(1);
        let mut file = File::begin(DueListId::fresh());
        file.write(&layout::header((channel, number), today, as_at));
        each_due(conn, shelf, (&mut file, as_at), watch)?;
        file.write(&layout::trailer(file.lines, file.amount, number));
        file.flush(conn)?;
        let list = DueList {
            id: file.list,
            channel,
            number,
            business_date: today,
            as_at,
            lines: file.lines,
            amount: file.amount,
            left_out: file.left_out,
            bytes: file.bytes,
            sha256: file.hasher.finish().to_vec(),
            made_by: actor.as_str().to_owned(),
            made_at: clock.now(),
        };
        store::add(conn, &list)?;
        store::forget(conn, channel, number.saturating_sub(KEPT))?;
        audit::record(
            conn,
            actor,
            "payments.due_list.made",
            &list.id,
            list.made_at,
        )?;
        Ok(list)
    })
}

/// Writes what each household that owes something has to pay this month.
fn each_due(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    (file, as_at): (&mut File, DateTime<Utc>),
    watch: &dyn Watch,
) -> Result<(), DueListError> {
    let (mut after, mut seen) = (None, 0_i64);
    let asked = (hong_kong_month(as_at), as_at);
    loop {
        let codes = tenancy::households(conn, after, AT_ONCE)?;
        let Some(last) = codes.last() else {
            return Ok(());
        };
        after = Some(*last);
        let mut dues = rent::dues(conn, shelf, &codes, asked)?;
        dues.sort_unstable_by_key(|(code, _)| *code);
        for (code, due) in dues {
            match due {
                Ok(due) if due > Money::ZERO => {
                    file.lines = file.lines.saturating_add(1);
                    file.amount = file.amount.checked_add(due)?;
                    file.write(&layout::detail(file.lines, code, due));
                }
                Ok(_) => {}
                Err(RentError::Db(error)) => return Err(error.into()),
                // One that has no rule must not keep the others from their stores.
                Err(_) => file.left_out = file.left_out.saturating_add(1),
            }
        }
        file.flush(conn)?;
        seen = seen.saturating_add(i64::try_from(codes.len()).unwrap_or_default());
        watch.progress(seen, seen);
        if watch.stopped() {
            return Err(DueListError::Stopped);
        }
    }
}

/// A list that is being written, a piece at a time.
struct File {
    list: DueListId,
    /// The number of the next piece, and what of it there is.
    part: i32,
    content: String,
    lines: i32,
    amount: Money,
    left_out: i32,
    bytes: i64,
    hasher: Hasher,
}

impl File {
    fn begin(list: DueListId) -> Self {
        Self {
            list,
            part: 1,
            content: String::new(),
            lines: 0,
            amount: Money::ZERO,
            left_out: 0,
            bytes: 0,
            hasher: Hasher::default(),
        }
    }

    fn write(&mut self, line: &str) {
        self.content.push_str(line);
    }

    /// Keeps what was written since the last piece.
    fn flush(&mut self, conn: &mut PgConnection) -> Result<(), DueListError> {
        if self.content.is_empty() {
            return Ok(());
        }
        let content = self.content.as_bytes();
        self.hasher.update(content);
        let length = i64::try_from(content.len()).unwrap_or_default();
        self.bytes = self.bytes.saturating_add(length);
        store::add_part(conn, (self.list, self.part), content)?;
        self.part = self.part.saturating_add(1);
        self.content.clear();
        Ok(())
    }
}

/// Piece `number` of the file of `list`, counted from 1; `None` after the last.
pub fn part(
    conn: &mut PgConnection,
    (list, number): (DueListId, i32),
) -> Result<Option<Vec<u8>>, DueListError> {
    let found = store::part(conn, (list, number))?;
    if found.is_none() && number == 1 {
        return Err(DueListError::Gone);
    }
    Ok(found)
}
