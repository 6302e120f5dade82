//! Posting what was taken in (入帳): a file's lines, part by part.
//!
//! * Before its first line is posted, all of them are compared with what was paid before. A
//!   reference that comes again with another amount or account quarantines the file: nothing more
//!   of it is posted until somebody has looked, who withdraws it, or lets it go on without the
//!   lines that contradict.
//! * A line is a payment to the household, or money in suspense when the account is nobody's;
//!   one that was paid before, and just so, is a duplicate. Each part is one transaction: killed
//!   anywhere, the next run goes on.
//! * While a part is written the next is read and decided, on a connection of its own. It sees
//!   nothing of what is being written; where that decides otherwise, a key refuses what was decided,
//!   and the part is decided anew.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::book::{Coming, Entries, Way};
use super::files::ALLOWANCES;
use super::intake::held_still;
use super::jobs::{AllowancesPosted, DebitsTold};
use super::model::{Channel, Fate, FileState, PaymentError, PaymentFile, Tally};
use super::staging::{AT_ONCE, unaddable};
use super::{events, rules, store};
use crate::kernel::ahead::ahead;
use crate::kernel::clock::Clock;
use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;
use crate::kernel::watch::Watch;
use crate::platform::auth::Actor;
use crate::platform::db::{self, DbError, transact};
use crate::platform::{audit, jobs};

/// What refuses a payment, or a line for one that was told, that another has entered meanwhile.
const ONCE: [&str; 2] = ["payment_pkey", "payment_settlement_pkey"];
/// How often in a row others may be first.
const BEATEN: u8 = 5;

/// Posts what waits of `channel`, file by file in their order, until told to stop; the files as
/// they are then. One that fails keeps no other from being posted.
///
/// `url` is where `conn` leads, for a second connection.
pub fn post_waiting(
    (conn, url): (&mut PgConnection, &str),
    channel: Channel,
    actor: &Actor,
    clock: &dyn Clock,
    watch: &dyn Watch,
) -> Result<Vec<PaymentFile>, PaymentError> {
    let mut done = Vec::new();
    for id in store::files::staged(conn, channel)? {
        if !watch.stopped() {
            done.push(post((&mut *conn, url), id, actor, clock, watch));
        }
    }
    done.into_iter().collect()
}

/// Posts what is left of file `id`; the file as it is then.
fn post(
    (conn, url): (&mut PgConnection, &str),
    id: PaymentFileId,
    actor: &Actor,
    clock: &dyn Clock,
    watch: &dyn Watch,
) -> Result<PaymentFile, PaymentError> {
    let file = store::files::file(conn, id)?;
    let decide = |give: &dyn Fn(Part) -> bool| decide_ahead(url, &file, clock, give);
    ahead(decide, |parts| {
        let mut beaten = 0;
        loop {
            let ready = if beaten == 0 { parts.next() } else { None };
            // A day's books may be closed while a long file is posted: each part has its own time.
            let now = clock.now();
            let file = match transact(conn, |conn| post_part(conn, id, ready, actor, now)) {
                Err(PaymentError::Db(error)) if is_once(&error) && beaten < BEATEN => {
                    beaten += 1;
                    continue;
                }
                posted => posted?,
            };
            beaten = 0;
            watch.progress(file.settled.into(), file.lines.into());
            if file.state != FileState::Staged || watch.stopped() {
                return Ok(file);
            }
        }
    })
}

/// Decides the parts of `file`, when it has several, and gives each. What fails is tried again when
/// its turn comes, and told then.
fn decide_ahead(url: &str, file: &PaymentFile, clock: &dyn Clock, give: &dyn Fn(Part) -> bool) {
    let mut after = file.settled;
    if file.lines.saturating_sub(after) <= AT_ONCE.into() {
        return;
    }
    let Ok(mut conn) = db::connect(url) else {
        return;
    };
    while after < file.lines {
        let part = Part::of(&mut conn, file, after, clock.now());
        if !part.is_ok_and(give) {
            return;
        }
        after = after.saturating_add(AT_ONCE.into());
    }
}

fn is_once(error: &DbError) -> bool {
    error.constraint().is_some_and(|name| ONCE.contains(&name))
}

/// The lines of a file after one, as many as are posted at once: decided, and nothing written.
struct Part {
    after: i32,
    amounts: Vec<Money>,
    entries: Entries,
}

