//! What a counter takes, and what a count says. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::model::{
    Count, CountLine, Counted, CounterDay, CounterError, DayState, HandedOver, Held, Piece, Pile,
    Slips, Tender,
};
use crate::kernel::money::{Money, NotMoney};

/// The longest name of a cheque or slip: no card's number fits.
const LONGEST: usize = 12;

/// Whether `shroff` may take something into `day` on `today`.
pub fn may_take(day: &CounterDay, shroff: &str, today: NaiveDate) -> Result<(), CounterError> {
    if day.shroff != shroff {
        return Err(CounterError::NotTheirs);
    }
    is_open_on(day, today)
}

/// Whether what was taken on `day` may still be taken back on `today`.
pub fn is_open_on(day: &CounterDay, today: NaiveDate) -> Result<(), CounterError> {
    if day.state != DayState::Open {
        return Err(CounterError::Day(day.state));
    }
    if day.opened_on != today {
        return Err(CounterError::OtherDate(day.opened_on));
    }
    Ok(())
}

/// Whether `handed` may be taken where one payment of its tender is `at_most` so much.
pub fn may_be_taken(handed: &HandedOver, at_most: Option<Money>) -> Result<(), CounterError> {
    let HandedOver {
        amount,
        tender,
        instrument,
        ..
    } = handed;
    if let Some(at_most) = at_most.filter(|most| amount > most) {
        let tender = *tender;
        return Err(CounterError::OverLimit { tender, at_most });
    }
    let is_named = |name: &String| {
        (1..=LONGEST).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match (tender, instrument) {
        (Tender::Cash, None) => Ok(()),
        (Tender::Cash, Some(_)) => Err(CounterError::Instrument(
            "instrument: cash has no name of its own",
        )),
        (Tender::Cheque | Tender::Card, Some(name)) if is_named(name) => Ok(()),
        (Tender::Cheque | Tender::Card, _) => Err(CounterError::Instrument(
            "instrument: the number of the cheque or slip, up to 12 letters and digits",
        )),
    }
}

/// How many there are of each piece in `piles`, by its number; each is one of those in
/// `circulation`.
pub fn recognised(
    piles: &[Pile],
    circulation: &[Piece],
) -> Result<BTreeMap<i32, u32>, CounterError> {
    let mut counted = BTreeMap::new();
    for pile in piles.iter().filter(|pile| pile.pieces > 0) {
        let same = |piece: &&Piece| (piece.kind, piece.value) == (pile.kind, pile.value);
        let piece = circulation.iter().find(same);
        let piece = piece.ok_or(CounterError::NoSuchPiece(pile.value, pile.kind))?;
        let pieces: &mut u32 = counted.entry(piece.id).or_default();
        *pieces = pieces
            .checked_add(pile.pieces)
            .ok_or(CounterError::TooMuch)?;
    }
    Ok(counted)
}

/// What `counted` says beside what is `held`, tender by tender.
pub fn lines(held: &[Held], counted: &Counted) -> Result<Vec<CountLine>, CounterError> {
    let of = |tender: Tender| -> Result<CountLine, CounterError> {
        let held = held.iter().find(|held| held.tender == tender);
        let Slips { pieces, amount } = match tender {
            Tender::Cash => cash(&counted.cash)?,
            Tender::Cheque => counted.cheques,
            Tender::Card => counted.cards,
        };
        let receipts = held.map_or(0, |held| held.receipts);
        Ok(CountLine {
            tender,
            receipts: i32::try_from(receipts).map_err(|_| CounterError::TooMuch)?,
            held: held.map_or(Money::ZERO, |held| held.amount),
            pieces: i32::try_from(pieces).map_err(|_| CounterError::TooMuch)?,
            counted: amount,
        })
    };
    Tender::ALL.iter().map(|tender| of(*tender)).collect()
}

/// How many notes and coins, and what they come to.
fn cash(piles: &[Pile]) -> Result<Slips, NotMoney> {
    let none = Slips::default();
    piles.iter().try_fold(none, |sum, pile| {
        let cents = pile.value.cents().checked_mul(pile.pieces.into());
        let amount = Money::of_cents(cents.ok_or(NotMoney)?)?;
        Ok(Slips {
            pieces: sum.pieces.checked_add(pile.pieces).ok_or(NotMoney)?,
            amount: sum.amount.checked_add(amount)?,
        })
    })
}

/// Whether what was counted is what is held: every amount, and every cheque and slip.
pub fn agrees(lines: &[CountLine]) -> bool {
    lines.iter().all(|line| {
        line.counted == line.held && (line.tender == Tender::Cash || line.pieces == line.receipts)
    })
}

/// Who may not close a day that was counted so: who counted it, and whose day it is.
pub fn concerned<'a>(count: &'a Count, day: &'a CounterDay) -> [&'a str; 2] {
    [&count.counted_by, &day.shroff]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counter::model::CashKind;
    use crate::kernel::id::{CounterDayId, EstateId};
    use crate::kernel::tenant_code::TenantCode;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn day(state: DayState) -> CounterDay {
        CounterDay {
            id: CounterDayId::derived("day"),
            estate: EstateId::derived("estate"),
            shroff: "one".to_owned(),
            opened_on: "2026-11-20".parse().unwrap(),
            opened_at: "2026-11-20T01:00:00Z".parse().unwrap(),
            state,
            closed_at: None,
        }
    }

    #[test]
    fn a_shroff_takes_on_their_own_day_while_it_is_open() {
        let (today, tomorrow) = ("2026-11-20".parse().unwrap(), "2026-11-21".parse().unwrap());
        assert!(may_take(&day(DayState::Open), "one", today).is_ok());
        for (refused, why) in [
            (may_take(&day(DayState::Open), "two", today), "another"),
            (may_take(&day(DayState::Counted), "one", today), "counted"),
            (may_take(&day(DayState::Closed), "one", today), "closed"),
            (
                may_take(&day(DayState::Open), "one", tomorrow),
                "2026-11-20",
            ),
        ] {
            let said = refused.unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn the_limit_itself_is_taken_and_a_cent_more_is_not() {
        let handed = |amount: &str, tender, instrument: Option<&str>| HandedOver {
            code: TenantCode::of(TenantCode::FIRST).unwrap(),
            amount: money(amount),
            tender,
            instrument: instrument.map(str::to_owned),
        };
        let most = Some(money("20000.00"));
        let (cash, cheque, card) = (Tender::Cash, Tender::Cheque, Tender::Card);
        for (handed, at_most, taken) in [
            (handed("20000.00", cash, None), most, true),
            (handed("20000.01", cash, None), most, false),
            (handed("20000.01", cash, None), None, true),
            (handed("1.00", cash, Some("123456")), most, false),
            (handed("20000.01", cheque, Some("123456")), None, true),
            (handed("1.00", cheque, None), None, false),
            (handed("1.00", card, Some("A-12")), None, true),
            (handed("1.00", card, Some("")), None, false),
            (handed("1.00", card, Some("12 34")), None, false),
            // No room for a card's number.
            (handed("1.00", card, Some("4111111111111")), None, false),
        ] {
            let may = may_be_taken(&handed, at_most);
            assert_eq!(may.is_ok(), taken, "{handed:?}");
        }
    }

    #[test]
    fn a_count_agrees_when_every_tender_does() {
        let held = [(Tender::Cash, 2, "300.50"), (Tender::Cheque, 1, "100.00")];
        let held = held.map(|(tender, receipts, amount)| Held {
            tender,
            receipts,
            amount: money(amount),
            voided: 0,
            voided_amount: Money::ZERO,
        });
        let pile = |kind, value: &str, pieces| Pile {
            kind,
            value: money(value),
            pieces,
        };
        let slips = |pieces, amount: &str| Slips {
            pieces,
            amount: money(amount),
        };
        let good = Counted {
            cash: vec![
                pile(CashKind::Note, "100.00", 3),
                pile(CashKind::Coin, "0.50", 1),
            ],
            cheques: slips(1, "100.00"),
            cards: Slips::default(),
            reason: None,
        };
        assert!(agrees(&lines(&held, &good).unwrap()));
        let spoiled: [fn(&mut Counted); 5] = [
            |counted| counted.cash.truncate(1),
            |counted| counted.cheques.pieces = 2,
            |counted| counted.cheques.amount = "99.99".parse().unwrap(),
            |counted| counted.cards.amount = "0.01".parse().unwrap(),
            // As much in all, and yet not so.
            |counted| {
                counted.cards = Slips {
                    pieces: 1,
                    amount: "100.00".parse().unwrap(),
                };
                counted.cheques = Slips::default();
            },
        ];
        for spoil in spoiled {
            let mut counted = good.clone();
            spoil(&mut counted);
            assert!(!agrees(&lines(&held, &counted).unwrap()), "{counted:?}");
        }
        let endless = Counted {
            cash: vec![pile(CashKind::Note, "1000.00", u32::MAX)],
            ..good
        };
        assert!(lines(&held, &endless).is_err());
    }

    #[test]
    fn only_what_is_in_circulation_is_counted() {
        let circulation = [Piece {
            id: 7,
            kind: CashKind::Coin,
            value: money("10.00"),
        }];
        let pile = |kind, value: &str, pieces| Pile {
            kind,
            value: money(value),
            pieces,
        };
        let coins = |pieces| pile(CashKind::Coin, "10.00", pieces);
        let twice = recognised(&[coins(1), coins(0), coins(2)], &circulation);
        assert_eq!(twice.unwrap(), [(7, 3)].into());
        for pile in [
            pile(CashKind::Note, "10.00", 1),
            pile(CashKind::Coin, "3.00", 1),
        ] {
            assert!(recognised(&[pile], &circulation).is_err());
        }
        assert!(recognised(&[coins(u32::MAX), coins(1)], &circulation).is_err());
    }
}
