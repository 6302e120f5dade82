//! Where people live: how many households each estate gets, and the flats they live in.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::chance::{Dice, Purpose};
use crate::estates::{Block, Estate, Flat};
use crate::kernel::id::{BlockId, EstateId};

/// Flat sizes that estates are built with, in hundredths of a square metre, and how often:
/// for one or two people up to six and more.
const DESIGNS: [(u32, u32); 6] = [
    (22, 1_450),
    (26, 2_150),
    (24, 3_000),
    (17, 3_550),
    (7, 3_950),
    (4, 4_450),
];

/// What an estate that states no sizes is taken to have.
const USUAL_SIZES: (u32, u32) = (1_400, 4_500);

/// Flats on a floor of a block, about.
const FLATS_ON_A_FLOOR: u32 = 20;

/// An estate that can be lived in.
#[derive(Debug, Clone)]
pub struct Place {
    pub estate: EstateId,
    /// Rental flats in reality.
    pub flats: u32,
    pub blocks: Vec<BlockId>,
    /// The smallest and the largest flat, in hundredths of a square metre.
    pub sizes: (u32, u32),
    /// Nobody lived here before.
    pub opened: Option<NaiveDate>,
}

impl Place {
    /// The place that `estate` is; none when nobody rents there.
    pub fn of(estate: &Estate, blocks: &[Block]) -> Option<Self> {
        let flats = estate
            .rental_flats
            .and_then(|flats| u32::try_from(flats).ok());
        let flats = flats.filter(|flats| *flats > 0)?;
        let hundredths = |size: Option<Decimal>| (size? * Decimal::ONE_HUNDRED).to_u32();
        let sizes = hundredths(estate.ifa_min).zip(hundredths(estate.ifa_max));
        let year = estate.intake_years.iter().min();
        (!blocks.is_empty()).then(|| Self {
            estate: estate.id,
            flats,
            blocks: blocks.iter().map(|block| block.id).collect(),
            sizes: sizes.unwrap_or(USUAL_SIZES),
            opened: year.and_then(|year| NaiveDate::from_ymd_opt(*year, 1, 1)),
        })
    }

    /// `count` flats of it, spread over its blocks and their floors; `which` is its own number.
    pub fn build(&self, count: u32, seed: u64, which: u32) -> Vec<Flat> {
        let blocks = u32::try_from(self.blocks.len()).unwrap_or(1).max(1);
        let mut flats = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        for (number, block) in (0..).zip(&self.blocks) {
            let wanted = count / blocks + u32::from(number < count % blocks);
            let stream =
                |unit: u32| (u64::from(which) << 32) | (u64::from(number) << 16) | u64::from(unit);
            let shape = Shape::of((self.flats / blocks).max(wanted));
            let areas: Vec<u32> = (0..shape.units)
                .map(|unit| self.area(&mut Dice::new(seed, Purpose::Unit, stream(unit))))
                .collect();
            flats.extend(self.in_block(*block, wanted, shape, &areas));
        }
        flats
    }

    fn in_block(
        &self,
        block: BlockId,
        wanted: u32,
        shape: Shape,
        areas: &[u32],
    ) -> impl Iterator<Item = Flat> {
        let spots = u64::from(shape.floors) * u64::from(shape.units);
        (0..wanted).map(move |place| {
            let spot = u64::from(place) * spots / u64::from(wanted);
            let (floor, unit) = (spot / u64::from(shape.units), spot % u64::from(shape.units));
            let area = usize::try_from(unit).ok().and_then(|unit| areas.get(unit));
            let floor = i16::try_from(floor + 1).unwrap_or(i16::MAX);
            let unit = format!("{:02}", unit + 1);
            Flat {
                id: Flat::id_of(block, floor, &unit),
                block_id: block,
                estate_id: self.estate,
                floor,
                unit,
                ifa: Decimal::new(area.copied().unwrap_or(self.sizes.0).into(), 2),
            }
        })
    }

    /// How large a unit is, in hundredths of a square metre.
    fn area(&self, dice: &mut Dice) -> u32 {
        let (smallest, largest) = self.sizes;
        let fits = |design: &&(u32, u32)| (smallest..=largest).contains(&design.1);
        let designs: Vec<_> = DESIGNS.iter().filter(fits).copied().collect();
        let other = dice.between(smallest, largest);
        let design = dice.choose(&designs, other);
        (design + dice.below(100)).clamp(smallest, largest)
    }
}

