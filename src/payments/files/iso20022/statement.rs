//! A statement or notification: whose it is, its place, and whether it adds up. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use super::entry::{Context, Ntry};
use super::in_place;
use super::totals::{Balance, Booked, Seen, Totals};
use super::tree::{Leaf, Place};
use super::values::{Told, flag, instant, number};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
use crate::payments::files::lines::{RIGHT, WHOLE};
use crate::payments::files::{Entry, Origin, Refusal, Sequence, Summary, Whose};
use crate::payments::rules;

const ONE_EACH: &str = "ask the bank for one account and day a file";

/// Which message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Statement,
    Notification,
}

impl Kind {
    fn root(self) -> &'static str {
        match self {
            Self::Statement => "Document/BkToCstmrStmt/",
            Self::Notification => "Document/BkToCstmrDbtCdtNtfctn/",
        }
    }

    /// Where entries and their transactions stand.
    fn places(self) -> [&'static str; 2] {
        match self {
            Self::Statement => [
                "Document/BkToCstmrStmt/Stmt/Ntry",
                "Document/BkToCstmrStmt/Stmt/Ntry/NtryDtls/TxDtls",
            ],
            Self::Notification => [
                "Document/BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry",
                "Document/BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls",
            ],
        }
    }

    /// The element that holds it.
    fn element(self) -> &'static str {
        match self {
            Self::Statement => "Stmt",
            Self::Notification => "Ntfctn",
        }
    }

    fn series(self) -> &'static str {
        match self {
            Self::Statement => "camt.053",
            Self::Notification => "camt.054",
        }
    }
}

/// One that is being read.
pub struct Statement {
    kind: Kind,
    now: DateTime<Utc>,
    /// Where it begins.
    at: Option<Place>,
    created_at: Told<DateTime<Utc>>,
    message_created_at: Told<DateTime<Utc>>,
    until: Told<DateTime<Utc>>,
    account: Told<String>,
    sequence: Told<u32>,
    balance: Balance,
    opening: Option<Booked>,
    previous: Option<Booked>,
    closing: Option<Booked>,
    told: Totals,
    /// The entry that is being read, and the day of the file.
    entry: Option<(Ntry, NaiveDate)>,
    has_begun: bool,
    seen: Seen,
    payments: u32,
    amount: Money,
}

impl Statement {
    pub fn of(kind: Kind, now: DateTime<Utc>) -> Self {
        Self {
            kind,
            now,
            at: None,
            created_at: Told::default(),
            message_created_at: Told::default(),
            until: Told::default(),
            account: Told::default(),
            sequence: Told::default(),
            balance: Balance::default(),
            opening: None,
            previous: None,
            closing: None,
            told: Totals::default(),
            entry: None,
            has_begun: false,
            seen: Seen::default(),
            payments: 0,
            amount: Money::ZERO,
        }
    }

    /// The element at `path` begins.
    pub fn open(&mut self, path: &str, at: Place) -> Result<(), Refusal> {
        in_place(path, at, &self.kind.places())?;
        let Some(path) = path.strip_prefix(self.kind.root()) else {
            return Ok(());
        };
        if path == self.kind.element() {
            if self.at.replace(at).is_some() {
                return Err(at.refuse("a second account or day", ONE_EACH));
            }
            return Ok(());
        }
        match self.inside(path) {
            Some("Bal") => self.balance = Balance::default(),
            // All that follows is judged by what came before it.
            Some("Ntry") => self.entry = Some((Ntry::at(at), self.business_date(at)?)),
            Some(path) => {
                let inner = path.strip_prefix("Ntry/");
                if let (Some(path), Some((entry, _))) = (inner, &mut self.entry) {
                    entry.open(path, at);
                }
            }
            None => {}
        }
        Ok(())
    }

