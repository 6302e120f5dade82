//! Entries (`Ntry`): what is a payment, what is not, and what it is called. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use super::reasons::result;
use super::transaction::Detail;
use super::tree::{Leaf, Place};
use super::values::{Direction, Told, day, direction, flag, identifier, instant, number, text};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
use crate::payments::files::lines::RIGHT;
use crate::payments::files::{Entry, Line, Movement, NOT_PROVIDED, Refusal, Unpaid};
use crate::payments::rules;

const IN_PARTS: &str = "ask the bank to give every payment of a batch";

/// What the file said before its first entry.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    pub now: DateTime<Utc>,
    pub business_date: NaiveDate,
    /// The number that the next payment has.
    pub next: u32,
}

/// An entry that is being read.
#[derive(Debug, Default)]
pub struct Ntry {
    pub at: Place,
    amount: Told<Money>,
    direction: Told<Direction>,
    is_reversal: Told<bool>,
    is_booked: Told<bool>,
    booked_at: Told<DateTime<Utc>>,
    value_at: Told<DateTime<Utc>>,
    reference: Told<String>,
    information: Told<String>,
    /// How many transactions the batch says that it has, and how many came.
    batch: Told<u32>,
    in_batch: u32,
    /// The transaction that is being read.
    detail: Option<Detail>,
    /// The one before, when no other has come: it may be the only one.
    waiting: Option<Detail>,
    details: u32,
    sum: Money,
}

/// What an entry does to the account.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    pub direction: Direction,
    pub amount: Money,
    pub is_booked: bool,
}

impl Ntry {
    pub fn at(at: Place) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    /// What it does; refuses one that does not say.
    pub fn effect(&self) -> Result<Effect, Refusal> {
        let told = self
            .amount
            .get()
            .zip(self.direction.get())
            .zip(self.is_booked.get());
        let ((amount, direction), is_booked) = told.ok_or_else(|| {
            let what = "Amt, CdtDbtInd and Sts of an entry were expected, before its details";
            self.at.refuse(what, RIGHT)
        })?;
        Ok(Effect {
            direction,
            amount,
            is_booked,
        })
    }

    /// An element in it begins.
    pub fn open(&mut self, path: &str, at: Place) {
        match path {
            "NtryDtls" => (self.batch, self.in_batch) = (Told::default(), 0),
            "NtryDtls/TxDtls" => self.detail = Some(Detail::at(at)),
            _ => {}
        }
    }

    /// An element in it ends; the transaction that is known by then, if one is.
    pub fn close(
        &mut self,
        path: &str,
        leaf: &Leaf,
        context: &Context,
    ) -> Result<Option<Entry>, Refusal> {
        match path {
            "Amt" => leaf.keep_hkd(&mut self.amount)?,
            "CdtDbtInd" => leaf.keep(&mut self.direction, "CRDT or DBIT", direction)?,
            "RvslInd" => leaf.keep(&mut self.is_reversal, "true or false", flag)?,
            "Sts" if leaf.has_elements => {}
            "Sts" | "Sts/Cd" => leaf.keep(&mut self.is_booked, "BOOK or PDNG", is_booked)?,
            "BookgDt/Dt" => leaf.keep(&mut self.booked_at, "a date such as 2026-11-20", day)?,
            "BookgDt/DtTm" => leaf.keep(&mut self.booked_at, "a date and time", instant)?,
            "ValDt/Dt" => leaf.keep(&mut self.value_at, "a date such as 2026-11-20", day)?,
            "ValDt/DtTm" => leaf.keep(&mut self.value_at, "a date and time", instant)?,
            "AcctSvcrRef" => {
                leaf.keep(&mut self.reference, "a reference of 1 to 35", identifier)?;
            }
            "AddtlNtryInf" => leaf.keep(&mut self.information, "a text", text)?,
            "NtryDtls/Btch/NbOfTxs" => leaf.keep(&mut self.batch, "a number", number)?,
            "NtryDtls/TxDtls" => return self.close_detail(context),
            "NtryDtls" => self.close_batch()?,
            _ => {
                let inner = path.strip_prefix("NtryDtls/TxDtls/");
                if let (Some(path), Some(detail)) = (inner, &mut self.detail) {
                    detail.close(path, leaf)?;
                }
            }
        }
        Ok(None)
    }

    /// A transaction ends; the one before it is known not to be the only one.
    fn close_detail(&mut self, context: &Context) -> Result<Option<Entry>, Refusal> {
        let Some(detail) = self.detail.take() else {
            return Ok(None);
        };
        let effect = self.effect()?;
        self.details = self.details.saturating_add(1);
        self.in_batch = self.in_batch.saturating_add(1);
        let before = self.waiting.take();
        let has_none = |detail: &Detail| detail.amount.get().is_none();
        if self.details > 1 && (has_none(&detail) || before.as_ref().is_some_and(has_none)) {
            let what = "the amount of each of several transactions was expected";
            return Err(detail.at.refuse(what, RIGHT));
        }
        let direction = detail.direction.get().unwrap_or(effect.direction);
        let amount = detail.amount.get().unwrap_or(effect.amount);
        let sum = self.sum.checked_add(direction.signed(amount));
        self.sum = sum.map_err(|_| detail.at.refuse("too much to add up", RIGHT))?;
        self.waiting = Some(detail);
        before
            .map(|before| self.told(&before, false, context))
            .transpose()
            .map(Option::flatten)
    }

