//! Whole numbers as JSON has them: `3.0` is 3 there, and every generator of requests says so sooner
//! or later.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Reads a whole number, however many noughts follow its point; for fields of requests.
pub fn whole<'de, D: Deserializer<'de>, N: TryFrom<i64>>(from: D) -> Result<N, D::Error> {
    from.deserialize_i64(Whole(PhantomData))
}

struct Whole<N>(PhantomData<N>);

impl<N: TryFrom<i64>> Visitor<'_> for Whole<N> {
    type Value = N;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number that is not too large")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<N, E> {
        N::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<N, E> {
        let read = i64::try_from(number).ok().map(N::try_from);
        let refused = || E::invalid_value(Unexpected::Unsigned(number), &self);
        read.and_then(Result::ok).ok_or_else(refused)
    }

    #[expect(
        clippy::disallowed_types,
        reason = "so a reader of JSON tells a number with a point; no money is read here"
    )]
    fn visit_f64<E: Error>(self, number: f64) -> Result<N, E> {
        // A whole one is written without a point.
        let read = number.to_string().parse::<i64>().ok().map(N::try_from);
        let refused = || E::invalid_value(Unexpected::Float(number), &self);
        read.and_then(Result::ok).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_read_with_a_point_and_without() {
        let read = |json: &str| whole::<_, u8>(&mut serde_json::Deserializer::from_str(json)).ok();
        for (json, number) in [
            ("3", Some(3)),
            ("3.0", Some(3)),
            ("3e0", Some(3)),
            ("-0.0", Some(0)),
            ("255", Some(255)),
            ("256", None),
            ("256.0", None),
            ("-1", None),
            ("3.5", None),
            ("1e300", None),
            ("18446744073709551616", None),
            ("\"3\"", None),
            ("null", None),
        ] {
            assert_eq!(read(json), number, "{json}");
        }
    }
}
