//! What a payment may look like, however it came.

use chrono::{DateTime, TimeDelta, Utc};

use crate::kernel::money::Money;
use crate::payments::model::Told;

/// How long after it was instructed a payment may come.
pub const OLDEST: TimeDelta = TimeDelta::days(366);

/// A channel's reference: 1 to 36 letters, digits and marks, for some banks' are UUIDs.
pub fn is_reference(word: &str) -> bool {
    (1..=36).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic())
}

/// An account as a payer gives it, which may be none: up to 20 characters.
pub fn is_account(word: &str) -> bool {
    word.chars().count() <= 20 && !word.chars().any(char::is_control)
}

/// The name of a place: up to 60 characters.
pub fn is_place(word: &str) -> bool {
    word.chars().count() <= 60 && !word.chars().any(char::is_control)
}

/// Above zero and below ten million: no balance overflows by it.
pub fn is_amount(amount: Money) -> bool {
    (1..1_000_000_000).contains(&amount.cents())
}

/// Says what `told` must be and is not, if anything, when it comes at `now`.
pub fn fit(told: &Told, now: DateTime<Utc>) -> Result<(), &'static str> {
    let Told {
        reference,
        account,
        amount,
        instructed_at,
        place,
    } = told;
    if !is_reference(reference) {
        return Err("reference: 1 to 36 letters and digits");
    }
    if !is_account(account) {
        return Err("account: up to 20 characters");
    }
    if !is_place(place) {
        return Err("place: up to 60 characters");
    }
    if !is_amount(*amount) {
        return Err("amount: above zero and below ten million");
    }
    if *instructed_at > now {
        return Err("instructed_at: it is yet to come");
    }
    if now - *instructed_at > OLDEST {
        return Err("instructed_at: it is more than a year ago");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_payment_is_refused_for_what_it_is() {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let good = Told {
            reference: "S-1".to_owned(),
            account: "1000000018".to_owned(),
            amount: "2364.00".parse().unwrap(),
            instructed_at: now,
            place: "7-Eleven 華富邨".to_owned(),
        };
        assert_eq!(fit(&good, now), Ok(()));
        let spoiled: [fn(&mut Told); 10] = [
            |told| told.reference.clear(),
            |told| told.reference = "9".repeat(37),
            |told| told.reference = "S 1".to_owned(),
            |told| told.account = "9".repeat(21),
            |told| told.account = "1\u{0}".to_owned(),
            |told| told.place = "華".repeat(61),
            |told| told.amount = Money::ZERO,
            |told| told.amount = "10000000.00".parse().unwrap(),
            |told| told.instructed_at += TimeDelta::seconds(1),
            |told| told.instructed_at -= TimeDelta::days(367),
        ];
        let said = spoiled.map(|spoil| {
            let mut told = good.clone();
            spoil(&mut told);
            let said = fit(&told, now).unwrap_err();
            said.split(':').next().unwrap()
        });
        let [at, by] = ["reference", "account"];
        let (much, late) = ("amount", "instructed_at");
        assert_eq!(said, [at, at, at, by, by, "place", much, much, late, late]);
    }
}
