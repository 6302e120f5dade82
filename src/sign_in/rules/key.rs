//! What may become of a device's or client's key.

use crate::sign_in::model::{EnrolmentState, KeyChange, SignInError};

/// The state after `wanted` is done in `state`; `ready` says whether there is a key.
pub fn change(
    state: EnrolmentState,
    wanted: KeyChange,
    ready: bool,
) -> Result<EnrolmentState, SignInError> {
    match (state, wanted) {
        (EnrolmentState::Lost | EnrolmentState::Retired, _) => {
            Err(SignInError::NotNow("it was given up, which is for good"))
        }
        (_, KeyChange::Lost) => Ok(EnrolmentState::Lost),
        (_, KeyChange::Retire) => Ok(EnrolmentState::Retired),
        (EnrolmentState::Active, KeyChange::Approve) => Err(SignInError::NotNow("it is approved")),
        (_, KeyChange::Approve) if ready => Ok(EnrolmentState::Active),
        (_, KeyChange::Approve) => Err(SignInError::NotNow("it has no key yet")),
        (EnrolmentState::Active, KeyChange::Suspend) => Ok(EnrolmentState::Suspended),
        (_, KeyChange::Suspend) => Err(SignInError::NotNow("it does not work now")),
    }
}

/// Whether a key may be taken: once, before it is approved.
pub fn may_enrol(state: EnrolmentState, has_key: bool) -> Result<(), SignInError> {
    if state == EnrolmentState::Pending && !has_key {
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
        use EnrolmentState as S;
        use KeyChange::{Approve, Lost, Retire, Suspend};
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
