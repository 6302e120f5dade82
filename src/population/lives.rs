//! What becomes of a flat and of the households in it: who moves in, out and across.
//!
//! A start is on record before its month, an end before its own: the monthly charge knew both.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};

use super::chance::Dice;
use super::homes::leap_day;
use super::model::Window;
use crate::kernel::clock::hong_kong_time;
use crate::kernel::month::Month;
use crate::tenancy::{EndReason, TenancyKind};

/// Of ten thousand flats a year: let anew to another household, and left for another flat.
const LET_ANEW: u32 = 300;
const MOVED_FROM: u32 = 100;
/// Of ten thousand, let for the first time in the first and in the last month.
const FIRST_LET: u32 = 50;

const TENTHS_OF_A_MILLE: u32 = 10_000;

/// What becomes of a flat during the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// One household has lived here since before.
    Stays,
    /// One household leaves, and later another moves in.
    LetAnew,
    /// Its household comes from another flat.
    MovedTo,
    /// It is first let in this month.
    FirstLet(Month),
}

impl Fate {
    /// What becomes of a flat.
    pub fn draw(dice: &mut Dice, window: &Window) -> Self {
        let over = |a_year: u32| (a_year * window.months() / 12).min(TENTHS_OF_A_MILLE / 4);
        let others = over(LET_ANEW) + over(MOVED_FROM) + 2 * FIRST_LET;
        let choices = [
            (over(LET_ANEW), Self::LetAnew),
            (over(MOVED_FROM), Self::MovedTo),
            (FIRST_LET, Self::FirstLet(window.first)),
            (FIRST_LET, Self::FirstLet(window.last)),
            (TENTHS_OF_A_MILLE - others, Self::Stays),
        ];
        dice.choose(&choices, Self::Stays)
    }
}

/// A tenancy to be: its days, and when they were known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub starts_on: NaiveDate,
    pub recorded_at: DateTime<Utc>,
    /// The last day, when it was known, and why.
    pub end: Option<(NaiveDate, DateTime<Utc>, EndReason)>,
}

impl Stay {
    fn open(starts_on: NaiveDate, dice: &mut Dice) -> Self {
        let before = Days::new(dice.between(1, 10).into());
        Self {
            starts_on,
            recorded_at: office_hour(Month::of(starts_on).first() - before, dice),
            end: None,
        }
    }

    fn until(self, last: NaiveDate, reason: EndReason, dice: &mut Dice) -> Self {
        let before = Days::new(dice.between(15, 25).into());
        let known = office_hour(Month::of(last).first() - before, dice);
        Self {
            end: Some((last, known, reason)),
            ..self
        }
    }
}

/// Who lives in a flat, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    One(Stay),
    /// Two households.
    OneAfterOther(Stay, Stay),
    /// One household: in another flat first, then here.
    Moved(Stay, Stay),
}

/// The story of a flat that nobody lived in before `opened`.
pub fn story(fate: Fate, opened: Option<NaiveDate>, window: &Window, dice: &mut Dice) -> Story {
    let first = window.first.first();
    let opened = opened.filter(|opened| *opened <= window.until);
    if let Some(opened) = opened.filter(|opened| *opened >= first) {
        let starts_on = dice.day(opened, window.until);
        return Story::One(Stay::open(starts_on, dice));
    }
    match fate {
        Fate::LetAnew if window.until > first => {
            let next = day_of_start(any_month(window, dice), dice);
            let next = next.clamp(first + Days::new(1), window.until);
            let left = day_of_end(next, first, dice);
            let reason = dice.choose(REASONS, EndReason::Surrender);
            let old = Stay::open(long_ago(opened, window, dice), dice);
            let old = old.until(left, reason, dice);
            Story::OneAfterOther(old, Stay::open(next, dice))
        }
        Fate::MovedTo if window.until > first => {
            let moved = day_of_start(any_month(window, dice), dice);
            let moved = moved.clamp(first + Days::new(1), window.until);
            let old = Stay::open(long_ago(opened, window, dice), dice);
            let old = old.until(moved - Days::new(1), EndReason::Transfer, dice);
            let new = Stay::open(moved, dice);
            // A transfer is recorded as a whole.
            let recorded_at = old.end.map_or(new.recorded_at, |(_, known, _)| known);
            Story::Moved(old, Stay { recorded_at, ..new })
        }
        Fate::FirstLet(month) => {
            let starts_on = dice.day(month.first(), month.last()).min(window.until);
            Story::One(Stay::open(starts_on, dice))
        }
        Fate::Stays | Fate::LetAnew | Fate::MovedTo => {
            Story::One(Stay::open(long_ago(opened, window, dice), dice))
        }
    }
}

const REASONS: &[(u32, EndReason)] = &[
    (700, EndReason::Surrender),
    (200, EndReason::Death),
    (70, EndReason::NoticeToQuit),
    (30, EndReason::Other),
];

/// On what terms a household lives here.
pub fn kind(dice: &mut Dice) -> TenancyKind {
    let kinds = [
        (970, TenancyKind::Prh),
        (20, TenancyKind::InterimHousing),
        (10, TenancyKind::Licence),
    ];
    dice.choose(&kinds, TenancyKind::Prh)
}

