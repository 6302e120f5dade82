//! Verifying: whether every payment is what its line says, and on the ledger once and just so.
//!
//! * Nothing else looks at a payment's line and household one by one: no foreign key does.
//! * That the ledger has payments which are not here is no lie: those of years before Kaifong are
//!   in the ledger only.

use diesel::PgConnection;
use serde::Serialize;

use super::model::Fate;
use super::store::lies;
use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::platform::db::{DbError, prepare_to_scan};

/// How many lies of one kind are named; the others are counted.
pub(super) const NAMED: i64 = 20;

/// Something about payments that cannot be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "lie", rename_all = "snake_case")]
pub enum Lie {
    #[error("payment {id} {fault}")]
    WrongPayment { id: PaymentId, fault: String },
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
        for (more, wrong) in [lies::wrong_files(conn)?, lies::wrong_tallies(conn)?] {
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
