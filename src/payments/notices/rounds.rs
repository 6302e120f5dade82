//! Which pieces may be looked at together: those that have nothing in common. Pure.

use std::collections::HashMap;
use std::hash::Hash;

/// Puts `pieces` into rounds: two that share one of their `keys` are in different ones, the one
/// that came first in the earlier.
pub fn rounds<T, K: Hash + Eq, const N: usize>(
    pieces: impl IntoIterator<Item = T>,
    keys: impl Fn(&T) -> [K; N],
) -> Vec<Vec<T>> {
    let mut rounds: Vec<Vec<T>> = Vec::new();
    // By key: the first round that nobody has it in.
    let mut free: HashMap<K, usize> = HashMap::new();
    for piece in pieces {
        let keys = keys(&piece);
        let taken = keys.iter().filter_map(|key| free.get(key));
        let round = taken.max().copied().unwrap_or_default();
        free.extend(keys.map(|key| (key, round + 1)));
        match rounds.get_mut(round) {
            Some(pieces) => pieces.push(piece),
            None => rounds.push(vec![piece]),
        }
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_nothing_in_common_is_one_round() {
        assert_eq!(rounds(1..=4, |n| [*n]), [[1, 2, 3, 4]]);
        assert!(rounds(0..0, |n| [*n]).is_empty());
    }

    #[test]
    fn what_shares_any_key_follows_in_its_order() {
        let pieces = [("a", "x"), ("b", "y"), ("a", "z"), ("b", "x"), ("c", "z")];
        let rounds = rounds(pieces, |(one, other)| [*one, *other]);
        assert_eq!(
            rounds,
            [
                vec![("a", "x"), ("b", "y")],
                vec![("a", "z"), ("b", "x")],
                // "z" is taken in the second.
                vec![("c", "z")],
            ]
        );
    }
}
