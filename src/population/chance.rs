//! Seeded chance. The draws are made here and not by a library's distributions, which may
//! change between releases: the same seed must make the same population for ever.

use chrono::{Days, NaiveDate};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What chance is asked about: each purpose has its own streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Of what size a unit of a block is.
    Unit,
    /// What becomes of a flat and the households in it.
    Flat,
    /// What a household is granted, and how it pays.
    Household,
    /// What a household pays in a month.
    Payment,
    /// Who lives in a household.
    Member,
}

impl Purpose {
    fn number(self) -> u64 {
        match self {
            Self::Unit => 1,
            Self::Flat => 2,
            Self::Household => 3,
            Self::Payment => 4,
            Self::Member => 5,
        }
    }
}

/// A stream of chance.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of `seed` about `which` of `purpose`.
    pub fn new(seed: u64, purpose: Purpose, which: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream((purpose.number() << 56) | (which & ((1 << 56) - 1)));
        Self(generator)
    }

    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: u32) -> u32 {
        let product = u64::from(self.0.next_u32()) * u64::from(bound);
        u32::try_from(product >> 32).unwrap_or(0)
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last.saturating_sub(first) + 1)
    }

    /// True in `per_mille` of a thousand times.
    pub fn happens(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// One of `choices`, as often as its weight says; the last when the weights end early.
    pub fn choose<T: Copy>(&mut self, choices: &[(u32, T)], otherwise: T) -> T {
        let total = choices.iter().map(|(weight, _)| weight).sum();
        let mut draw = self.below(total);
        for (weight, choice) in choices {
            match draw.checked_sub(*weight) {
                None => return *choice,
                Some(rest) => draw = rest,
            }
        }
        otherwise
    }

    /// A day from `first` to `last`; `first` when there is none.
    pub fn day(&mut self, first: NaiveDate, last: NaiveDate) -> NaiveDate {
        let days = u32::try_from((last - first).num_days()).unwrap_or(0);
        first + Days::new(u64::from(self.between(0, days)))
    }

    /// Sixteen bytes that nobody else draws.
    pub fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_a_seed_never_change() {
        let mut dice = Dice::new(7, Purpose::Flat, 3);
        let draws: Vec<u32> = (0..6).map(|_| dice.below(1000)).collect();
        assert_eq!(draws, [136, 286, 319, 721, 164, 339]);
    }

    #[test]
    fn draws_keep_to_their_bounds_and_weights() {
        let mut dice = Dice::new(1, Purpose::Unit, 0);
        assert!((0..1000).all(|_| (3..=5).contains(&dice.between(3, 5))));
        assert_eq!(dice.below(0), 0);
        let often = (0..10_000).filter(|_| dice.happens(30)).count();
        assert!((200..400).contains(&often), "{often}");
        let chosen = (0..10_000).filter(|_| dice.choose(&[(1, 'a'), (3, 'b')], 'c') == 'a');
        let chosen = chosen.count();
        assert!((2300..2700).contains(&chosen), "{chosen}");
    }

    #[test]
    fn streams_differ_by_purpose_and_by_what_they_are_about() {
        let draw = |purpose, which| Dice::new(9, purpose, which).bytes();
        assert_ne!(draw(Purpose::Unit, 1), draw(Purpose::Flat, 1));
        assert_ne!(draw(Purpose::Unit, 1), draw(Purpose::Unit, 2));
    }
}