impl Part {
    fn of(
        conn: &mut PgConnection,
        file: &PaymentFile,
        after: i32,
        now: DateTime<Utc>,
    ) -> Result<Self, PaymentError> {
        let lines = store::files::unsettled(conn, (file.id, after), AT_ONCE.into())?;
        let amounts = lines.iter().map(|line| line.amount).collect();
        let coming = (after.saturating_add(1)..)
            .zip(lines)
            .map(|(number, told)| Coming {
                channel: file.channel,
                told,
                way: Way::Line(file.id, number),
            });
        Ok(Self {
            after,
            amounts,
            entries: Entries::of(conn, coming.collect(), (file.business_date, now))?,
        })
    }
}

/// Decides the fate of the next lines of file `id`, which `ready` may hold.
fn post_part(
    conn: &mut PgConnection,
    id: PaymentFileId,
    ready: Option<Part>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<PaymentFile, PaymentError> {
    // All lines are looked at before the first is entered, and before others are kept out: it
    // takes long, and what is entered meanwhile is seen when its line is.
    let seen = contradiction(conn, id)?;
    let mut file = held_still(conn, id)?;
    if file.state != FileState::Staged {
        return Ok(file);
    }
    let settled = match seen {
        Some(found) => Err(found),
        None => settle(conn, &file, ready, now)?,
    };
    match settled {
        Err((line, reference)) => {
            file.state = FileState::Quarantined;
            file.reason = Some(format!(
                "line {line}: {reference} was paid with another amount or to another account"
            ));
            tracing::error!(%id, "a settlement file contradicts what was paid before");
            audit::record(conn, actor, "payments.file.quarantined", &id, now)?;
        }
        Ok(tallies) => {
            let to = file.lines.min(file.settled.saturating_add(AT_ONCE.into()));
            store::files::count(conn, file.id, &tallies)?;
            if tallies.iter().any(|tally| tally.fate == Fate::Posted) {
                events::posted(conn, &file, to, now)?;
            }
            file.settled = to;
            if file.settled == file.lines {
                close(conn, &mut file, actor, now)?;
            }
        }
    }
    store::files::keep_state(conn, &file)?;
    Ok(file)
}

/// All lines of `file` are posted: whoever goes on with it is told.
fn close(
    conn: &mut PgConnection,
    file: &mut PaymentFile,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    file.state = FileState::Posted;
    file.posted_at = Some(now);
    if file.channel.is_direct_debit() {
        jobs::enqueue(conn, &DebitsTold { file: file.id }, now)?;
    }
    if file.series == ALLOWANCES {
        jobs::enqueue(conn, &AllowancesPosted {}, now)?;
    }
    audit::record(conn, actor, "payments.file.posted", &file.id, now)?;
    Ok(())
}

/// A line, and its reference.
type Found = (i32, String);

/// The first line of file `id` that contradicts what was paid before, while none of it is posted
/// and nobody has let it go on.
fn contradiction(
    conn: &mut PgConnection,
    id: PaymentFileId,
) -> Result<Option<Found>, PaymentError> {
    let file = store::files::file(conn, id)?;
    let is_looked_at = file.state != FileState::Staged
        || file.settled > 0
        || store::files::is_released_in_part(conn, id)?;
    if is_looked_at {
        return Ok(None);
    }
    Ok(store::files::contradiction(conn, id)?)
}

/// Enters the next lines of `file`, and says what became of them; or which line contradicts what
/// was paid since all were looked at, and enters none.
fn settle(
    conn: &mut PgConnection,
    file: &PaymentFile,
    ready: Option<Part>,
    now: DateTime<Utc>,
) -> Result<Result<Vec<Tally>, Found>, PaymentError> {
    let part = match ready.filter(|part| part.after == file.settled) {
        Some(part) => part,
        None => Part::of(conn, file, file.settled, now)?,
    };
    let entries = part.entries.at(now);
    let entered = if store::files::is_released_in_part(conn, file.id)? {
        let fates = entries.write(conn)?.into_iter();
        fates.map(but_left_out).collect()
    } else {
        entries.write_all(conn)
    };
    match entered {
        Ok(fates) => {
            let tallies = rules::tallied(fates.into_iter().zip(part.amounts));
            Ok(Ok(tallies.map_err(unaddable)?))
        }
        Err(PaymentError::Contradicts { at, reference }) => {
            let line = file.settled.saturating_add(1).saturating_add(at);
            Ok(Err((line, reference)))
        }
        Err(error) => Err(error),
    }
}

/// A line that contradicts what was paid before is left out where somebody has said so.
fn but_left_out(fate: Result<Fate, PaymentError>) -> Result<Fate, PaymentError> {
    match fate {
        Err(PaymentError::Contradicts { .. }) => Ok(Fate::Contradicts),
        fate => fate,
    }
}
