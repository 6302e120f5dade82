//! What may become of a device's or client's key.

use crate::sign_in::model::{KeyChange, KeyState, SignInError};

/// The state after `wanted` is done in `state`; `ready` says whether there is a key.
pub fn change(state: KeyState, wanted: KeyChange, ready: bool) -> Result<KeyState, SignInError> {
    match (state, wanted) {
        (KeyState::Lost | KeyState::Retired, _) => {
            Err(SignInError::NotNow("it was given up, which is for good"))
        }
        (_, KeyChange::Lost) => Ok(KeyState::Lost),
        (_, KeyChange::Retire) => Ok(KeyState::Retired),
        (KeyState::Active, KeyChange::Approve) => Err(SignInError::NotNow("it is approved")),
        (_, KeyChange::Approve) if ready => Ok(KeyState::Active),
        (_, KeyChange::Approve) => Err(SignInError::NotNow("it has no key yet")),
        (KeyState::Active, KeyChange::Suspend) => Ok(KeyState::Suspended),
        (_, KeyChange::Suspend) => Err(SignInError::NotNow("it does not work now")),
    }
}

/// Whether a key may be taken: once, before it is approved.
pub fn may_enrol(state: KeyState, has_key: bool) -> Result<(), SignInError> {
    if state == KeyState::Pending && !has_key {
        Ok(())
    } else {
        Err(SignInError::NotNow("it is enrolled"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_stays_so_and_only_what_has_a_key_is_approved() {
        use KeyChange::{Approve, Lost, Retire, Suspend};
        use KeyState as S;
        for (state, wanted, ready, after) in [
            (S::Pending, Approve, true, Some(S::Active)),
            (S::Pending, Approve, false, None),
            (S::Pending, Suspend, true, None),
            (S::Pending, Lost, false, Some(S::Lost)),
            (S::Active, Approve, true, None),
            (S::Active, Suspend, true, Some(S::Suspended)),
            (S::Active, Lost, true, Some(S::Lost)),
            (S::Active, Retire, true, Some(S::Retired)),
            (S::Suspended, Approve, true, Some(S::Active)),
            (S::Suspended, Suspend, true, None),
            (S::Lost, Approve, true, None),
            (S::Lost, Retire, true, None),
            (S::Retired, Approve, true, None),
            (S::Retired, Lost, true, None),
        ] {
            assert_eq!(
                change(state, wanted, ready).ok(),
                after,
                "{state} {wanted:?}"
            );
        }
    }
}
