//! How households pay: by what channel, how soon, how much.

use super::chance::Dice;
use super::model::Window;
use crate::kernel::month::Month;
use crate::ledger::General;

/// Channels and their shares of households, in thousandths (shares of rent income in 2009; what the
/// paper leaves open went to the faster payment system and the shroffs).
const CHANNELS: &[(u32, General)] = &[
    (120, General::AutopayClearing),
    (90, General::BankClearing),
    (90, General::PpsClearing),
    (190, General::StoreClearing),
    (0, General::MtrClearing),
    (210, General::CssaClearing),
    (150, General::FpsClearing),
    (150, General::ShroffClearing),
];

/// What a household makes of its rent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Pays all it owes in the first days of the month; now and then it is late.
    Prompt,
    /// Most months it is late, by weeks.
    OftenLate,
    /// Pays nothing from this month on.
    StopsAt(Month),
    /// Pays nothing for these months, then everything at once.
    Misses(Month, Month),
    /// Pays whole hundreds, and so a little too much.
    RoundsUp,
    /// Pays this many months at once.
    Ahead(u8),
}

/// How a household pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payer {
    pub channel: General,
    pub habit: Habit,
}

/// Where a household stands in a month when it decides what to pay, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub month: Month,
    /// Everything owed, this month's rent included.
    pub balance: i64,
    /// This month's rent; nothing once the household has left.
    pub rent: i64,
    /// The first day that it lives here this month.
    pub from_day: u32,
}

impl Payer {
    /// A payer; `granted` households are on no social security and budget by themselves.
    pub fn draw(granted: bool, window: &Window, dice: &mut Dice) -> Self {
        let mut channel = dice.choose(CHANNELS, General::ShroffClearing);
        if granted && channel == General::CssaClearing {
            channel = General::BankClearing;
        }
        // Social security pays on the dot; the others make up for it.
        let habit = if channel == General::CssaClearing {
            Habit::Prompt
        } else {
            habit(window, dice)
        };
        Self { channel, habit }
    }

    /// What it pays in the month, and on which day; cents.
    pub fn pays(&self, due: Due, dice: &mut Dice) -> Option<(u32, i64)> {
        if due.balance <= 0 {
            return None;
        }
        if self.channel == General::CssaClearing {
            return Some((due.from_day, due.balance));
        }
        if due.rent == 0 {
            // It has left: the rest comes sooner or later.
            let day = dice.between(5, 25);
            return dice.happens(700).then_some((day, due.balance));
        }
        let day = if due.from_day > 1 {
            (due.from_day + dice.below(3)).min(due.month.days())
        } else {
            early_day(dice)
        };
        let late_often = match self.habit {
            Habit::StopsAt(month) if due.month >= month => return None,
            Habit::Misses(first, last) if (first..=last).contains(&due.month) => return None,
            Habit::OftenLate => 800,
            Habit::Prompt => 22,
            Habit::StopsAt(_) | Habit::Misses(..) | Habit::RoundsUp | Habit::Ahead(_) => 0,
        };
        if dice.happens(late_often) {
            // By weeks: later this month, or with the rent of the next, but not of the one after.
            let skips = dice.happens(400) && due.balance <= due.rent;
            let day = dice.between(11, 28).max(due.from_day);
            return (!skips).then_some((day, due.balance));
        }
        let amount = match self.habit {
            Habit::RoundsUp => (due.balance / 10_000 + 1) * 10_000,
            Habit::Ahead(months) => due.balance + due.rent * i64::from(months.saturating_sub(1)),
            _ => due.balance,
        };
        Some((day, amount))
    }
}

fn habit(window: &Window, dice: &mut Dice) -> Habit {
    let months = window.months();
    match dice.below(1000) {
        0..40 => Habit::OftenLate,
        40..47 if months > 2 => {
            let longest = (months - 1).min(7);
            Habit::StopsAt(window.last.minus(dice.between(1, longest)))
        }
        47..53 if months > 4 => {
            let first = window.first.plus(dice.below(months - 3));
            Habit::Misses(first, first.plus(dice.between(1, 2)))
        }
        53..61 => Habit::RoundsUp,
        61..76 => Habit::Ahead(dice.choose(&[(5, 2), (4, 3), (1, 6)], 2)),
        _ => Habit::Prompt,
    }
}

