//! Verifying: reads the whole ledger in one snapshot and names what cannot be true.
//!
//! * It needs the database (a restored copy will do), the public halves of the keys that
//!   signed the checkpoints, and the witness if removed checkpoints are to be noticed.
//! * It trusts nothing in the database: hashes, sums and balances are computed anew.
//! * Rows come as a stream and everything else is a few statements over all rows.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use diesel::result::Error as Diesel;
use rust_decimal::Decimal;

use super::checkpoint::{Checkpoint, Link, Sealing};
use super::findings::{AccountTotal, Findings, Lie, Lies, NAMED, Named};
use super::model::{Account, LedgerError};
use super::rules::{Difference, differences};
use super::store::{self, Totals};
use super::witness::Witness;
use crate::platform::db::{DbError, prepare_to_scan};

/// After how many transfers progress is told.
const STEP: u64 = 10_000;

/// Verifies the ledger. `keys` are those that may have signed checkpoints, each with its id;
/// `progress` is told how many sealed transfers have been read.
pub fn verify(
    conn: &mut PgConnection,
    keys: &[(String, Vec<u8>)],
    witness: Option<&Path>,
    progress: impl FnMut(u64),
) -> Result<Findings, LedgerError> {
    // Read before the snapshot is taken: it can be behind the snapshot, never ahead of it.
    let seen = witness.map(Witness::read).transpose()?;
    let mut audit = Audit {
        keys,
        findings: Findings {
            witnessed: seen.is_some(),
            ..Findings::default()
        },
        witness: seen,
        read: 0,
        progress,
    };
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(|conn| audit.all(conn))?;
    Ok(audit.findings)
}

struct Audit<'a, P> {
    keys: &'a [(String, Vec<u8>)],
    witness: Option<Witness>,
    findings: Findings,
    /// How many sealed transfers have been read.
    read: u64,
    progress: P,
}