    fn close_batch(&self) -> Result<(), Refusal> {
        match self.batch.placed() {
            Some((told, at)) if self.in_batch == 0 && told > 1 => {
                let what = format!("the details of {told} payments were expected");
                Err(at.refuse(what, IN_PARTS))
            }
            Some((told, at)) if self.in_batch > 0 && told != self.in_batch => {
                let what = format!("the batch says {told}, it has {}", self.in_batch);
                Err(at.refuse(what, IN_PARTS))
            }
            _ => Ok(()),
        }
    }

    /// The entry ends: its last transaction, or itself where it has none.
    pub fn end(mut self, context: &Context) -> Result<Option<Entry>, Refusal> {
        let Effect {
            direction, amount, ..
        } = self.effect()?;
        let is_only = self.details < 2;
        let last = self.waiting.take();
        if last.is_some() && self.sum != direction.signed(amount) {
            let what = format!(
                "the transactions come to HK${}, the entry to HK${}",
                self.sum,
                direction.signed(amount)
            );
            return Err(self.at.refuse(what, RIGHT));
        }
        let last = last.unwrap_or_else(|| Detail::at(self.at));
        self.told(&last, is_only, context)
    }

    /// What a transaction is; `None` for one that is not booked yet.
    fn told(
        &self,
        detail: &Detail,
        is_only: bool,
        context: &Context,
    ) -> Result<Option<Entry>, Refusal> {
        let effect = self.effect()?;
        if !effect.is_booked {
            return Ok(None);
        }
        let direction = detail.direction.get().unwrap_or(effect.direction);
        let amount = detail.amount.get().unwrap_or(effect.amount);
        let booked_on = self.booked_on(context)?;
        let is_reversal = self.is_reversal.get().unwrap_or(false);
        let returned = detail.returned.get();
        let reference = self.reference(detail, is_only);
        if direction == Direction::Out && (is_reversal || returned.is_some()) {
            let code = returned.unwrap_or_default();
            return Ok(Some(Entry::Unpaid(Unpaid {
                reference: detail.end_to_end.get().or(reference).unwrap_or_default(),
                account: detail.account(None),
                amount,
                on: Some(booked_on),
                result: result(&code),
                was_paid: true,
                code,
            })));
        }
        if direction == Direction::Out || is_reversal || returned.is_some() {
            return Ok(Some(Entry::Movement(Movement {
                reference: reference.unwrap_or_default(),
                wording: detail.wording(self.information.get()),
                amount: direction.signed(amount),
                booked_on,
            })));
        }
        let reference = reference.ok_or_else(|| {
            let what = "AcctSvcrRef, UETR or TxId of the payment was expected, its own";
            detail.at.refuse(what, RIGHT)
        })?;
        if amount == Money::ZERO {
            return Err(detail.at.refuse("an amount above zero was expected", RIGHT));
        }
        let called = detail.end_to_end.get();
        Ok(Some(Entry::Payment(Line {
            number: context.next,
            reference,
            end_to_end: Some(called.unwrap_or_else(|| NOT_PROVIDED.to_owned())),
            wording: Some(detail.wording(self.information.get())),
            account: detail.account(self.information.get()),
            amount,
            instructed_at: self.instructed_at(detail, context)?,
            place: String::new(),
        })))
    }

    /// The bank's own reference of a transaction. The entry's is that of its only one; where each
    /// of several repeats it, it is none of theirs.
    fn reference(&self, detail: &Detail, is_only: bool) -> Option<String> {
        let entry = self.reference.get();
        let own = detail
            .reference
            .get()
            .filter(|own| is_only || entry.as_ref() != Some(own));
        own.or_else(|| detail.uetr.get())
            .or_else(|| detail.transaction.get())
            .or_else(|| entry.filter(|_| is_only))
    }

    fn booked_at(&self) -> Result<(DateTime<Utc>, Place), Refusal> {
        let expected = || {
            self.at
                .refuse("BookgDt or ValDt of the entry was expected", RIGHT)
        };
        let told = self.booked_at.placed().or(self.value_at.placed());
        told.ok_or_else(expected)
    }

    fn booked_on(&self, context: &Context) -> Result<NaiveDate, Refusal> {
        let (booked_at, at) = self.booked_at()?;
        let booked_on = hong_kong_date(booked_at);
        if booked_at > context.now || booked_on > context.business_date {
            return Err(at.refuse("the entry is later than the day of the file", RIGHT));
        }
        Ok(booked_on)
    }

    /// When the payer told the bank to pay: when the bank accepted that, or else booked it.
    fn instructed_at(&self, detail: &Detail, context: &Context) -> Result<DateTime<Utc>, Refusal> {
        let (instructed_at, at) = match detail.accepted_at.placed() {
            Some(accepted) => accepted,
            None => self.booked_at()?,
        };
        let instructed_on = hong_kong_date(instructed_at);
        if instructed_at > context.now || instructed_on > context.business_date {
            return Err(at.refuse("the payment is later than the day of the file", RIGHT));
        }
        if context.business_date - instructed_on > rules::OLDEST {
            let what = "the payment is more than a year older than the file";
            return Err(at.refuse(what, RIGHT));
        }
        Ok(instructed_at)
    }
}

/// Whether the entry is on the account; one that is not yet comes again.
fn is_booked(word: &str) -> Option<bool> {
    match word {
        "BOOK" => Some(true),
        "PDNG" | "INFO" | "FUTR" => Some(false),
        _ => None,
    }
}
