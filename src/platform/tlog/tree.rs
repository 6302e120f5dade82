//! The Merkle tree of RFC 6962: its right edge, its root, and proofs that a leaf is in it.

use std::ops::Range;

use crate::platform::crypto::{Digest, sha256};

/// The hash of a leaf that holds `data`.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    sha256(&[&[0], data])
}

fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], left, right])
}

/// The root of a complete subtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// It is over two to the power of `level` leaves.
    pub level: u32,
    /// Its place among the subtrees of its size, from 0.
    pub place: u64,
    pub hash: Digest,
}

/// A tree's right edge: the roots of the complete subtrees that its leaves fall into, the
/// largest first. It is all that is needed to grow the tree and to know its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    hashes: Vec<Digest>,
}

impl Edge {
    /// The edge of a tree of `size` leaves; `None` when it cannot be made of that many hashes.
    #[must_use]
    pub fn of(size: u64, hashes: Vec<Digest>) -> Option<Self> {
        let expected = usize::try_from(size.count_ones()).ok()?;
        (hashes.len() == expected).then_some(Self { size, hashes })
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The subtrees' roots, the largest subtree's first.
    #[must_use]
    pub fn hashes(&self) -> &[Digest] {
        &self.hashes
    }

    /// Adds a leaf; `complete` is told of every subtree that it completes.
    pub fn push(&mut self, leaf: Digest, complete: impl FnMut(Node)) {
        self.grow(0, leaf, complete);
    }

    /// Adds all leaves of a complete subtree of `level`; `false` when it cannot stand here.
    pub fn join(&mut self, level: u32, root: Digest) -> bool {
        let fits = 1_u64
            .checked_shl(level)
            .is_some_and(|leaves| self.size.is_multiple_of(leaves));
        if fits {
            self.grow(level, root, |_| ());
        }
        fits
    }

    fn grow(&mut self, mut level: u32, mut hash: Digest, mut complete: impl FnMut(Node)) {
        let size = self.size.saturating_add(1 << level);
        // A bit that is set is a subtree of that size waiting for its right neighbour.
        while self.size >> level & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            level += 1;
            let place = (size >> level).saturating_sub(1);
            complete(Node { level, place, hash });
        }
        self.hashes.push(hash);
        self.size = size;
    }

    /// The tree's root.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut hashes = self.hashes.iter().rev();
        let Some(last) = hashes.next() else {
            return sha256(&[]);
        };
        hashes.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The proof that leaf `index` is in the tree of `size` leaves: the hashes that lead from it
/// to the root, the lowest first; `None` when there is no such leaf. `subtree` is asked for the
/// roots of complete subtrees by level and place.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut subtree: impl FnMut(u32, u64) -> Result<Digest, E>,
) -> Result<Option<Vec<Digest>>, E> {
    if index >= size {
        return Ok(None);
    }
    let mut path = Vec::new();
    let mut within = 0..size;
    while within.end - within.start > 1 {
        let (left, right) = halves(&within);
        let other = if left.contains(&index) {
            within = left;
            right
        } else {
            within = right;
            left
        };
        path.push(root_of(other, &mut subtree)?);
    }
    path.reverse();
    Ok(Some(path))
}

/// The root over the leaves `within`, which begin a subtree.
fn root_of<E>(
    within: Range<u64>,
    subtree: &mut impl FnMut(u32, u64) -> Result<Digest, E>,
) -> Result<Digest, E> {
    let leaves = within.end - within.start;
    if leaves.is_power_of_two() {
        let level = leaves.trailing_zeros();
        return subtree(level, within.start >> level);
    }
    let (left, right) = halves(&within);
    Ok(node_hash(
        &root_of(left, subtree)?,
        &root_of(right, subtree)?,
    ))
}

/// Splits more than one leaf where the tree does: the left half is the largest power of two
/// below their number.
fn halves(within: &Range<u64>) -> (Range<u64>, Range<u64>) {
    let leaves = within.end - within.start;
    let middle = within.start + (leaves.next_power_of_two() >> 1);
    (within.start..middle, middle..within.end)
}