impl<P: FnMut(u64)> Audit<'_, P> {
    fn all(&mut self, conn: &mut PgConnection) -> Result<(), LedgerError> {
        prepare_to_scan(conn)?;
        self.chain(conn)?;
        self.findings.add_all(store::odd_transfers(conn)?);
        self.findings.add_all(store::posted_twice(conn)?);
        self.reversals(conn)?;
        self.findings.add_all(store::wrong_balances(conn)?);
        let sealed = self.findings.sealed_through;
        self.findings.unsealed = store::unsealed(conn, sealed)?;
        self.books(store::totals(conn)?);
        Ok(())
    }

    /// Follows the chain of checkpoints from the first one.
    fn chain(&mut self, conn: &mut PgConnection) -> Result<(), LedgerError> {
        let mut link = Link::genesis();
        for number in store::checkpoint_numbers(conn)? {
            if number <= link.number {
                // Below the first one: the chain has no such place.
                self.findings.add(Lie::ChainBroken { number });
                continue;
            }
            self.findings.checkpoints += 1;
            let checkpoint = match store::checkpoint(conn, number) {
                Ok(Some(checkpoint)) => checkpoint,
                // One snapshot: a number that was there has its checkpoint.
                Ok(None) => continue,
                Err(DbError::Query(Diesel::DeserializationError(error))) => {
                    let reason = error.to_string();
                    self.findings
                        .add(Lie::CheckpointUnreadable { number, reason });
                    link = Link::unreadable(number);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let whole = self.link(&checkpoint, &link);
            // Of a changed checkpoint nothing can be trusted, and of one after a gap we do
            // not know where it begins: their rows are compared with nothing.
            if whole {
                self.rows(conn, &checkpoint, link.through)?;
            }
            self.findings.sealed_through = Some(checkpoint.through);
            link = Link::from(&checkpoint);
        }
        self.unseen_by_database(link.number);
        Ok(())
    }

    /// Judges a checkpoint by itself and by `previous`; says whether its rows can be judged.
    fn link(&mut self, checkpoint: &Checkpoint, previous: &Link) -> bool {
        let number = checkpoint.number;
        let follows = previous.number.saturating_add(1);
        if number != follows {
            self.findings
                .add(Lie::CheckpointMissing { number: follows });
        }
        let changed = checkpoint.hash != checkpoint.computed_hash();
        if changed {
            self.findings.add(Lie::CheckpointChanged { number });
        }
        let later = previous.through.is_none_or(|end| checkpoint.through > end);
        if number == follows
            && previous.is_known()
            && (checkpoint.previous != previous.hash || !later)
        {
            self.findings.add(Lie::ChainBroken { number });
        }
        if !checkpoint.is_signed_by(self.keys) {
            let key_id = checkpoint.key_id.clone();
            self.findings.add(Lie::NotSigned { number, key_id });
        }
        let seen = self.witness.as_ref().and_then(|seen| seen.line(number));
        if seen.is_some_and(|line| line != checkpoint.line()) {
            self.findings.add(Lie::NotWitnessed { number });
        }
        number == follows && previous.is_known() && !changed
    }

    /// Names the checkpoints after `newest` that only the witness knows.
    fn unseen_by_database(&mut self, newest: i32) {
        let witness = self.witness.take().unwrap_or_default();
        for (named, number) in witness
            .numbers()
            .zip(1..)
            .skip_while(|(_, number)| *number <= newest)
        {
            self.findings.add(if named == Some(number) {
                Lie::CheckpointMissing { number }
            } else {
                Lie::WitnessUnreadable { line: number }
            });
        }
    }

    /// Judges the records of reversals, in themselves and by the transfers they explain.
    fn reversals(&mut self, conn: &mut PgConnection) -> Result<(), LedgerError> {
        self.findings.add_all(store::wrong_reversals(conn)?);
        let mut changed = Lies::default();
        store::each_reversal(conn, |id, source, record| {
            if record.mark() == source {
                return;
            }
            changed.count += 1;
            if changed.first.len() < NAMED {
                let fault = "is not recorded as it was".to_owned();
                changed.first.push(Lie::WrongReversal { id, fault });
            }
        })?;
        self.findings.add_all(changed);
        Ok(())
    }

    /// Compares the transfers in a checkpoint's span with what it sealed.
    fn rows(
        &mut self,
        conn: &mut PgConnection,
        checkpoint: &Checkpoint,
        after: Option<DateTime<Utc>>,
    ) -> Result<(), LedgerError> {
        let mut found = Sealing::default();
        let read = store::each_booked(conn, after, checkpoint.through, |transfer| {
            found.add(transfer);
            self.read += 1;
            if self.read.is_multiple_of(STEP) {
                (self.progress)(self.read);
            }
            Ok::<_, LedgerError>(())
        });
        match read {
            Ok(()) if checkpoint.seals(&found) => {}
            Ok(()) => {
                let lies = named(conn, checkpoint, after, &found)?;
                self.findings.add_all(lies);
            }
            Err(LedgerError::Db(DbError::Query(Diesel::DeserializationError(error)))) => {
                self.findings.add(Lie::Unreadable {
                    checkpoint: checkpoint.number,
                    reason: error.to_string(),
                });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Draws up the accounts; together they must make nothing.
    fn books(&mut self, totals: Totals) {
        self.findings.transfers = totals.transfers;
        let total = |account: String, debits, credits| AccountTotal {
            account,
            debits,
            credits,
        };
        let (debits, credits) = totals.households;
        self.findings.totals = vec![total("households".to_owned(), debits, credits)];
        for (number, debits, credits) in totals.general {
            let account = Account::of(number);
            let name = account.map_or_else(|| number.to_string(), |account| account.to_string());
            self.findings.totals.push(total(name, debits, credits));
        }
        if totals.sum != Decimal::ZERO {
            let sum = format!("{:.2}", totals.sum);
            self.findings.add(Lie::Unbalanced { sum });
        }
    }
}

/// Names the transfers in which `found` differs from what `checkpoint` sealed, which takes
/// another reading of its span.
fn named(
    conn: &mut PgConnection,
    checkpoint: &Checkpoint,
    after: Option<DateTime<Utc>>,
    found: &Sealing,
) -> Result<Lies, LedgerError> {
    let differences = differences(&checkpoint.stubs(), &found.stubs());
    let first = differences.iter().take(NAMED);
    let places = first.clone().filter_map(|difference| match difference {
        Difference::Changed { found, .. } | Difference::Added { found } => Some(*found),
        Difference::Missing { before, .. } => before.checked_sub(1),
    });
    let mut transfers: BTreeMap<usize, Option<Named>> = places.map(|place| (place, None)).collect();
    let mut place = 0_usize;
    store::each_booked(conn, after, checkpoint.through, |transfer| {
        if let Some(name) = transfers.get_mut(&place) {
            *name = Some(transfer.into());
        }
        place += 1;
        Ok::<_, LedgerError>(())
    })?;
    let name = |place: &usize| transfers.get(place).cloned().flatten();
    let checkpoint = checkpoint.number;
    let lie = |difference: &Difference| match difference {
        Difference::Changed { sealed, found } => name(found).map(|transfer| Lie::TransferChanged {
            checkpoint,
            place: sealed + 1,
            transfer,
        }),
        Difference::Added { found } => name(found).map(|transfer| Lie::TransferAdded {
            checkpoint,
            transfer,
        }),
        Difference::Missing { sealed, before } => Some(Lie::TransferMissing {
            checkpoint,
            place: sealed + 1,
            previous: before.checked_sub(1).as_ref().and_then(name),
        }),
    };
    let first: Vec<Lie> = first.filter_map(lie).collect();
    if first.is_empty() {
        // The stubs agree; the digest, the count or the sum does not.
        let first = vec![Lie::SealedOtherwise { checkpoint }];
        return Ok(Lies { first, count: 1 });
    }
    let count = u64::try_from(differences.len()).unwrap_or(u64::MAX);
    Ok(Lies { first, count })
}
