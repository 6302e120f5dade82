//! Numbers that look drawn and never repeat: the places of a sequence, shuffled.

/// The place that `which` (below `many`) has after shuffling 0 to `many - 1` as `key` says.
///
/// A Feistel network over a square a little larger, walked until it is back inside.
pub fn shuffled(which: u64, many: u64, key: u64) -> u64 {
    let side = many.isqrt() + 1;
    let mut place = which;
    loop {
        let (mut left, mut right) = (place / side, place % side);
        for round in 0..4 {
            let mixed = mix(key ^ mix(right ^ (round << 56)));
            (left, right) = (right, (left + mixed % side) % side);
        }
        place = left * side + right;
        if place < many {
            return place;
        }
    }
}

/// Steele, Lea and Flood's finaliser of `SplitMix64`.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_repeats_and_nothing_falls_out() {
        for (many, key) in [(1, 0), (2, 1), (10, 2), (1_000, 3), (26_000, 4)] {
            let places: HashSet<u64> = (0..many).map(|which| shuffled(which, many, key)).collect();
            assert_eq!(places.len(), usize::try_from(many).unwrap());
            assert!(places.iter().all(|place| *place < many));
        }
        assert_ne!(shuffled(7, 26_000_000, 1), shuffled(7, 26_000_000, 2));
    }
}
