//! Verifying: whether every payment is what its line says, and on the ledger once and just so.
//!
//! * Nothing else looks at a payment's line and household one by one: no foreign key does.
//! * That the ledger has payments which are not here is no lie: those of years before Kaifong are
//!   in the ledger only.

use diesel::PgConnection;
use serde::Serialize;

use super::model::{Fate, paid_by};
use super::store::lies;
use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::platform::db::{DbError, prepare_to_scan};

/// How many lies of one kind are named; the others are counted.
pub(super) const NAMED: i64 = 20;
/// How many rows are read at once to derive what they are called.
const AT_ONCE: i64 = 16_384;

/// Something about payments that cannot be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "lie", rename_all = "snake_case")]
pub enum Lie {
    #[error("payment {id} {fault}")]
    WrongPayment { id: PaymentId, fault: String },
    #[error("line {number} of payment file {file} names another payment than its reference")]
    WrongLine { file: PaymentFileId, number: i32 },
    #[error("payment file {file} has {lines} lines but says {said}, or another sum")]
    WrongFile {
        file: PaymentFileId,
        said: i32,
        lines: i64,
    },
    #[error(
        "payment file {file} tells of {said} lines that were {fate}, but {lines} were, or of another sum"
    )]
    WrongTally {
        file: PaymentFileId,
        fate: Fate,
        said: i64,
        lines: i64,
    },
}

/// What verifying payments found.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// Payments there are.
    pub payments: i64,
    /// Of many lies of one kind, the first twenty.
    pub lies: Vec<Lie>,
    /// How many there are.
    pub lies_found: i64,
}

/// Verifies all payments, in one snapshot.
pub fn verify(conn: &mut PgConnection) -> Result<Findings, DbError> {
    let mut transaction = conn.build_transaction().read_only().repeatable_read();
    transaction.run(|conn| {
        prepare_to_scan(conn)?;
        let (mut lies, mut found) = lies::wrong_payments(conn)?;
        for (more, wrong) in [
            misnamed_payments(conn)?,
            misnamed_lines(conn)?,
            lies::wrong_files(conn)?,
            lies::wrong_tallies(conn)?,
        ] {
            lies.extend(more);
            found += wrong;
        }
        Ok(Findings {
            payments: lies::payments(conn)?,
            lies,
            lies_found: found,
        })
    })
}

/// Payments that are called otherwise than their channel and reference make: a reference could be
/// paid twice by them. Up to so many as are named, and how many there are.
fn misnamed_payments(conn: &mut PgConnection) -> Result<(Vec<Lie>, i64), DbError> {
    let mut found = Found::default();
    let mut after = None;
    loop {
        let rows = lies::named_payments(conn, after, AT_ONCE)?;
        let Some((last, ..)) = rows.last() else {
            return Ok((found.lies, found.count));
        };
        after = Some(*last);
        for (id, channel, reference) in rows {
            if id != paid_by(channel, &reference) {
                let fault = "is not what its reference makes".to_owned();
                found.add(Lie::WrongPayment { id, fault });
            }
        }
    }
}

/// Lines by which another payment than theirs would be found; up to so many as are named, and how
/// many there are.
fn misnamed_lines(conn: &mut PgConnection) -> Result<(Vec<Lie>, i64), DbError> {
    let mut found = Found::default();
    let mut after = None;
    loop {
        let rows = lies::named_lines(conn, after, AT_ONCE)?;
        let Some(((file, number, _), ..)) = rows.last() else {
            return Ok((found.lies, found.count));
        };
        after = Some((*file, *number));
        for ((file, number, payment), channel, reference) in rows {
            if payment != paid_by(channel, &reference) {
                found.add(Lie::WrongLine { file, number });
            }
        }
    }
}

/// Lies of one kind: those that are named, and how many there are.
#[derive(Default)]
struct Found {
    lies: Vec<Lie>,
    count: i64,
}

impl Found {
    fn add(&mut self, lie: Lie) {
        if self.count < NAMED {
            self.lies.push(lie);
        }
        self.count += 1;
    }
}
