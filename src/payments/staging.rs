//! What a file says, staged as it is read: payments, and other money that moved (進支).
//!
//! * A credit by which the bank passes a channel's takings on in one sum is nobody's rent: what the
//!   bank writes beside it says so, by dated rules of the account, and of which channel and day.
//! * Movements are kept of statements only. What a notification tells comes again in one.
//! * A file is read on while what was read of it is copied, but not far.
//! * A line that pays is numbered among those that do, without gaps.

use std::io::{BufRead, ErrorKind};
use std::mem;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;

use super::files::{
    self, AllowanceLine, Entry, FileError, Line, Movement, Origin, Summary, Unpaid,
};
use super::model::{Channel, PaymentError, paid_by};
use super::reconciliation::{BankMovement, PayingIn};
use super::rules::{self, Owner, as_ordered};
use super::store;
use crate::kernel::ahead::ahead;
use crate::kernel::id::{MovementId, PaymentFileId, PaymentId};
use crate::kernel::money::{Money, NotMoney};
use crate::kernel::working_day::Holidays;
use crate::platform::calendar;

/// Lines that are staged, or posted, at once.
pub(super) const AT_ONCE: u16 = 8_192;
/// How far before a credit the day may be that it is of.
const BEFORE: TimeDelta = TimeDelta::days(60);

/// Stages what `source` says; its summary, how many payments it has, and what they come to.
pub(super) fn stage(
    conn: &mut PgConnection,
    (id, channel): (PaymentFileId, Channel),
    source: impl BufRead + Send,
    now: DateTime<Utc>,
) -> Result<(Summary, u32, Money), PaymentError> {
    let mut stage = Stage::of((id, channel));
    let read = move |give: &dyn Fn(Read) -> bool| {
        if let Err(ReadError::File(error)) = read_all(source, now, give) {
            give(Err(error));
        }
    };
    ahead(read, |read| {
        for piece in read {
            let entries = match piece? {
                Piece::Entries(entries) => entries,
                Piece::End(summary) => {
                    stage.give(conn, 1)?;
                    return Ok((summary, stage.paid, stage.amount));
                }
            };
            for entry in entries {
                let entry = if channel.is_direct_debit() {
                    as_ordered(entry)
                } else {
                    entry
                };
                stage.take(conn, entry)?;
            }
            stage.give(conn, AT_ONCE.into())?;
        }
        // Whoever reads a file gives its end, or says why there is none.
        Err(FileError::from(std::io::Error::from(ErrorKind::UnexpectedEof)).into())
    })
}

/// What is read of a file at once.
enum Piece {
    Entries(Vec<Entry>),
    /// All was given, and this is what it comes to.
    End(Summary),
}

/// The next piece, or why there is none.
type Read = Result<Piece, FileError>;

/// Why a file is read no further.
enum ReadError {
    File(FileError),
    /// Nobody takes it.
    Untaken,
}

impl From<FileError> for ReadError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Gives what `source` says, as many entries at once as are copied at once, and its summary.
fn read_all(
    source: impl BufRead,
    now: DateTime<Utc>,
    give: &dyn Fn(Read) -> bool,
) -> Result<(), ReadError> {
    let give = |piece| give(Ok(piece)).then_some(()).ok_or(ReadError::Untaken);
    let fresh = || Vec::with_capacity(AT_ONCE.into());
    let mut entries = fresh();
    let summary = files::read(source, now, |entry| {
        entries.push(entry);
        if entries.len() < usize::from(AT_ONCE) {
            return Ok(());
        }
        give(Piece::Entries(mem::replace(&mut entries, fresh())))
    })?;
    give(Piece::Entries(entries))?;
    give(Piece::End(summary))
}

/// What waits to be copied, and by what it is told apart.
struct Stage {
    file: PaymentFileId,
    channel: Channel,
    origin: Option<Origin>,
    rules: Vec<PayingIn>,
    holidays: Holidays,
    lines: Vec<(PaymentId, Line)>,
    /// How many payments, and what they come to.
    paid: u32,
    amount: Money,
    unpaid: Vec<Unpaid>,
    /// Unpaid debits that are copied already.
    unpaid_before: u32,
    movements: Vec<BankMovement>,
    moved: i32,
    allowances: Vec<AllowanceLine>,
}

impl Stage {
    fn of((file, channel): (PaymentFileId, Channel)) -> Self {
        Self {
            file,
            channel,
            origin: None,
            rules: Vec::new(),
            holidays: Holidays::default(),
            lines: Vec::with_capacity(AT_ONCE.into()),
            paid: 0,
            amount: Money::ZERO,
            unpaid: Vec::new(),
            unpaid_before: 0,
            movements: Vec::new(),
            moved: 0,
            allowances: Vec::new(),
        }
    }