/// A month of the history; the first and the last more often than others.
fn any_month(window: &Window, dice: &mut Dice) -> Month {
    match dice.below(10) {
        0 => window.first,
        1 => window.last,
        _ => window.first.plus(dice.below(window.months())),
    }
}

/// A day before the history on which a household moved in; now and then a leap day.
fn long_ago(opened: Option<NaiveDate>, window: &Window, dice: &mut Dice) -> NaiveDate {
    let last = window.first.first() - Days::new(1);
    let earliest = window.first.first() - Months::new(30 * 12);
    let earliest = opened
        .map_or(earliest, |opened| opened.max(earliest))
        .min(last);
    let day = dice.day(earliest, last);
    let leap = leap_day(day).filter(|leap| (earliest..=last).contains(leap));
    leap.filter(|_| dice.happens(20)).unwrap_or(day)
}

/// The day of `month` on which a household moves in: often the first, at times the last.
fn day_of_start(month: Month, dice: &mut Dice) -> NaiveDate {
    match dice.below(20) {
        0..5 => month.first(),
        5 => month.last(),
        _ => dice.day(month.first(), month.last()),
    }
}

/// The day on which the household before left: often the end of a month.
fn day_of_end(next: NaiveDate, first: NaiveDate, dice: &mut Dice) -> NaiveDate {
    let month_end = Month::of(next).first() - Days::new(1);
    let any = next - Days::new(dice.between(1, 60).into());
    let left = if dice.happens(400) { month_end } else { any };
    left.max(first)
}

/// An instant of a working day in Hong Kong.
fn office_hour(date: NaiveDate, dice: &mut Dice) -> DateTime<Utc> {
    hong_kong_time(date, dice.between(9 * 3600, 18 * 3600))
}

#[cfg(test)]
mod tests {
    use super::super::chance::Purpose;
    use super::super::model::Order;
    use super::*;

    fn stories(order: Order, now: &str) -> (Window, Vec<Story>) {
        let window = order.window(now.parse().unwrap()).unwrap();
        let one = |which| {
            let mut dice = Dice::new(order.seed, Purpose::Flat, which);
            let fate = Fate::draw(&mut dice, &window);
            story(fate, None, &window, &mut dice)
        };
        (window, (0..20_000).map(one).collect())
    }

    fn order(months: u32, until: &str) -> Order {
        Order {
            tenancies: 1,
            seed: 1,
            months,
            until: until.parse().unwrap(),
        }
    }

    #[test]
    fn nothing_overlaps_and_nothing_is_in_the_future() {
        for (months, until) in [
            (24, "2026-10"),
            (6, "2026-11"),
            (1, "2026-10"),
            (1, "2026-11"),
        ] {
            let (window, stories) = stories(order(months, until), "2026-11-20T01:00:00Z");
            for told in stories {
                let stays = match told {
                    Story::One(stay) => vec![stay],
                    Story::OneAfterOther(old, new) | Story::Moved(old, new) => {
                        let (last, known, _) = old.end.unwrap();
                        assert!(last < new.starts_on && new.recorded_at >= known, "{told:?}");
                        vec![old, new]
                    }
                };
                assert_eq!(stays.last().unwrap().end, None);
                for stay in stays {
                    let known = Month::of(stay.starts_on).first();
                    assert!(stay.recorded_at < hong_kong_time(known, 0), "{told:?}");
                    assert!(stay.starts_on <= window.until && stay.recorded_at <= window.now);
                    let Some((last, known, _)) = stay.end else {
                        continue;
                    };
                    assert!(stay.starts_on <= last && last <= window.until, "{told:?}");
                    assert!(
                        last >= window.first.first() && known > stay.recorded_at,
                        "{told:?}"
                    );
                    assert!(
                        known < hong_kong_time(Month::of(last).first(), 0),
                        "{told:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn flats_change_hands_at_the_rates_of_the_housing_authority() {
        let (_, stories) = stories(order(24, "2026-10"), "2026-11-20T01:00:00Z");
        let count = |wanted: fn(&Story) -> bool| stories.iter().filter(|told| wanted(told)).count();
        let anew = count(|told| matches!(told, Story::OneAfterOther(..)));
        let moved = count(|told| matches!(told, Story::Moved(..)));
        assert!(
            (1_000..1_400).contains(&anew),
            "{anew} of 20,000 in two years"
        );
        assert!((320..480).contains(&moved), "{moved}");
    }

    #[test]
    fn people_move_on_leap_days_and_on_the_last_of_long_months() {
        use chrono::Datelike;
        let (_, stories) = stories(order(24, "2025-06"), "2026-11-20T01:00:00Z");
        let mut days = std::collections::BTreeSet::new();
        for told in stories {
            let (Story::One(stay) | Story::OneAfterOther(stay, _) | Story::Moved(stay, _)) = told;
            days.insert((stay.starts_on.month(), stay.starts_on.day()));
            days.extend(stay.end.map(|(last, ..)| (last.month(), last.day())));
        }
        assert!(days.contains(&(2, 29)) && days.contains(&(8, 31)));
    }
}