/// Mostly from the first to the third day, and up to the tenth.
fn early_day(dice: &mut Dice) -> u32 {
    match dice.below(1000) {
        0..350 => 1,
        350..630 => 2,
        630..800 => 3,
        _ => dice.between(4, 10),
    }
}

/// The second of the day at which a payment through `channel` is booked.
pub fn second_of_day(channel: General, dice: &mut Dice) -> u32 {
    let (from, to) = match channel {
        General::AutopayClearing => (2, 4),
        General::CssaClearing => (6, 7),
        General::ShroffClearing => (9, 17),
        General::StoreClearing | General::MtrClearing => (7, 23),
        _ => (0, 24),
    };
    dice.between(from * 3600, to * 3600 - 1)
}

#[cfg(test)]
mod tests {
    use super::super::chance::Purpose;
    use super::super::model::Order;
    use super::*;

    const RENT: i64 = 234_500;

    /// A household, its balance in the end, its payments: day and cents.
    type Years = (Payer, i64, Vec<(u32, i64)>);

    /// Lets 20,000 households pay the same rent for two years.
    fn two_years() -> Vec<Years> {
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        let window = Order::new(1, 1, now).window(now).unwrap();
        let one = |household| {
            let mut dice = Dice::new(1, Purpose::Household, household);
            let payer = Payer::draw(false, &window, &mut dice);
            let (mut balance, mut payments) = (0, Vec::new());
            for month in window.first.through(window.last) {
                balance += RENT;
                let due = Due {
                    month,
                    balance,
                    rent: RENT,
                    from_day: 1,
                };
                let paid = payer.pays(due, &mut dice);
                balance -= paid.map_or(0, |(_, amount)| amount);
                payments.extend(paid);
            }
            (payer, balance, payments)
        };
        (0..20_000).map(one).collect()
    }

    #[test]
    fn households_pay_as_they_do() {
        let all = two_years();
        let owing = all
            .iter()
            .filter(|(_, balance, _)| *balance >= 2 * RENT)
            .count();
        assert!(
            (60..160).contains(&owing),
            "{owing} of 20,000 owe two months or more"
        );
        let credit = all.iter().filter(|(_, balance, _)| *balance < 0).count();
        assert!((120..360).contains(&credit), "{credit} in credit");
        let days = all.iter().flat_map(|(_, _, payments)| payments);
        let (mut early, mut ten, mut late, mut several) = (0, 0, 0, 0);
        for (day, amount) in days {
            match day {
                1..=3 => early += 1,
                4..=10 => ten += 1,
                _ => late += 1,
            }
            several += u32::from(*amount >= 2 * RENT);
        }
        let total = early + ten + late;
        assert!(early * 100 / total > 75, "{early} of {total} by the third");
        assert!(
            (10..40).contains(&(late * 1000 / total)),
            "{late} of {total} late"
        );
        assert!(several > 0, "some pay several months at once");
    }

    #[test]
    fn the_channels_have_their_shares() {
        let all = two_years();
        let share = |channel| {
            let count = all
                .iter()
                .filter(|(payer, ..)| payer.channel == channel)
                .count();
            count * 1000 / all.len()
        };
        assert!((195..225).contains(&share(General::CssaClearing)));
        assert!((175..205).contains(&share(General::StoreClearing)));
        assert_eq!(share(General::MtrClearing), 0);
    }

    #[test]
    fn who_owes_nothing_pays_nothing_and_a_leaver_settles() {
        let mut dice = Dice::new(1, Purpose::Payment, 1);
        let payer = Payer {
            channel: General::FpsClearing,
            habit: Habit::Ahead(3),
        };
        let month = "2026-02".parse().unwrap();
        let due = Due {
            month,
            balance: 0,
            rent: RENT,
            from_day: 1,
        };
        assert_eq!(payer.pays(due, &mut dice), None);
        let left = Due {
            balance: 5_000,
            rent: 0,
            ..due
        };
        let paid = (0..50).find_map(|_| payer.pays(left, &mut dice)).unwrap();
        assert_eq!(paid.1, 5_000);
        let new = Due {
            balance: 8_375,
            rent: 8_375,
            from_day: 28,
            ..due
        };
        assert_eq!(payer.pays(new, &mut dice), Some((28, 25_125)));
    }
}
