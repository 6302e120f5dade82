//! What households are granted: Rent Assistance, additional rent, or nothing.

use chrono::{Days, NaiveDate};

use super::chance::Dice;
use super::model::Window;
use crate::kernel::clock::hong_kong_time;
use crate::kernel::id::AwardId;
use crate::kernel::month::Month;
use crate::rent::{Award, Scheme};
use crate::tenancy::TenancyKind;

/// Of a thousand households: who pay less, and who pay more.
const ASSISTED: u32 = 22;
const WELL_OFF: u32 = 30;

/// The longest Rent Assistance, in months.
const LONGEST_ASSISTANCE: u32 = 24;

/// The household to grant something to, or not.
#[derive(Debug, Clone, Copy)]
pub struct Grantee {
    pub household: i64,
    pub kind: TenancyKind,
    /// When it got its first flat.
    pub since: NaiveDate,
}

/// What a household that lives here at the end of the history is granted.
pub fn awards(grantee: Grantee, seed: u64, window: &Window, dice: &mut Dice) -> Vec<Award> {
    let draw = dice.below(1000);
    if grantee.kind == TenancyKind::Licence || draw >= ASSISTED + WELL_OFF {
        return Vec::new();
    }
    let terms = if draw < ASSISTED {
        assistance(window, dice)
    } else {
        additional_rent(window, dice)
    };
    let earliest = Month::of(grantee.since).next();
    let mut awards = Vec::with_capacity(terms.len());
    for (number, (scheme, first, last)) in (1..).zip(terms) {
        let first = first.max(earliest);
        if last.is_some_and(|last: Month| last < first) {
            continue;
        }
        let name = format!("population/{seed}/{}/{number}", grantee.household);
        let decided = first.first() - Days::new(dice.between(10, 60).into());
        let decided = decided.clamp(grantee.since, window.until.max(grantee.since));
        awards.push(Award {
            id: AwardId::derived(&name),
            revision: 1,
            household: grantee.household,
            scheme,
            first_month: first.first(),
            last_month: last.map(Month::first),
            reason: reason(scheme).to_owned(),
            recorded_by: "kaifong:population".to_owned(),
            recorded_at: hong_kong_time(decided, dice.between(9 * 3600, 18 * 3600)).min(window.now),
            replaced_at: None,
        });
    }
    awards
}

type Terms = (Scheme, Month, Option<Month>);

/// Two years at most, under way at the end of the history; often renewed from before.
fn assistance(window: &Window, dice: &mut Dice) -> Vec<Terms> {
    let scheme = |dice: &mut Dice| {
        let schemes = [(700, Scheme::Assistance25), (300, Scheme::Assistance50)];
        dice.choose(&schemes, Scheme::Assistance25)
    };
    let elapsed = dice.below(LONGEST_ASSISTANCE);
    let months = dice.between(elapsed + 1, LONGEST_ASSISTANCE);
    let first = window.last.minus(elapsed);
    let mut terms = vec![(scheme(dice), first, Some(first.plus(months - 1)))];
    if dice.happens(500) {
        let before = (first.minus(LONGEST_ASSISTANCE), Some(first.minus(1)));
        terms.insert(0, (scheme(dice), before.0, before.1));
    }
    terms
}

/// Until further notice: since before, since a month of the history, or from the month that
/// the higher multiples begin.
fn additional_rent(window: &Window, dice: &mut Dice) -> Vec<Terms> {
    let bands = [
        (700, Scheme::AdditionalOver2),
        (200, Scheme::AdditionalOver3),
        (100, Scheme::AdditionalOver4),
    ];
    let scheme = dice.choose(&bands, Scheme::AdditionalOver2);
    let first = match dice.below(4) {
        0 | 1 => window.first.minus(dice.between(1, 36)),
        2 => window.first.plus(dice.below(window.months())),
        _ => higher_multiples().max(window.last.plus(dice.below(3))),
    };
    vec![(scheme, first, None)]
}

/// October 2026: 2.5, 3.5 and 4.5 times the net rent.
fn higher_multiples() -> Month {
    Month::of(NaiveDate::from_ymd_opt(2026, 10, 1).unwrap_or_default())
}

fn reason(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Assistance25 | Scheme::Assistance50 => "income below the limit of the scheme",
        _ => "declared income above the limit",
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Purpose;
    use super::super::model::Order;
    use super::*;

    #[test]
    fn awards_never_overlap_and_are_known_by_now() {
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        let window = Order::new(1, 1, now).window(now).unwrap();
        let (mut assisted, mut more, mut ahead) = (0, 0, 0);
        for household in 0..20_000 {
            let mut dice = Dice::new(1, Purpose::Household, household);
            let grantee = Grantee {
                household: household.try_into().unwrap(),
                kind: TenancyKind::Prh,
                since: dice.day("2010-01-31".parse().unwrap(), window.until),
            };
            let awards = awards(grantee, 1, &window, &mut dice);
            let Some(last) = awards.last() else { continue };
            if awards.len() == 2 {
                assert!(awards[0].last_month.unwrap() < awards[1].first_month);
            }
            for award in &awards {
                assert!(award.first_month > grantee.since && award.recorded_at <= now);
                let longest = Month::of(award.first_month).plus(23).first();
                let assisted = last.scheme < Scheme::AdditionalOver2;
                assert!(
                    !assisted || award.last_month.unwrap() <= longest,
                    "{award:?}"
                );
            }
            assisted += i32::from(last.scheme < Scheme::AdditionalOver2);
            more += i32::from(last.scheme >= Scheme::AdditionalOver2);
            ahead += i32::from(Month::of(last.first_month) > window.last);
        }
        assert!((380..500).contains(&assisted), "{assisted}");
        assert!((520..680).contains(&more), "{more}");
        assert!(ahead > 50, "{ahead} begin after the history");
    }
}