    fn take(&mut self, conn: &mut PgConnection, entry: Entry) -> Result<(), PaymentError> {
        match entry {
            Entry::Of(origin) => {
                let day = origin.business_date;
                self.rules = store::paying_in(conn, &origin.account, day)?;
                self.holidays = calendar::holidays(conn, day - BEFORE, day)?;
                self.origin = Some(origin);
            }
            Entry::Payment(line) => return self.credit(line),
            Entry::Unpaid(unpaid) => {
                self.paid_back(&unpaid);
                self.unpaid.push(unpaid);
            }
            Entry::Movement(movement) => self.movement(movement, false),
            Entry::Allowance(line) => self.allowances.push(line),
        }
        Ok(())
    }

    /// A payment, or a channel's takings in one sum.
    fn credit(&mut self, mut line: Line) -> Result<(), PaymentError> {
        let day = self.origin.as_ref().map(|origin| origin.business_date);
        // Whatever a payer writes, it is no transfer of ours.
        let wording = line.wording.take().unwrap_or_default();
        let rule = rules::paying_in(&self.rules, &wording);
        let passes_on = rule.is_some_and(|rule| rule.channel.is_some());
        if let Some(booked_on) = day.filter(|_| passes_on) {
            let movement = Movement {
                reference: line.reference,
                wording,
                amount: line.amount,
                booked_on,
            };
            self.movement(movement, false);
        } else {
            self.paid = self.paid.saturating_add(1);
            line.number = self.paid;
            self.amount = self.amount.checked_add(line.amount).map_err(unaddable)?;
            let payment = paid_by(self.channel, &line.reference);
            self.lines.push((payment, line));
        }
        Ok(())
    }

    /// A debit that was paid back; of one that never came, no money moved.
    fn paid_back(&mut self, unpaid: &Unpaid) {
        let movement = unpaid
            .on
            .filter(|_| unpaid.was_paid)
            .map(|booked_on| Movement {
                reference: unpaid.reference.clone(),
                wording: unpaid.account.clone(),
                amount: unpaid.amount.negated(),
                booked_on,
            });
        if let Some(movement) = movement {
            self.movement(movement, true);
        }
    }

    fn movement(&mut self, movement: Movement, returned: bool) {
        let statement = self.origin.as_ref().filter(|origin| origin.is_statement);
        let Some(origin) = statement.filter(|_| movement.amount != Money::ZERO) else {
            return;
        };
        let rule = rules::paying_in(&self.rules, &movement.wording).filter(|_| !returned);
        let credit = (movement.wording.as_str(), movement.booked_on);
        let owner = rule.map(|rule| rules::passed_on(rule, credit, &self.holidays));
        let whose = match owner {
            Some(Owner::Channel(channel, day)) => Some((channel, day)),
            Some(Owner::Nobody | Owner::Unknown) | None => None,
        };
        self.moved = self.moved.saturating_add(1);
        self.movements.push(BankMovement {
            id: MovementId::derived(&format!("{}/{}", self.file, self.moved)),
            file: self.file,
            number: self.moved,
            account: origin.account.clone(),
            reference: movement.reference,
            wording: movement.wording,
            amount: movement.amount,
            booked_on: movement.booked_on,
            returned,
            rule: rule.map(|rule| rule.id),
            channel: whose.map(|(channel, _)| channel),
            settled_on: whose.map(|(_, day)| day),
            known: owner.is_some_and(|owner| owner != Owner::Unknown),
        });
    }

    /// Copies what waits, when it is at least so many rows.
    fn give(&mut self, conn: &mut PgConnection, least: usize) -> Result<(), PaymentError> {
        if self.lines.len() >= least {
            store::files::add_lines(conn, self.file, &self.lines)?;
            self.lines.clear();
        }
        if self.unpaid.len() >= least {
            store::unpaid::add(conn, (self.file, self.unpaid_before), &self.unpaid)?;
            let copied = u32::try_from(self.unpaid.len()).unwrap_or(u32::MAX);
            self.unpaid_before = self.unpaid_before.saturating_add(copied);
            self.unpaid.clear();
        }
        if self.allowances.len() >= least {
            store::allowances::add_lines(conn, self.file, &self.allowances)?;
            self.allowances.clear();
        }
        if self.movements.len() >= least {
            store::movements::add(conn, &self.movements)?;
            self.movements.clear();
        }
        Ok(())
    }
}

/// What adds up to a sum that was read before is money too.
pub(super) fn unaddable(_: NotMoney) -> PaymentError {
    PaymentError::Unfit("the credits are too large to add up")
}