/// How a block is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    floors: u32,
    /// On each floor.
    units: u32,
}

impl Shape {
    fn of(flats: u32) -> Self {
        let floors = (flats / FLATS_ON_A_FLOOR).clamp(3, 40);
        Self {
            floors,
            units: flats.div_ceil(floors).max(1),
        }
    }
}

/// How many people live in a flat of `area` hundredths of a square metre.
pub fn household_size(area: u32, dice: &mut Dice) -> i16 {
    let sizes: &[(u32, i16)] = match area {
        0..1_800 => &[(85, 1), (15, 2)],
        1_800..2_600 => &[(20, 1), (62, 2), (18, 3)],
        2_600..3_300 => &[(18, 2), (52, 3), (30, 4)],
        3_300..3_800 => &[(20, 3), (58, 4), (22, 5)],
        3_800..4_200 => &[(35, 4), (45, 5), (20, 6)],
        _ => &[(15, 4), (40, 5), (45, 6)],
    };
    dice.choose(sizes, 2)
}

/// Shares `count` out by `weights`, to the largest remainders; nobody gets a part.
pub fn share_out(count: u32, weights: &[u32]) -> Vec<u32> {
    let total: u64 = weights.iter().copied().map(u64::from).sum::<u64>().max(1);
    let exact = |weight: &u32| u64::from(count) * u64::from(*weight);
    let whole = |weight: &u32| u32::try_from(exact(weight) / total).unwrap_or(0);
    let mut shares: Vec<u32> = weights.iter().map(whole).collect();
    let left = count.saturating_sub(shares.iter().sum());
    let mut order: Vec<(u64, usize)> = (0..)
        .zip(weights)
        .map(|(place, weight)| (exact(weight) % total, place))
        .collect();
    // Of equal remainders the first goes first.
    order.sort_by_key(|(remainder, place)| (std::cmp::Reverse(*remainder), *place));
    let most = usize::try_from(left).unwrap_or(0);
    for (_, place) in order.into_iter().take(most) {
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
        }
    }
    shares
}

/// The leap day of a year, if it has one.
pub fn leap_day(date: NaiveDate) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year(), 2, 29)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn place() -> Place {
        Place {
            estate: EstateId::derived("an estate"),
            flats: 1_000,
            blocks: vec![BlockId::derived("a"), BlockId::derived("b")],
            sizes: (1_400, 3_700),
            opened: None,
        }
    }

    #[test]
    fn shares_add_up_and_follow_the_weights() {
        assert_eq!(share_out(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(share_out(7, &[3, 0, 4]), [3, 0, 4]);
        assert_eq!(share_out(1, &[5, 5]), [1, 0]);
        let weights: Vec<u32> = (1..=241).map(|estate| estate * 37 % 9000).collect();
        assert_eq!(share_out(800_000, &weights).iter().sum::<u32>(), 800_000);
    }

    #[test]
    fn every_flat_stands_once_within_the_sizes_of_its_estate() {
        for count in [1, 37, 1_000, 2_500] {
            let flats = place().build(count, 1, 0);
            let spots: HashSet<_> = flats.iter().map(|flat| flat.id).collect();
            assert_eq!(u32::try_from(spots.len()).unwrap(), count);
            for flat in &flats {
                assert!((1..=42).contains(&flat.floor), "{flat:?}");
                assert!(flat.ifa >= Decimal::new(1_400, 2) && flat.ifa <= Decimal::new(3_700, 2));
            }
        }
        let few = place().build(40, 1, 0);
        assert!(
            few.iter().map(|flat| flat.floor).max() > Some(10),
            "spread over the floors"
        );
    }

    #[test]
    fn larger_households_live_in_larger_flats() {
        let mean = |area| {
            let mut dice = Dice::new(1, Purpose::Flat, 0);
            let sizes = (0..1000).map(|_| i64::from(household_size(area, &mut dice)));
            sizes.sum::<i64>()
        };
        let means: Vec<i64> = DESIGNS.iter().map(|(_, area)| mean(*area)).collect();
        assert!(means.is_sorted(), "{means:?}");
    }
}
