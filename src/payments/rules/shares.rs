//! Which part of a month's payments came by each channel.

use crate::kernel::money::{Money, NotMoney};
use crate::payments::shares::{Category, CategoryPart, ChannelPart, Part, Taken};

/// All of it, in tenths of a per cent.
const WHOLE: u16 = 1_000;

/// The parts of each category of `taken`, all of it, and what is electronic of it.
pub fn parts(taken: &[Taken]) -> Result<(Vec<CategoryPart>, Part, Part), NotMoney> {
    let counts: Vec<i64> = taken.iter().map(|one| one.payments).collect();
    let cents: Vec<i64> = taken.iter().map(|one| one.amount.cents()).collect();
    let shares = thousandths(&counts).into_iter().zip(thousandths(&cents));
    let channels: Vec<_> = taken
        .iter()
        .zip(shares)
        .map(|(one, (payments_share, amount_share))| {
            let part = Part {
                payments: one.payments,
                amount: one.amount,
                payments_share,
                amount_share,
            };
            (one.category.unwrap_or(Category::Other), one.channel, part)
        })
        .collect();
    let mut categories = Vec::new();
    for category in Category::ALL.iter().copied() {
        let own = channels.iter().filter(|(of, ..)| *of == category);
        let own: Vec<_> = own
            .map(|(_, channel, part)| ChannelPart {
                channel: *channel,
                part: *part,
            })
            .collect();
        if !own.is_empty() || category != Category::Other {
            let part = sum(own.iter().map(|one| one.part))?;
            categories.push(CategoryPart {
                category,
                part,
                channels: own,
            });
        }
    }
    let all = sum(categories.iter().map(|one| one.part))?;
    let electronic = categories.iter().filter(|one| one.category.is_electronic());
    let electronic = sum(electronic.map(|one| one.part))?;
    Ok((categories, all, electronic))
}

fn sum(parts: impl Iterator<Item = Part>) -> Result<Part, NotMoney> {
    let mut sum = Part::default();
    for part in parts {
        sum = Part {
            payments: sum.payments.saturating_add(part.payments),
            amount: Money::checked_add(sum.amount, part.amount)?,
            payments_share: sum.payments_share.saturating_add(part.payments_share),
            amount_share: sum.amount_share.saturating_add(part.amount_share),
        };
    }
    Ok(sum)
}

/// The share of each of `counts` in their sum. They come to the whole: what rounding down leaves
/// goes to those that lost most by it.
fn thousandths(counts: &[i64]) -> Vec<u16> {
    let all: i128 = counts.iter().map(|count| i128::from(*count)).sum();
    if all <= 0 {
        return vec![0; counts.len()];
    }
    let whole = |count: &i64| i128::from(*count) * i128::from(WHOLE);
    let mut shares: Vec<u16> = counts
        .iter()
        .map(|count| u16::try_from(whole(count) / all).unwrap_or_default())
        .collect();
    let mut by_loss: Vec<usize> = (0..counts.len()).collect();
    by_loss.sort_by_key(|place| -counts.get(*place).map_or(0, |count| whole(count) % all));
    let given: u16 = shares.iter().sum();
    for place in by_loss.into_iter().take(WHOLE.saturating_sub(given).into()) {
        if let Some(share) = shares.get_mut(place) {
            *share = share.saturating_add(1);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payments::Channel;

    #[test]
    fn thirds_come_to_the_whole() {
        assert_eq!(thousandths(&[1, 1, 1]), [334, 333, 333]);
        assert_eq!(thousandths(&[2, 0, 1]), [667, 0, 333]);
        assert_eq!(thousandths(&[0, 0]), [0, 0]);
        assert_eq!(thousandths(&[]), Vec::<u16>::new());
        assert_eq!(thousandths(&[30, 19, 21, 30]), [300, 190, 210, 300]);
    }

    #[test]
    fn categories_are_the_sums_of_their_channels() {
        let taken = |channel, category, payments, amount: &str| Taken {
            channel,
            category,
            payments,
            amount: amount.parse().unwrap(),
        };
        let (categories, all, electronic) = parts(&[
            taken(Channel::Autopay, Some(Category::EChannels), 20, "100.00"),
            taken(Channel::Pps, Some(Category::EChannels), 10, "50.00"),
            taken(Channel::Store, Some(Category::StoresAndMtr), 19, "30.00"),
            taken(Channel::Shroff, Some(Category::Counter), 30, "15.00"),
            taken(Channel::Fps, None, 21, "5.00"),
        ])
        .unwrap();
        let told: Vec<_> = categories
            .iter()
            .map(|one| (one.category, one.part.payments_share, one.part.amount_share))
            .collect();
        assert_eq!(
            told,
            [
                (Category::EChannels, 300, 750),
                (Category::StoresAndMtr, 190, 150),
                (Category::Cssa, 0, 0),
                (Category::Counter, 300, 75),
                (Category::Other, 210, 25),
            ]
        );
        assert_eq!(
            (all.payments, all.payments_share, all.amount_share),
            (100, 1_000, 1_000)
        );
        assert_eq!((electronic.payments, electronic.amount_share), (49, 900));
    }

    proptest! {
        #[test]
        fn shares_come_to_the_whole_and_are_rounded_by_less_than_one(
            counts in proptest::collection::vec(0_i64..1_000_000_000_000, 1..10),
        ) {
            let shares = thousandths(&counts);
            let all: i64 = counts.iter().sum();
            let given: u16 = shares.iter().sum();
            prop_assert_eq!(given, if all > 0 { 1_000 } else { 0 });
            for (share, count) in shares.iter().zip(&counts) {
                let exact = i128::from(*count) * 1_000;
                let told = i128::from(*share) * i128::from(all);
                prop_assert!((exact - told).abs() < i128::from(all.max(1)));
            }
        }
    }
}
