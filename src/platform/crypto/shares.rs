//! A secret in shares (Shamir): so many of them make it again, and fewer tell nothing.
//!
//! Each byte is the value at 0 of a random polynomial over GF(2^8); a share is its value
//! elsewhere. The arithmetic looks nothing up and does not branch on what is secret.

use super::{Refused, Secret};

/// One share: the values of the polynomials at `number`, which is never 0.
#[derive(Clone, Debug)]
pub struct Share {
    pub number: u8,
    pub bytes: Secret<32>,
}

/// `count` shares of `secret`, any `needed` of which make it again.
pub fn split(secret: &Secret<32>, needed: u8, count: u8) -> Result<Vec<Share>, Refused> {
    if needed < 2 || count < needed {
        return Err(Refused);
    }
    // Of each polynomial, all but the value at 0.
    let coefficients: Result<Vec<Secret<32>>, _> = (1..needed).map(|_| Secret::random()).collect();
    let coefficients = coefficients?;
    let share = |number| {
        let fill = |bytes: &mut [u8; 32]| {
            for (place, byte) in bytes.iter_mut().enumerate() {
                // Horner's rule, from the highest coefficient down.
                let digits = coefficients.iter().rev().chain([secret]);
                let digits = digits.filter_map(|one| one.expose().get(place));
                *byte = digits.fold(0, |value, digit| times(value, number) ^ digit);
            }
            Ok(())
        };
        Secret::filled(fill).map(|bytes| Share { number, bytes })
    };
    (1..=count).map(share).collect()
}

/// The secret that `shares` make. Any shares make something: whether it is the secret, only a
/// commitment to it tells. Two of one number make nothing.
pub fn combine(shares: &[Share]) -> Result<Secret<32>, Refused> {
    // Lagrange's weights at 0.
    let mut weights = Vec::with_capacity(shares.len());
    for share in shares {
        let mut weight = 1;
        let mut itself = 0;
        for other in shares {
            match share.number ^ other.number {
                0 => itself += 1,
                apart => weight = times(weight, times(other.number, inverse(apart))),
            }
        }
        if itself != 1 || share.number == 0 {
            return Err(Refused);
        }
        weights.push(weight);
    }
    if shares.len() < 2 {
        return Err(Refused);
    }
    Secret::filled(|bytes| {
        for (place, byte) in bytes.iter_mut().enumerate() {
            let values = shares
                .iter()
                .filter_map(|one| one.bytes.expose().get(place));
            *byte = values
                .zip(&weights)
                .fold(0, |sum, (value, weight)| sum ^ times(*value, *weight));
        }
        Ok(())
    })
}

/// The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
fn times(one: u8, other: u8) -> u8 {
    let (mut product, mut power) = (0, one);
    for bit in 0..8 {
        product ^= power & ((other >> bit) & 1).wrapping_neg();
        power = (power << 1) ^ (0x1b & (power >> 7).wrapping_neg());
    }
    product
}

/// What `times` makes 1 of: the 254th power.
fn inverse(value: u8) -> u8 {
    let (mut result, mut power) = (1, value);
    for _ in 1..8 {
        power = times(power, power);
        result = times(result, power);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_that_of_aes() {
        // FIPS 197, 4.2 and 4.4.
        assert_eq!(times(0x57, 0x83), 0xc1);
        assert_eq!(times(0x57, 0x13), 0xfe);
        for value in 1..=255 {
            assert_eq!(times(value, inverse(value)), 1, "{value}");
        }
    }

    /// Every choice of `size` of `shares`.
    fn choices(shares: &[Share], size: u32) -> impl Iterator<Item = Vec<Share>> {
        (0_u32..1 << shares.len())
            .filter(move |mask| mask.count_ones() == size)
            .map(|mask| {
                let chosen = shares.iter().enumerate();
                let chosen = chosen.filter(|(place, _)| mask >> place & 1 == 1);
                chosen.map(|(_, share)| share.clone()).collect()
            })
    }

    #[test]
    fn any_three_of_five_make_the_secret_and_no_two_do() {
        let secret = Secret::random().unwrap();
        let shares = split(&secret, 3, 5).unwrap();
        for (size, count, made) in [(2, 10, false), (3, 10, true), (4, 5, true), (5, 1, true)] {
            let found: Vec<_> = choices(&shares, size).collect();
            assert_eq!(found.len(), count);
            for chosen in found {
                assert_eq!(combine(&chosen).unwrap() == secret, made, "{size}");
            }
        }
    }

    #[test]
    fn a_share_given_twice_or_alone_makes_nothing() {
        let shares = split(&Secret::random().unwrap(), 3, 5).unwrap();
        let twice = [shares[0].clone(), shares[1].clone(), shares[0].clone()];
        assert!(combine(&twice).is_err());
        assert!(combine(&shares[..1]).is_err());
        assert!(combine(&[]).is_err());
        assert!(split(&Secret::random().unwrap(), 1, 5).is_err());
    }
}
