//! Decisions of the ledger. Nothing here does I/O.

use std::collections::HashMap;

use super::model::{LedgerError, Reversal, Transfer, TransferKind};

/// The transfer that undoes `transfer`, as `record` says; a reversal is not undone, but posted anew.
pub(super) fn reversal_of(transfer: &Transfer, record: &Reversal) -> Result<Transfer, LedgerError> {
    if transfer.kind == TransferKind::Reversal {
        return Err(LedgerError::NotReversible);
    }
    Ok(transfer.mirror(record))
}

/// How two sequences differ; places are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// Something else stands where one was sealed.
    Changed { sealed: usize, found: usize },
    /// What was sealed here is gone.
    Missing { sealed: usize, before: usize },
    /// This was not sealed.
    Added { found: usize },
}

/// Where `found` differs from `sealed`, in order: what stands on both sides is matched, and
/// what is left between two matches is taken as changed, one by one, before it is taken as
/// missing or added.
pub(super) fn differences<T: Eq + std::hash::Hash>(sealed: &[T], found: &[T]) -> Vec<Difference> {
    let places: HashMap<&T, usize> = sealed.iter().zip(0..).collect();
    let mut differences = Vec::new();
    let mut unmatched = Vec::new();
    let mut next = 0;
    for (leaf, place) in found.iter().zip(0..) {
        match places.get(leaf) {
            Some(sealed) if *sealed >= next => {
                settle(&mut differences, next..*sealed, &unmatched, place);
                unmatched.clear();
                next = *sealed + 1;
            }
            _ => unmatched.push(place),
        }
    }
    settle(
        &mut differences,
        next..sealed.len(),
        &unmatched,
        found.len(),
    );
    differences
}

/// Names what lies between two matches, the second of them at `before` of what was found.
fn settle(
    differences: &mut Vec<Difference>,
    sealed: std::ops::Range<usize>,
    found: &[usize],
    before: usize,
) {
    let mut found = found.iter().copied();
    for sealed in sealed {
        differences.push(match found.next() {
            Some(found) => Difference::Changed { sealed, found },
            None => Difference::Missing { sealed, before },
        });
    }
    differences.extend(found.map(|found| Difference::Added { found }));
}

#[cfg(test)]
mod tests {
    use super::Difference::{Added, Changed, Missing};
    use super::*;

    #[test]
    fn differences_are_named_by_place() {
        for (found, expected) in [
            ("abcdef", vec![]),
            (
                "abXdef",
                vec![Changed {
                    sealed: 2,
                    found: 2,
                }],
            ),
            (
                "abdef",
                vec![Missing {
                    sealed: 2,
                    before: 2,
                }],
            ),
            ("abXcdef", vec![Added { found: 2 }]),
            ("Xabcdef", vec![Added { found: 0 }]),
            ("abcdefX", vec![Added { found: 6 }]),
            (
                "abcde",
                vec![Missing {
                    sealed: 5,
                    before: 5,
                }],
            ),
            (
                "aXcdYf",
                vec![
                    Changed {
                        sealed: 1,
                        found: 1,
                    },
                    Changed {
                        sealed: 4,
                        found: 4,
                    },
                ],
            ),
            (
                "acdefX",
                vec![
                    Missing {
                        sealed: 1,
                        before: 1,
                    },
                    Added { found: 5 },
                ],
            ),
        ] {
            let sealed: Vec<char> = "abcdef".chars().collect();
            let found_: Vec<char> = found.chars().collect();
            assert_eq!(differences(&sealed, &found_), expected, "{found}");
        }
    }
}
