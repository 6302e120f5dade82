//! How many sessions a caller has at once, and for how long.

use chrono::TimeDelta;

use crate::sign_in::model::SessionKind;

/// How a kind of session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// At most so many of one caller; a new one ends the oldest.
    pub at_once: usize,
    /// Its end, whatever is done.
    pub longest: TimeDelta,
    /// How long a refresh token may lie unused; absent when none is given.
    pub idle: Option<TimeDelta>,
    /// How long an access token is in force, in seconds.
    pub access: i64,
}

/// The lifetime of a session of `kind`; at a device it is short and is not refreshed.
pub fn lifetime(kind: SessionKind, at_device: bool) -> Lifetime {
    if at_device {
        return Lifetime {
            at_once: 1,
            longest: TimeDelta::minutes(5),
            idle: None,
            access: 60,
        };
    }
    match kind {
        SessionKind::Pin | SessionKind::Link => Lifetime {
            at_once: 5,
            longest: TimeDelta::days(90),
            idle: Some(TimeDelta::days(14)),
            access: 300,
        },
        SessionKind::Staff => Lifetime {
            at_once: 2,
            longest: TimeDelta::hours(12),
            idle: Some(TimeDelta::hours(12)),
            access: 300,
        },
        // They sign in anew with their key.
        SessionKind::Device => Lifetime {
            at_once: 1,
            longest: TimeDelta::hours(1),
            idle: None,
            access: 60,
        },
        SessionKind::Client => Lifetime {
            at_once: 8,
            longest: TimeDelta::hours(1),
            idle: None,
            access: 300,
        },
    }
}

/// How sure it is who someone is who proved it with `amr` (RFC 8176), as access tokens say it:
/// two factors are `aal2`, one is `aal1` (NIST SP 800-63B).
pub fn assurance(amr: &[String]) -> &'static str {
    if amr.iter().any(|means| means == "mfa") {
        "aal2"
    } else {
        "aal1"
    }
}

/// Which of `open` (oldest first) end when one more begins.
pub fn ended_by_one_more<T: Copy>(open: &[T], at_once: usize) -> Vec<T> {
    let too_many = (open.len() + 1).saturating_sub(at_once);
    open.iter().copied().take(too_many).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_session_ends_the_oldest() {
        for (open, at_once, ended) in [
            (&[][..], 1, &[][..]),
            (&[1], 1, &[1]),
            (&[1], 2, &[]),
            (&[1, 2], 2, &[1]),
            (&[1, 2, 3, 4], 2, &[1, 2, 3]),
        ] {
            assert_eq!(ended_by_one_more(open, at_once), ended);
        }
    }
}
