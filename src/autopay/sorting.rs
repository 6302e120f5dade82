//! Answers of the bank, sorted by what they do: each is held against its debit, and against what was
//! said and paid before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::booking::Paid;
use super::model::{Answer, Collection, DebitResult, LineState, Misfit, Report, Stray};
use super::rules::{self, Meaning};
use super::store::{Debited, NewResult};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::MandateId;
use crate::kernel::money::Money;
use crate::platform::auth::Actor;

/// What answers do.
#[derive(Default)]
pub struct Sorted {
    pub accepted: Vec<Paid>,
    /// Refused at once, or returned: whose households are told.
    pub unpaid: Vec<Paid>,
    pub returned: Vec<(Paid, DebitResult)>,
    /// Whose debits were refused or returned.
    pub mandates: Vec<MandateId>,
    pub results: Vec<NewResult>,
    pub report: Report,
}

/// What answers about `collection` are held against, and what was made of them so far.
pub struct Sorting<'a> {
    debited: HashMap<String, Debited>,
    /// To which account, and how much, the channel was paid by these references before.
    paid_before: HashMap<String, (String, Money)>,
    collection: &'a Collection,
    now: DateTime<Utc>,
    pub sorted: Sorted,
}

impl<'a> Sorting<'a> {
    pub fn of(
        collection: &'a Collection,
        debited: HashMap<String, Debited>,
        paid_before: HashMap<String, (String, Money)>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            debited,
            paid_before,
            collection,
            now,
            sorted: Sorted::default(),
        }
    }

    pub fn sort(&mut self, answer: &Answer, actor: &Actor) {
        if let Err(problem) = self.fit(answer, actor) {
            self.sorted.report.strays.push(answer.stray(problem));
        }
    }

    /// Where the debit of `answer` is by it, if it fits; `None` when it is so already.
    fn state(&self, answer: &Answer) -> Result<Option<LineState>, Misfit> {
        let debited = self.debited.get(&answer.reference);
        let debited = debited.ok_or(Misfit::Unknown)?;
        if debited.collection != self.collection.id {
            return Err(Misfit::OtherCollection);
        }
        if answer.amount.is_some_and(|amount| amount != debited.amount) {
            return Err(Misfit::PaidOtherwise);
        }
        let early = hong_kong_date(self.now) < debited.collect_on;
        if early && answer.code == DebitResult::Accepted {
            return Err(Misfit::BeforeItsDay);
        }
        let state = match rules::meaning(&debited.codes, answer.code) {
            Meaning::Duplicate => return Ok(None),
            Meaning::Contradiction => return Err(Misfit::Contradiction),
            Meaning::Now(state) => state,
        };
        let same = (debited.household.to_string(), debited.amount);
        let before = self.paid_before.get(&answer.reference);
        if state == LineState::Accepted && before.is_some_and(|before| *before != same) {
            return Err(Misfit::PaidOtherwise);
        }
        Ok(Some(state))
    }

    /// Takes `answer` for its debit, if it fits.
    fn fit(&mut self, answer: &Answer, actor: &Actor) -> Result<(), Misfit> {
        let Some(state) = self.state(answer)? else {
            self.sorted.report.duplicates += 1;
            return Ok(());
        };
        let debited = self.debited.get_mut(&answer.reference);
        let debited = debited.ok_or(Misfit::Unknown)?;
        debited.codes.push(answer.code);
        self.sorted.results.push(NewResult {
            reference: debited.reference.clone(),
            number: i16::try_from(debited.codes.len()).unwrap_or(i16::MAX),
            code: answer.code,
            recorded_by: actor.as_str().to_owned(),
            recorded_at: self.now,
        });
        let paid = Paid {
            reference: debited.reference.clone(),
            code: debited.household,
            amount: debited.amount,
            collect_on: debited.collect_on,
        };
        match state {
            LineState::Waiting | LineState::Withdrawn => {}
            LineState::Accepted => {
                self.sorted.report.accepted += 1;
                self.sorted.accepted.push(paid);
            }
            LineState::Refused => {
                self.sorted.report.refused += 1;
                self.sorted.mandates.push(debited.mandate);
                // Nobody's bank refused, and it is tried again.
                if answer.code != DebitResult::OrderRefused {
                    self.sorted.unpaid.push(paid);
                }
            }
            LineState::Returned => {
                self.sorted.report.returned += 1;
                self.sorted.mandates.push(debited.mandate);
                self.sorted.unpaid.push(paid.clone());
                self.sorted.returned.push((paid, answer.code));
            }
        }
        Ok(())
    }
}

impl Answer {
    fn stray(&self, problem: Misfit) -> Stray {
        Stray {
            place: self.place,
            reference: self.reference.clone(),
            code: self.code,
            problem,
        }
    }
}

impl Report {
    /// Of `answers` that fit no debit, all for one reason.
    pub(super) fn of_strays(answers: &[Answer], problem: Misfit) -> Self {
        Self {
            strays: answers.iter().map(|one| one.stray(problem)).collect(),
            ..Self::default()
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.returned += other.returned;
        self.duplicates += other.duplicates;
        self.suspended += other.suspended;
        self.strays.extend(other.strays);
        self
    }
}
