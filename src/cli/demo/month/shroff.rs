//! The counter of the estate office: a shroff's day, through the API as a shroff does.

use serde_json::{Value, json};

use super::calls::word;
use super::{Stage, sum};
use crate::cli::Failure;
use crate::kernel::money::Money;
use crate::kernel::role::Role;
use crate::rent::hkd;

/// Who sits at the counter, and who approves what the shroff may not alone.
const SHROFF: Role = Role::EstateOfficer;
const APPROVES: Role = Role::EstateManager;
/// The notes and coins that a drawer is counted in: the largest first, in cents.
const PIECES: &[(&str, i64)] = &[
    ("note", 100_000),
    ("note", 50_000),
    ("note", 10_000),
    ("note", 5_000),
    ("note", 2_000),
    ("coin", 1_000),
    ("coin", 500),
    ("coin", 200),
    ("coin", 100),
    ("coin", 50),
    ("coin", 20),
    ("coin", 10),
];

/// Cash, a cheque and a card. The first is taken for the wrong household: that receipt is voided by
/// two people, and the money taken again. At the end the drawer is counted.
pub fn play(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let office = json!({ "estate": stage.scene.estate });
    let day = stage.api.post(SHROFF, "/v1/counter-days", &office)?;
    let day = format!("/v1/counter-days/{}", word(&day, "id"));
    let payers = stage.households.some(140, 40).into_iter();
    // What coins can pay.
    let mut payers = payers.filter(|(_, due)| due.cents() % 10 == 0);
    let (Some(one), Some(two), Some(three), Some(four)) =
        (payers.next(), payers.next(), payers.next(), payers.next())
    else {
        return Ok(());
    };
    let handed = [
        json!({ "tenant_code": two.0, "amount": one.1, "tender": "cash" }),
        json!({ "tenant_code": one.0, "amount": one.1, "tender": "cash" }),
        json!({ "tenant_code": two.0, "amount": two.1, "tender": "cash" }),
        json!({
            "tenant_code": three.0, "amount": three.1, "tender": "cheque", "instrument": "004217",
        }),
        json!({
            "tenant_code": four.0, "amount": four.1, "tender": "card", "instrument": "S-0093",
        }),
    ];
    let mut receipts = Vec::new();
    for one in &handed {
        let path = format!("{day}/payments");
        let receipt = stage.api.post(SHROFF, &path, one)?;
        if receipts.is_empty() {
            void(stage, &receipt)?;
        }
        receipts.push(receipt);
    }
    let number =
        |receipt: Option<&Value>| receipt.map_or("", |one| word(one, "receipt")).to_owned();
    let (first, last) = (number(receipts.first()), number(receipts.last()));
    stage.say(format_args!(
        "  {} receipts, {first} to {last}; {first} void: proposed by the shroff, approved by the \
         manager",
        receipts.len()
    ));
    count(stage, &day)
}

/// Voids `receipt`, by two people.
fn void(stage: &Stage<'_>, receipt: &Value) -> Result<(), Failure> {
    let path = format!("/v1/counter-receipts/{}/voids", word(receipt, "payment"));
    let why = json!({ "reason": "taken for another household" });
    let proposed = stage.api.post(SHROFF, &path, &why)?;
    let path = format!("/v1/counter-voids/{}/approval", word(&proposed, "id"));
    stage.api.post(APPROVES, &path, &json!({})).map(drop)
}

/// Counts what the day holds.
fn count(stage: &mut Stage<'_>, day: &str) -> Result<(), Failure> {
    let whole = stage.api.get(SHROFF, day)?;
    let held = whole.get("held").and_then(Value::as_array);
    let held = held.map_or(&[][..], Vec::as_slice);
    let of = |tender: &str| held.iter().find(|one| word(one, "tender") == tender);
    let amount = |tender: &str| of(tender).map_or(Money::ZERO, amount_of);
    let slips = |tender: &str| {
        let pieces = of(tender).and_then(|one| one.get("receipts").cloned());
        json!({ "pieces": pieces.unwrap_or_default(), "amount": amount(tender) })
    };
    let cash = piles(amount("cash").cents()).into_iter();
    let cash = cash.map(|(kind, cents, pieces)| {
        let value = Money::of_cents(cents).unwrap_or_default();
        json!({ "kind": kind, "value": value, "pieces": pieces })
    });
    let counted = json!({
        "cash": cash.collect::<Vec<_>>(), "cheques": slips("cheque"), "cards": slips("card"),
    });
    let told = stage.api.post(SHROFF, &format!("{day}/count"), &counted)?;
    let all = hkd(sum(held.iter().map(amount_of))?);
    let now_is = told.get("day").map_or("", |day| word(day, "state"));
    stage.say(format_args!(
        "  counted: cash {}, cheques {}, cards {}, {all} in all; the day is {now_is}",
        hkd(amount("cash")),
        hkd(amount("cheque")),
        hkd(amount("card")),
    ));
    Ok(())
}

/// As many of each piece as `cents` are laid out with, the largest first.
fn piles(cents: i64) -> Vec<(&'static str, i64, i64)> {
    let mut left = cents;
    let piles = PIECES.iter().map(|(kind, value)| {
        let pieces = left / value;
        left -= pieces * value;
        (*kind, *value, pieces)
    });
    piles.filter(|(.., pieces)| *pieces > 0).collect()
}

fn amount_of(held: &Value) -> Money {
    word(held, "amount").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_what_is_held() {
        for cents in [0, 10, 990, 123_450, 185_800, 1_000_000] {
            let piles = piles(cents);
            let sum: i64 = piles.iter().map(|(_, value, pieces)| value * pieces).sum();
            assert_eq!(sum, cents);
        }
        assert_eq!(
            piles(185_800),
            [
                ("note", 100_000, 1),
                ("note", 50_000, 1),
                ("note", 10_000, 3),
                ("note", 5_000, 1),
                ("coin", 500, 1),
                ("coin", 200, 1),
                ("coin", 100, 1),
            ]
        );
    }
}
