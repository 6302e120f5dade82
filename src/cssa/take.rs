//! Taking in what posted files tell of allowances: each file whole, in the department's order.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::model::{CssaError, ExceptionKind, Notice};
use super::rules::{self, Known};
use super::{reconcile, store};
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::AllowanceLine;
use crate::payments::{self, AllowanceFile, FileState};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::db::{reach_in, transact};
use crate::tenancy;

/// Lines that are looked at at once.
const AT_ONCE: u16 = 8_192;

/// What became of the allowances of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub file: AllowanceFile,
    /// Lines that hold now.
    pub taken: i32,
    /// Lines that fit nothing.
    pub strays: i32,
}

/// Takes in the files that were posted meanwhile, each in one transaction, and orders that their
/// month is reconciled. A file whose lines are about an earlier one waits for it.
pub fn take_waiting(
    conn: &mut PgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<Taken>, CssaError> {
    let mut done = Vec::new();
    while let Some(taken) = transact(conn, |conn| take_next(conn, actor, now))? {
        done.push(taken);
    }
    Ok(done)
}

/// Whether a file waits to be taken in.
pub fn is_waiting(conn: &mut PgConnection) -> Result<bool, CssaError> {
    Ok(next(conn)?.is_some())
}

/// The next file to take in: the first that was not, once it is posted.
fn next(conn: &mut PgConnection) -> Result<Option<AllowanceFile>, CssaError> {
    let taken: HashSet<_> = store::allowances::taken(conn)?.into_iter().collect();
    let mut files = payments::allowance_files(conn)?.into_iter();
    let first = files.find(|file| !taken.contains(&file.file));
    Ok(first.filter(|file| file.state == FileState::Posted))
}

fn take_next(
    conn: &mut PgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Option<Taken>, CssaError> {
    store::hold(conn)?;
    reach_in(conn, &Reach::Everywhere)?;
    let Some(file) = next(conn)? else {
        return Ok(None);
    };
    let (mut taken, mut strays, mut after) = (0_i32, 0_i32, 0);
    loop {
        let lines = payments::allowance_lines(conn, file.file, after, AT_ONCE.into())?;
        let Some(last) = lines.last() else {
            break;
        };
        after = last.number;
        let (notices, misfits) = sort(conn, &file, lines, now)?;
        store::allowances::add(conn, &notices)?;
        store::allowances::add_strays(conn, file.file, &misfits)?;
        taken = taken.saturating_add(count(notices.len()));
        strays = strays.saturating_add(count(misfits.len()));
    }
    store::allowances::add_taken(conn, file.file, (taken, strays), now)?;
    audit::record(conn, actor, "cssa.allowances.taken", &file.file, now)?;
    reconcile::order(conn, actor, file.month, now)?;
    Ok(Some(Taken {
        file,
        taken,
        strays,
    }))
}

/// The number of a line that fits nothing, and why.
type Misfit = (i32, ExceptionKind);

/// Which of `lines` hold, and which fit nothing, and why.
fn sort(
    conn: &mut PgConnection,
    file: &AllowanceFile,
    lines: Vec<AllowanceLine>,
    now: DateTime<Utc>,
) -> Result<(Vec<Notice>, Vec<Misfit>), CssaError> {
    let codes: Vec<TenantCode> = lines.iter().filter_map(code).collect();
    let homes: HashSet<TenantCode> = tenancy::known(conn, &codes)?.into_iter().collect();
    let until: HashMap<TenantCode, NaiveDate> =
        tenancy::lives_until(conn, &codes)?.into_iter().collect();
    let mut told: HashMap<TenantCode, Vec<Notice>> = HashMap::new();
    for notice in store::allowances::told(conn, &codes)? {
        told.entry(notice.household).or_default().push(notice);
    }
    let (mut notices, mut misfits) = (Vec::new(), Vec::new());
    for line in lines {
        let number = i32::try_from(line.number).unwrap_or(i32::MAX);
        let home = code(&line).filter(|code| homes.contains(code));
        let known = home.map(|code| Known {
            lives_until: until.get(&code).copied(),
            granted: told
                .get(&code)
                .and_then(|told| rules::in_force(told, line.month)),
        });
        let misfit = rules::misfit((line.event, line.month), file.month, known);
        match (home, misfit) {
            (Some(household), None) => {
                let notice = Notice {
                    household,
                    month: line.month,
                    coverage: line.granted.map(|granted| granted.coverage),
                    amount: line.granted.map(|granted| granted.amount),
                    file: file.file,
                    number,
                    recorded_at: now,
                };
                // A later line of the file may be about the same household.
                told.entry(household).or_default().push(notice.clone());
                notices.push(notice);
            }
            (_, misfit) => {
                misfits.push((number, misfit.unwrap_or(ExceptionKind::UnknownAccount)));
            }
        }
    }
    Ok((notices, misfits))
}

fn code(line: &AllowanceLine) -> Option<TenantCode> {
    line.account.parse().ok()
}

/// As PostgreSQL counts.
pub fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
