//! What a file says, staged as it is read: payments, and other money that moved (進支).
//!
//! * A credit by which the bank passes a channel's takings on in one sum is nobody's rent: what the
//!   bank writes beside it says so, by dated rules of the account, and of which channel and day.
//! * Movements are kept of statements only. What a notification tells comes again in one.
//! * A line that pays is numbered among those that do, without gaps.

use std::fs::File;
use std::io::BufReader;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;

use super::files::{self, Entry, Line, Movement, Origin, Summary, Unpaid};
use super::model::PaymentError;
use super::reconciliation::{BankMovement, PayingIn};
use super::rules::{self, Owner};
use super::store;
use crate::kernel::id::{MovementId, PaymentFileId};
use crate::kernel::money::{Money, NotMoney};
use crate::kernel::working_day::Holidays;
use crate::platform::calendar;

/// Lines that are staged, or posted, at once.
pub(super) const AT_ONCE: u16 = 8_192;
/// How far before a credit the day may be that it is of.
const BEFORE: TimeDelta = TimeDelta::days(60);

/// Stages every line of `source`; what the file says of itself, without what is no payment.
pub(super) fn stage(
    conn: &mut PgConnection,
    id: PaymentFileId,
    source: File,
    now: DateTime<Utc>,
) -> Result<Summary, PaymentError> {
    let mut stage = Stage::of(id);
    let summary = files::read(BufReader::new(source), now, |entry| {
        stage.take(conn, entry)?;
        stage.give(conn, AT_ONCE.into())
    })?;
    stage.give(conn, 1)?;
    let lines = summary.lines.saturating_sub(stage.passed_on);
    let amount = summary.amount.checked_sub(stage.passed_on_amount);
    Ok(Summary {
        lines,
        amount: amount.map_err(unaddable)?,
        ..summary
    })
}

/// What waits to be copied, and by what it is told apart.
struct Stage {
    file: PaymentFileId,
    origin: Option<Origin>,
    rules: Vec<PayingIn>,
    holidays: Holidays,
    lines: Vec<Line>,
    movements: Vec<BankMovement>,
    moved: i32,
    /// Credits that are no payments, and what they come to.
    passed_on: u32,
    passed_on_amount: Money,
}

impl Stage {
    fn of(file: PaymentFileId) -> Self {
        Self {
            file,
            origin: None,
            rules: Vec::new(),
            holidays: Holidays::default(),
            lines: Vec::with_capacity(AT_ONCE.into()),
            movements: Vec::new(),
            moved: 0,
            passed_on: 0,
            passed_on_amount: Money::ZERO,
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
            Entry::Unpaid(unpaid) => self.paid_back(unpaid),
            Entry::Movement(movement) => self.movement(movement, false),
        }
        Ok(())
    }

    /// A payment, or a channel's takings in one sum.
    fn credit(&mut self, mut line: Line) -> Result<(), PaymentError> {
        let day = self.origin.as_ref().map(|origin| origin.business_date);
        // Whatever a payer writes, it is no transfer of ours.
        let rule = rules::paying_in(&self.rules, &line.account);
        let passes_on = rule.is_some_and(|rule| rule.channel.is_some());
        if let Some(booked_on) = day.filter(|_| passes_on) {
            self.passed_on = self.passed_on.saturating_add(1);
            let sum = self.passed_on_amount.checked_add(line.amount);
            self.passed_on_amount = sum.map_err(unaddable)?;
            let movement = Movement {
                reference: line.reference,
                wording: line.account,
                amount: line.amount,
                booked_on,
            };
            self.movement(movement, false);
        } else {
            line.number = line.number.saturating_sub(self.passed_on);
            self.lines.push(line);
        }
        Ok(())
    }

    /// A debit that was paid back; of one that never came, no money moved.
    fn paid_back(&mut self, unpaid: Unpaid) {
        let movement = unpaid.on.map(|booked_on| Movement {
            reference: unpaid.reference,
            wording: unpaid.account,
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
        if self.movements.len() >= least {
            store::movements::add(conn, &self.movements)?;
            self.movements.clear();
        }
        Ok(())
    }
}

/// What adds up to a sum that was read before is money too.
fn unaddable(_: NotMoney) -> PaymentError {
    PaymentError::Unfit("the credits are too large to add up")
}
