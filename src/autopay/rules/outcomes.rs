//! What an answer of the bank means, after those before it.

use super::Fate;
use crate::autopay::model::{DebitResult, LineState};

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is now so.
    Now(LineState),
    /// It is so already.
    Duplicate,
    /// It was answered otherwise: which of them holds, somebody must find out.
    Contradiction,
}

impl DebitResult {
    /// Whether the same debit may be accepted a few days later.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Self::InsufficientFunds | Self::DateInvalid | Self::OrderRefused | Self::Other
        )
    }

    /// Whether the payer's side refused; the others are mistakes of our own.
    pub fn is_the_payers(self) -> bool {
        !matches!(
            self,
            Self::Accepted
                | Self::AmountInvalid
                | Self::Duplicate
                | Self::DateInvalid
                | Self::OrderRefused
        )
    }
}

/// What `code` means for a debit that has these answers, in order.
pub fn meaning(before: &[DebitResult], code: DebitResult) -> Meaning {
    if before.contains(&code) {
        return Meaning::Duplicate;
    }
    match (before, code) {
        ([], DebitResult::Accepted) => Meaning::Now(LineState::Accepted),
        ([], _) => Meaning::Now(LineState::Refused),
        ([DebitResult::Accepted], _) => Meaning::Now(LineState::Returned),
        _ => Meaning::Contradiction,
    }
}

/// What became of a debit that has these answers, in order.
pub fn fate(answers: &[DebitResult]) -> Fate {
    match answers.last() {
        None => Fate::Waiting,
        Some(DebitResult::Accepted) => Fate::Accepted,
        Some(code) => Fate::Refused(*code),
    }
}

/// How many of a mandate's last debits were refused, of these last answers, the newest first.
pub fn refused_in_a_row(newest_first: &[DebitResult]) -> usize {
    newest_first
        .iter()
        .take_while(|code| **code != DebitResult::Accepted)
        .filter(|code| code.is_the_payers())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DebitResult::{Accepted, AccountClosed, DateInvalid, InsufficientFunds};

    #[test]
    fn an_answer_is_taken_once_and_a_return_follows_an_acceptance() {
        let now = Meaning::Now;
        for (before, code, expected) in [
            (&[][..], Accepted, now(LineState::Accepted)),
            (&[], InsufficientFunds, now(LineState::Refused)),
            (&[Accepted], InsufficientFunds, now(LineState::Returned)),
            (&[Accepted], Accepted, Meaning::Duplicate),
            (&[InsufficientFunds], InsufficientFunds, Meaning::Duplicate),
            (&[InsufficientFunds], Accepted, Meaning::Contradiction),
            (&[InsufficientFunds], AccountClosed, Meaning::Contradiction),
            (&[Accepted, AccountClosed], Accepted, Meaning::Duplicate),
            (
                &[Accepted, AccountClosed],
                AccountClosed,
                Meaning::Duplicate,
            ),
            (
                &[Accepted, AccountClosed],
                InsufficientFunds,
                Meaning::Contradiction,
            ),
        ] {
            assert_eq!(meaning(before, code), expected, "{before:?} {code}");
        }
        assert_eq!(fate(&[]), Fate::Waiting);
        assert_eq!(fate(&[Accepted]), Fate::Accepted);
        assert_eq!(
            fate(&[Accepted, AccountClosed]),
            Fate::Refused(AccountClosed)
        );
    }

    #[test]
    fn our_own_mistakes_do_not_count_against_a_payer() {
        for (answers, expected) in [
            (&[][..], 0),
            (&[InsufficientFunds, AccountClosed, InsufficientFunds], 3),
            (&[InsufficientFunds, Accepted, InsufficientFunds], 1),
            (&[InsufficientFunds, DateInvalid, InsufficientFunds], 2),
        ] {
            assert_eq!(refused_in_a_row(answers), expected, "{answers:?}");
        }
    }
}