    /// The element at `path` ends; the transaction that is known by then, if one is.
    pub fn close(&mut self, path: &str, leaf: &Leaf) -> Result<Option<Entry>, Refusal> {
        let Some(path) = path.strip_prefix(self.kind.root()) else {
            return Ok(None);
        };
        let Some(inner) = self.inside(path) else {
            return self.close_header(path, leaf).map(|()| None);
        };
        if inner == "Ntry" {
            return self.close_entry();
        }
        let Some(path) = inner.strip_prefix("Ntry/") else {
            return self.close_part(inner, leaf).map(|()| None);
        };
        let Some((entry, day)) = &mut self.entry else {
            return Ok(None);
        };
        let context = Context {
            now: self.now,
            business_date: *day,
            next: self.payments.saturating_add(1),
        };
        let known = entry.close(path, leaf, &context)?;
        self.count(known)
    }

    /// What the entries are of, before the first of them.
    pub fn begin(&mut self) -> Result<Option<Origin>, Refusal> {
        if self.has_begun {
            return Ok(None);
        }
        self.has_begun = true;
        let at = self.at.unwrap_or_default();
        Ok(Some(Origin {
            account: self.account(at)?,
            business_date: self.business_date(at)?,
            is_statement: self.kind == Kind::Statement,
        }))
    }

    fn account(&self, at: Place) -> Result<String, Refusal> {
        let account = self.account.get();
        account.ok_or_else(|| at.refuse("the account was expected", RIGHT))
    }

