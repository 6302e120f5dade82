//! Balances, counts and sums: those that a message says, and those that it has. Pure.

use chrono::NaiveDate;

use super::entry::Effect;
use super::tree::{Leaf, Place};
use super::values::{Direction, Told, amount, date, direction, identifier, instant, number};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
use crate::payments::files::Refusal;
use crate::payments::files::lines::{RIGHT, WHOLE};

/// What came so far.
#[derive(Default)]
pub struct Seen {
    entries: u32,
    credits: u32,
    debits: u32,
    into: Money,
    out: Money,
    /// What the booked ones did to the balance.
    pub moved: Money,
}

impl Seen {
    /// One entry more, which begins at `at`.
    pub fn add(&mut self, effect: Effect, at: Place) -> Result<(), Refusal> {
        let large = |_| at.refuse("too much to add up", RIGHT);
        let (count, sum) = match effect.direction {
            Direction::In => (&mut self.credits, &mut self.into),
            Direction::Out => (&mut self.debits, &mut self.out),
        };
        *count = count.saturating_add(1);
        *sum = sum.checked_add(effect.amount).map_err(large)?;
        self.entries = self.entries.saturating_add(1);
        if effect.is_booked {
            let moved = effect.direction.signed(effect.amount);
            self.moved = self.moved.checked_add(moved).map_err(large)?;
        }
        Ok(())
    }
}

/// A booked balance.
pub struct Booked {
    pub amount: Money,
    pub on: NaiveDate,
    pub at: Place,
}

/// A balance that is being read.
#[derive(Default)]
pub struct Balance {
    pub kind: Told<String>,
    amount: Told<Money>,
    direction: Told<Direction>,
    on: Told<NaiveDate>,
}

/// `TxsSummry`.
#[derive(Default)]
pub struct Totals {
    entries: Told<u32>,
    sum: Told<Money>,
    credits: Told<u32>,
    into: Told<Money>,
    debits: Told<u32>,
    out: Told<Money>,
    net: Told<Money>,
    net_direction: Told<Direction>,
}

impl Balance {
    pub fn booked(&self) -> Option<Booked> {
        let (amount, at) = self.amount.placed()?;
        Some(Booked {
            amount: self.direction.get()?.signed(amount),
            on: self.on.get()?,
            at,
        })
    }

    pub fn close(&mut self, path: &str, leaf: &Leaf) -> Result<(), Refusal> {
        match path {
            "Tp/CdOrPrtry/Cd" => leaf.keep(&mut self.kind, "a code", identifier),
            "Amt" => leaf.keep_hkd(&mut self.amount),
            "CdtDbtInd" => leaf.keep(&mut self.direction, "CRDT or DBIT", direction),
            "Dt/Dt" => leaf.keep(&mut self.on, "a date such as 2026-11-20", date),
            "Dt/DtTm" => leaf.keep(&mut self.on, "a date and time", |word| {
                instant(word).map(hong_kong_date)
            }),
            _ => Ok(()),
        }
    }
}

impl Totals {
    pub fn close(&mut self, path: &str, leaf: &Leaf) -> Result<(), Refusal> {
        let (count, sum) = ("a number", "an amount such as 2364.00");
        match path {
            "TtlNtries/NbOfNtries" => leaf.keep(&mut self.entries, count, number),
            "TtlNtries/Sum" => leaf.keep(&mut self.sum, sum, amount),
            "TtlNtries/TtlNetNtryAmt" | "TtlNtries/TtlNetNtry/Amt" => {
                leaf.keep(&mut self.net, sum, amount)
            }
            "TtlNtries/CdtDbtInd" | "TtlNtries/TtlNetNtry/CdtDbtInd" => {
                leaf.keep(&mut self.net_direction, "CRDT or DBIT", direction)
            }
            "TtlCdtNtries/NbOfNtries" => leaf.keep(&mut self.credits, count, number),
            "TtlCdtNtries/Sum" => leaf.keep(&mut self.into, sum, amount),
            "TtlDbtNtries/NbOfNtries" => leaf.keep(&mut self.debits, count, number),
            "TtlDbtNtries/Sum" => leaf.keep(&mut self.out, sum, amount),
            _ => Ok(()),
        }
    }

    /// What is told is what was seen.
    pub fn agree(&self, seen: &Seen) -> Result<(), Refusal> {
        for (told, count, of) in [
            (&self.entries, seen.entries, "entries"),
            (&self.credits, seen.credits, "credits"),
            (&self.debits, seen.debits, "debits"),
        ] {
            if let Some((told, at)) = told.placed().filter(|(told, _)| *told != count) {
                let what = format!("the summary says {told} {of}, the file has {count}");
                return Err(at.refuse(what, WHOLE));
            }
        }
        let net = seen.into.checked_sub(seen.out).ok();
        let net = net.map(|net| match self.net_direction.get() {
            Some(direction) => direction.signed(net),
            None => net.abs(),
        });
        for (told, sum, of) in [
            (&self.sum, seen.into.checked_add(seen.out).ok(), "entries"),
            (&self.into, Some(seen.into), "credits"),
            (&self.out, Some(seen.out), "debits"),
            (&self.net, net, "net"),
        ] {
            if let Some((told, at)) = told.placed().filter(|(told, _)| Some(*told) != sum) {
                let sum = sum.unwrap_or_default();
                let what = format!("the summary says HK${told} of {of}, the file has HK${sum}");
                return Err(at.refuse(what, WHOLE));
            }
        }
        Ok(())
    }
}
