//! Padding (ISO/IEC 7816-4): one mark and zeros, so that a value's length is not seen.

use zeroize::Zeroizing;

use super::model::Padding;

const MARK: u8 = 0x80;

/// `value` padded to a multiple of the block, with at least the mark.
pub(super) fn pad(value: &[u8], padding: Padding) -> Zeroizing<Vec<u8>> {
    let blocks = value.len() / padding.block() + 1;
    let length = blocks * padding.block();
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(value);
    padded.push(MARK);
    padded.resize(length, 0);
    padded
}

/// The value that was padded; `None` when it was not padded like this.
pub(super) fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    let blocks = [Padding::To32, Padding::To96, Padding::Multiple256].map(Padding::block);
    let mark = padded.iter().rposition(|byte| *byte != 0)?;
    let is_marked = padded.get(mark) == Some(&MARK);
    let (length, added) = (padded.len(), padded.len() - mark);
    // No more was added than some padding adds.
    let is_whole = |block: usize| length.is_multiple_of(block) && added <= block;
    if !is_marked || !blocks.into_iter().any(is_whole) {
        return None;
    }
    padded.truncate(mark);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_hidden_in_blocks() {
        for (value, padding, length) in [
            (0, Padding::To32, 32),
            (31, Padding::To32, 32),
            (32, Padding::To32, 64),
            (95, Padding::To96, 96),
            (96, Padding::To96, 192),
            (255, Padding::Multiple256, 256),
            (256, Padding::Multiple256, 512),
        ] {
            assert_eq!(pad(&vec![b'x'; value], padding).len(), length);
        }
    }

    #[test]
    fn what_was_not_padded_is_refused() {
        let of = |length: usize, mark: usize, byte: u8| {
            let mut bytes = vec![0; length];
            bytes[mark] = byte;
            unpad(Zeroizing::new(bytes))
        };
        assert!(of(32, 0, MARK).is_some());
        for (length, mark, byte) in [(32, 0, 0), (32, 31, 1), (33, 32, MARK), (64, 0, MARK)] {
            assert!(of(length, mark, byte).is_none(), "{length} {mark} {byte}");
        }
        assert!(unpad(Zeroizing::default()).is_none());
    }

    proptest! {
        #[test]
        fn padding_comes_off_as_it_went_on(value: Vec<u8>, kind in 0_usize..3) {
            let padding = [Padding::To32, Padding::To96, Padding::Multiple256][kind];
            let padded = pad(&value, padding);
            prop_assert_eq!(padded.len() % padding.block(), 0);
            prop_assert!(padded.len() > value.len());
            let unpadded = unpad(padded).unwrap();
            prop_assert_eq!(unpadded.as_slice(), value.as_slice());
        }

        #[test]
        fn nothing_else_comes_off(bytes: Vec<u8>) {
            if let Some(value) = unpad(Zeroizing::new(bytes.clone())) {
                let paddings = [Padding::To32, Padding::To96, Padding::Multiple256];
                prop_assert!(paddings.iter().any(|one| *pad(&value, *one) == bytes));
            }
        }
    }
}