    /// What `path` is inside the statement.
    fn inside<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.kind.element())?.strip_prefix('/')
    }

    /// Of the message as a whole.
    fn close_header(&mut self, path: &str, leaf: &Leaf) -> Result<(), Refusal> {
        match path {
            "GrpHdr/CreDtTm" => leaf.keep(&mut self.message_created_at, "a date and time", instant),
            "GrpHdr/MsgPgntn/PgNb" | "GrpHdr/MsgPgntn/LastPgInd" => page(path, leaf),
            _ => Ok(()),
        }
    }

    /// Of the statement, but not of an entry.
    fn close_part(&mut self, path: &str, leaf: &Leaf) -> Result<(), Refusal> {
        match path {
            "ElctrncSeqNb" => {
                let wanted = "a number from 1 to 999999999";
                let is_number = |number: &u32| (1..=999_999_999).contains(number);
                let read = |word: &str| number(word).filter(is_number);
                leaf.keep(&mut self.sequence, wanted, read)
            }
            "StmtPgntn/PgNb"
            | "StmtPgntn/LastPgInd"
            | "NtfctnPgntn/PgNb"
            | "NtfctnPgntn/LastPgInd" => page(path, leaf),
            "CreDtTm" => leaf.keep(&mut self.created_at, "a date and time", instant),
            "FrToDt/ToDtTm" => leaf.keep(&mut self.until, "a date and time", instant),
            "Acct/Id/IBAN" | "Acct/Id/Othr/Id" => {
                leaf.keep(&mut self.account, "an account of up to 34", account)
            }
            "Acct/Ccy" => leaf.read("HKD", |word| (word == "HKD").then_some(())),
            "Bal" => self.close_balance(leaf),
            _ => {
                if let Some(path) = path.strip_prefix("Bal/") {
                    self.balance.close(path, leaf)?;
                } else if let Some(path) = path.strip_prefix("TxsSummry/") {
                    self.told.close(path, leaf)?;
                }
                Ok(())
            }
        }
    }

    fn close_balance(&mut self, leaf: &Leaf) -> Result<(), Refusal> {
        let balance = std::mem::take(&mut self.balance);
        let slot = match balance.kind.get().as_deref() {
            Some("OPBD") => &mut self.opening,
            Some("PRCD") => &mut self.previous,
            Some("CLBD") => &mut self.closing,
            _ => return Ok(()),
        };
        let booked = balance.booked().ok_or_else(|| {
            let what = "Amt, CdtDbtInd and Dt of the balance were expected";
            leaf.at.refuse(what, RIGHT)
        })?;
        let at = booked.at;
        if slot.replace(booked).is_some() {
            return Err(at.refuse("this balance was told before", ONE_EACH));
        }
        Ok(())
    }

    fn close_entry(&mut self) -> Result<Option<Entry>, Refusal> {
        let Some((entry, day)) = self.entry.take() else {
            return Ok(None);
        };
        let at = entry.at;
        let effect = entry.effect()?;
        self.seen.add(effect, at)?;
        let context = Context {
            now: self.now,
            business_date: day,
            next: self.payments.saturating_add(1),
        };
        let known = entry.end(&context)?;
        self.count(known)
    }

    /// Counts what is known, if it is a payment.
    fn count(&mut self, known: Option<Entry>) -> Result<Option<Entry>, Refusal> {
        if let Some(Entry::Payment(line)) = &known {
            self.payments = line.number;
            let at = self.at.unwrap_or_default();
            let sum = self.amount.checked_add(line.amount);
            self.amount = sum.map_err(|_| at.refuse("too much to add up", RIGHT))?;
        }
        Ok(known)
    }

    /// The day that it is of; `at` is where it is needed.
    fn business_date(&self, at: Place) -> Result<NaiveDate, Refusal> {
        let day = match self.kind {
            Kind::Statement => self.closing.as_ref().map(|booked| (booked.on, booked.at)),
            Kind::Notification => {
                let told = self.until.placed().or(self.created_at.placed());
                let told = told.or(self.message_created_at.placed());
                told.map(|(instant, at)| (hong_kong_date(instant), at))
            }
        };
        let what = match self.kind {
            Kind::Statement => "the closing balance (CLBD) was expected before this",
            Kind::Notification => "FrToDt or CreDtTm was expected before this",
        };
        let (day, at) = day.ok_or_else(|| at.refuse(what, RIGHT))?;
        let today = hong_kong_date(self.now);
        if day > today {
            return Err(at.refuse("the day is yet to come", RIGHT));
        }
        if today - day > rules::OLDEST {
            return Err(at.refuse("the day is more than a year ago", RIGHT));
        }
        Ok(day)
    }

    /// What the file says of itself, once all of it was read.
    pub fn summary(self) -> Result<Summary, Refusal> {
        let Some(at) = self.at else {
            let what = format!("<{}> was expected in the message", self.kind.element());
            return Err(Place::default().refuse(what, WHOLE));
        };
        let business_date = self.business_date(at)?;
        let account = self.account(at)?;
        let sequence = self.sequence.get();
        let sequence = sequence.ok_or_else(|| {
            let what = "ElctrncSeqNb, the number of the message, was expected";
            at.refuse(what, "ask the bank to number its messages")
        })?;
        if self.kind == Kind::Statement {
            self.agree(at)?;
        }
        self.told.agree(&self.seen)?;
        Ok(Summary {
            series: format!("{} {account}", self.kind.series()),
            whose: Whose::Account(account),
            business_date,
            sequence: Sequence::Number(sequence),
            lines: self.payments,
            amount: self.amount,
            allowances: None,
        })
    }

    /// Opening balance and movements come to the closing balance.
    fn agree(&self, at: Place) -> Result<(), Refusal> {
        let opening = self.opening.as_ref().or(self.previous.as_ref());
        let Some((opening, closing)) = opening.zip(self.closing.as_ref()) else {
            let what = "an opening (OPBD or PRCD) and a closing balance (CLBD) were expected";
            return Err(at.refuse(what, RIGHT));
        };
        let sum = opening.amount.checked_add(self.seen.moved);
        let sum = sum.map_err(|_| closing.at.refuse("too much to add up", RIGHT))?;
        if sum == closing.amount {
            return Ok(());
        }
        let what = format!(
            "the closing balance is HK${}, opening balance and entries come to HK${sum}",
            closing.amount
        );
        Err(closing.at.refuse(what, WHOLE))
    }
}

/// Refuses a page of a message that has others.
fn page(path: &str, leaf: &Leaf) -> Result<(), Refusal> {
    let is_number = path.ends_with("PgNb");
    let whole = if is_number {
        number(&leaf.text) == Some(1)
    } else {
        flag(&leaf.text) == Some(true)
    };
    let one = || {
        leaf.at.refuse(
            "a page of several",
            "ask the bank for the whole in one message",
        )
    };
    whole.then_some(()).ok_or_else(one)
}

/// An account as it is kept: without blanks and hyphens.
fn account(word: &str) -> Option<String> {
    let bare: String = word
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-'))
        .collect();
    let fits = (1..=34).contains(&bare.len());
    let is_plain = bare.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (fits && is_plain).then_some(bare)
}
