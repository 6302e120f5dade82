//! Time-based one-time codes (RFC 6238): six digits, a new one every 30 seconds.

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{NoRandomness, random};

const STEP: i64 = 30;
/// A phone's clock may be this many steps off.
const DRIFT: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What codes are made from; both sides have it.
pub struct TotpSeed(Zeroizing<Vec<u8>>);

impl TotpSeed {
    /// A new one, of 160 bits as RFC 4226 advises.
    pub fn fresh() -> Result<Self, NoRandomness> {
        Ok(Self(Zeroizing::new(random::<20>()?.to_vec())))
    }

    #[must_use]
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The code of step `step`.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        // Authenticators know no other hash; HMAC-SHA1 is not broken.
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
        let word = bytes
            .iter()
            .skip(offset)
            .take(4)
            .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }

    /// The step whose code `sent` is at `now` (seconds since 1970), if it is one and later
    /// than `last`: a code is accepted once.
    #[must_use]
    pub fn accepted(&self, sent: &str, now: i64, last: i64) -> Option<i64> {
        let current = now.div_euclid(STEP);
        // All of them, so that the time taken does not tell which.
        let steps = (current - DRIFT)..=(current + DRIFT);
        steps.fold(None, |found, step| {
            let same = bool::from(self.code(step).as_bytes().ct_eq(sent.as_bytes()));
            found.or((same && step > last).then_some(step))
        })
    }
}

/// What an authenticator app reads from a QR code.
#[must_use]
pub fn otpauth_uri(issuer: &str, account: &str, seed: &TotpSeed) -> String {
    let secret = base32(seed.bytes());
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}")
}

fn base32(bytes: &[u8]) -> String {
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let word = chunk
                .iter()
                .fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
            let word = word << (8 * (5 - chunk.len()));
            let letters = (chunk.len() * 8).div_ceil(5);
            (0..letters).map(move |place| {
                let index = (word >> (35 - 5 * place)) & 31;
                let letter = usize::try_from(index)
                    .ok()
                    .and_then(|index| BASE32.get(index));
                char::from(letter.copied().unwrap_or(b'A'))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> TotpSeed {
        TotpSeed::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    #[test]
    fn the_codes_of_rfc_6238_appendix_b_are_made() {
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc().code(time / STEP), code, "at {time}");
        }
    }

    #[test]
    fn a_code_is_accepted_once_and_for_a_minute_and_a_half() {
        let (seed, now) = (rfc(), 1_111_111_111);
        let step = now / STEP;
        for (sent, last, accepted) in [
            (seed.code(step), 0, Some(step)),
            (seed.code(step - 1), 0, Some(step - 1)),
            (seed.code(step + 1), 0, Some(step + 1)),
            (seed.code(step), step, None),
            (seed.code(step - 1), step, None),
            (seed.code(step - 2), 0, None),
            (seed.code(step + 2), 0, None),
            (String::new(), 0, None),
            ("0504710".to_owned(), 0, None),
        ] {
            assert_eq!(seed.accepted(&sent, now, last), accepted, "{sent}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
