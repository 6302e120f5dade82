//! What a file says of an account to which direct debits are collected.

use crate::kernel::clock::hong_kong_date;
use crate::payments::files::{DebitReference, Entry, Line, Movement, NOT_PROVIDED};

/// An entry of an account to which direct debits are collected, by what we called the debit: the
/// bank's own reference would make another payment of what autopay knows by ours.
///
/// What names no debit is a batch of them in one sum: it pays nobody, for its debits are answered
/// one by one. What a payer called otherwise is a payment like any other.
pub fn as_ordered(entry: Entry) -> Entry {
    let Entry::Payment(line) = entry else {
        return entry;
    };
    let Some(called) = &line.end_to_end else {
        return Entry::Payment(whose(line));
    };
    if called.parse::<DebitReference>().is_ok() {
        let reference = called.clone();
        return Entry::Payment(whose(Line { reference, ..line }));
    }
    if called == NOT_PROVIDED || is_batch(called) {
        return Entry::Movement(Movement {
            amount: line.amount,
            booked_on: hong_kong_date(line.instructed_at),
            reference: line.reference,
            wording: line.wording.unwrap_or_default(),
        });
    }
    Entry::Payment(line)
}

/// `line` for the account that its reference names, when that is one of ours: what a bank writes
/// beside it is its own.
fn whose(line: Line) -> Line {
    match line.reference.parse::<DebitReference>() {
        Ok(ours) => Line {
            account: ours.code.to_string(),
            ..line
        },
        Err(_) => line,
    }
}

/// Whether so is called what we order at once, such as `AP20261101`.
fn is_batch(called: &str) -> bool {
    let digits = called.strip_prefix("AP").or(called.strip_prefix("ED"));
    digits
        .is_some_and(|digits| digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reference: &str, end_to_end: Option<&str>, account: &str) -> Line {
        Line {
            wording: None,
            number: 1,
            reference: reference.to_owned(),
            end_to_end: end_to_end.map(str::to_owned),
            account: account.to_owned(),
            amount: "2364.00".parse().unwrap(),
            instructed_at: "2026-11-23T16:30:00Z".parse().unwrap(),
            place: String::new(),
        }
    }

    #[test]
    fn a_credit_is_the_debit_that_we_ordered_and_a_batch_of_them_pays_nobody() {
        const OURS: &str = "202611100000001801";
        let called = |called| as_ordered(Entry::Payment(line("B-1", Some(called), "RENT")));
        let Entry::Payment(paid) = called(OURS) else {
            panic!("a payment");
        };
        assert_eq!(
            (paid.reference.as_str(), paid.account.as_str()),
            (OURS, "1000000018")
        );
        for batch in [NOT_PROVIDED, "AP20261101", "ED20261102"] {
            let Entry::Movement(moved) = called(batch) else {
                panic!("{batch} pays somebody");
            };
            assert_eq!(
                (moved.reference.as_str(), moved.amount.cents()),
                ("B-1", 236_400)
            );
            assert_eq!(moved.booked_on, "2026-11-24".parse().unwrap());
        }
        // Somebody pays into the account by themselves, and calls it the same each month.
        for other in ["RENT", "APARTMENT 3", "AP"] {
            let Entry::Payment(paid) = called(other) else {
                panic!("{other} is a payment");
            };
            assert_eq!(
                (paid.reference.as_str(), paid.account.as_str()),
                ("B-1", "RENT")
            );
        }
        // One reference only, which is ours, or was.
        for (reference, account) in [(OURS, "1000000018"), ("A-1", "1000000026")] {
            let entry = Entry::Payment(line(reference, None, "1000000026"));
            let Entry::Payment(paid) = as_ordered(entry) else {
                panic!("a payment");
            };
            assert_eq!(
                (paid.reference.as_str(), paid.account.as_str()),
                (reference, account)
            );
        }
    }
}
