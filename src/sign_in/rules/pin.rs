//! Which PINs may be chosen.

/// Whether `pin` is six digits that are not among an attacker's first guesses.
pub fn may_be(pin: &str) -> Result<(), &'static str> {
    if pin.len() != 6 || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a PIN has six digits");
    }
    let steps: Vec<i16> = pin
        .as_bytes()
        .windows(2)
        .filter_map(|pair| match pair {
            [one, next] => Some(i16::from(*next) - i16::from(*one)),
            _ => None,
        })
        .collect();
    let even = |step: i16| steps.iter().all(|found| *found == step);
    let (front, back) = pin.split_at(3);
    let (a, bc) = pin.split_at(2);
    let pairs = bc == format!("{a}{a}");
    if even(0) || even(1) || even(-1) || front == back || pairs {
        return Err("the PIN is too easy to guess");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_has_six_digits_and_is_not_the_first_guess() {
        for good in ["481516", "192837", "001234", "112358"] {
            assert_eq!(may_be(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            "000000",
            "777777",
            "123456",
            "654321",
            "345678",
            "123123",
            "121212",
        ] {
            assert!(may_be(bad).is_err(), "{bad}");
        }
    }
}