/// Whether `path` leads from `leaf` at `index` to `root` in a tree of `size` leaves (RFC 9162,
/// 2.1.3.2).
#[must_use]
pub fn inclusion_holds(
    (index, size): (u64, u64),
    leaf: Digest,
    path: &[Digest],
    root: &Digest,
) -> bool {
    let Some(mut last) = size.checked_sub(1).filter(|last| index <= *last) else {
        return false;
    };
    let (mut index, mut hash) = (index, leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if index & 1 == 1 || index == last {
            hash = node_hash(step, &hash);
            while index & 1 == 0 && index != 0 {
                index >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        index >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::platform::crypto::{hex, unhex};

    /// The leaves of the test vectors that certificate-transparency logs share.
    const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    /// The path of leaf 0 among eight.
    const PATH: [&str; 3] = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];

    fn grown(leaves: u64) -> (Edge, Vec<Node>) {
        let (mut edge, mut nodes) = (Edge::default(), Vec::new());
        for place in 0..leaves {
            let hash = leaf_hash(&place.to_be_bytes());
            nodes.push(Node {
                level: 0,
                place,
                hash,
            });
            edge.push(hash, |node| nodes.push(node));
        }
        (edge, nodes)
    }

    fn proof(nodes: &[Node], index: u64, size: u64) -> Option<Vec<Digest>> {
        let find = |level, place| {
            let found = nodes
                .iter()
                .find(|node| (node.level, node.place) == (level, place));
            Ok::<_, Infallible>(found.unwrap().hash)
        };
        inclusion(index, size, find).unwrap()
    }

    #[test]
    fn roots_are_those_of_the_published_vectors() {
        let mut edge = Edge::default();
        let mut nodes = Vec::new();
        for (place, leaf) in (0..).zip(LEAVES) {
            assert_eq!(hex(&edge.root()), ROOTS[usize::try_from(place).unwrap()]);
            let hash = leaf_hash(&unhex(leaf).unwrap());
            nodes.push(Node {
                level: 0,
                place,
                hash,
            });
            edge.push(hash, |node| nodes.push(node));
        }
        assert_eq!(hex(&edge.root()), ROOTS[8]);
        let path: Vec<String> = proof(&nodes, 0, 8)
            .unwrap()
            .iter()
            .map(|hash| hex(hash))
            .collect();
        assert_eq!(path, PATH);
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proved_and_no_other() {
        let (_, nodes) = grown(70);
        for size in 1..=70 {
            let root = grown(size).0.root();
            for index in 0..size {
                let path = proof(&nodes, index, size).unwrap();
                let leaf = leaf_hash(&index.to_be_bytes());
                assert!(inclusion_holds((index, size), leaf, &path, &root));
                let other = leaf_hash(&size.to_be_bytes());
                assert!(!inclusion_holds((index, size), other, &path, &root));
                assert!(!inclusion_holds((index + 1, size), leaf, &path, &root));
                let mut longer = path.clone();
                longer.push(root);
                assert!(!inclusion_holds((index, size), leaf, &longer, &root));
                if let Some((_, shorter)) = path.split_last() {
                    let wrong = &shorter[..];
                    assert!(!inclusion_holds((index, size), leaf, wrong, &root));
                }
            }
            assert_eq!(proof(&nodes, size, size), None);
        }
    }

    #[test]
    fn an_edge_of_subtrees_is_that_of_their_leaves() {
        let (whole, nodes) = grown(77);
        let mut joined = Edge::default();
        for (level, place) in [(6, 0), (3, 8), (2, 18), (0, 76)] {
            let node = nodes
                .iter()
                .find(|node| (node.level, node.place) == (level, place))
                .unwrap();
            assert!(joined.join(level, node.hash));
        }
        assert_eq!(joined, whole);
        assert!(!joined.join(1, [0; 32]), "77 is no multiple of two");
        assert_eq!(Edge::of(77, whole.hashes().to_vec()), Some(whole.clone()));
        assert_eq!(Edge::of(78, whole.hashes()[1..].to_vec()), None);
    }
}
