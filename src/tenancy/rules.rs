//! What may happen to a tenancy. Pure: no clock, no database, no HTTP.

use chrono::{Months, NaiveDate};

use super::model::{EndReason, Ending, Move, NewTenancy, Tenancy, TenancyError};

/// No tenancy is older: the first resettlement estate (Shek Kip Mei) is of 1954.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1954, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Nothing is arranged further ahead; from 29 February, up to the 28th.
fn last_day(today: NaiveDate) -> NaiveDate {
    today
        .checked_add_months(Months::new(12))
        .unwrap_or(NaiveDate::MAX)
}

/// Whether `new` may start.
pub(super) fn start(new: &NewTenancy, today: NaiveDate) -> Result<(), TenancyError> {
    let last = last_day(today);
    if !(FIRST_DAY..=last).contains(&new.starts_on) {
        return Err(TenancyError::Start(FIRST_DAY, last));
    }
    household_size(new.household_size)
}

/// Whether a household may have `size` members.
pub(super) fn household_size(size: i16) -> Result<(), TenancyError> {
    if (1..=30).contains(&size) {
        Ok(())
    } else {
        Err(TenancyError::HouseholdSize)
    }
}

/// Whether what was decided on `version` still applies.
pub(super) fn unchanged(tenancy: &Tenancy, version: i32) -> Result<(), TenancyError> {
    if tenancy.version == version {
        Ok(())
    } else {
        Err(TenancyError::Stale)
    }
}

/// Whether `tenancy` may end as in `ending`.
pub(super) fn end(tenancy: &Tenancy, ending: Ending, today: NaiveDate) -> Result<(), TenancyError> {
    if ending.reason == EndReason::Transfer {
        return Err(TenancyError::TransferIsNoEnding);
    }
    still_open(tenancy, today)?;
    let last = last_day(today);
    if ending.ends_on < tenancy.starts_on || ending.ends_on > last {
        return Err(TenancyError::End(tenancy.starts_on, last));
    }
    Ok(())
}

/// What a transfer of `tenancy` as in `to` makes: its end, and the household's next tenancy.
pub(super) fn transfer(
    tenancy: &Tenancy,
    to: Move,
    today: NaiveDate,
) -> Result<(Ending, NewTenancy), TenancyError> {
    still_open(tenancy, today)?;
    if to.flat_id == tenancy.flat_id {
        return Err(TenancyError::SameFlat);
    }
    let next = NewTenancy {
        household: Some(tenancy.household),
        flat_id: to.flat_id,
        kind: tenancy.kind,
        starts_on: to.starts_on,
        household_size: tenancy.household_size,
    };
    start(&next, today)?;
    let ends_on = to.starts_on.pred_opt();
    let ends_on = ends_on.filter(|day| *day >= tenancy.starts_on);
    let ending = Ending {
        ends_on: ends_on.ok_or(TenancyError::MovesTooEarly(tenancy.starts_on))?,
        reason: EndReason::Transfer,
    };
    Ok((ending, next))
}

/// An end that is still to come may be changed; one that has come may not.
fn still_open(tenancy: &Tenancy, today: NaiveDate) -> Result<(), TenancyError> {
    match tenancy.ends_on {
        Some(last) if last <= today => Err(TenancyError::Ended(last)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::{FlatId, TenancyId};
    use crate::kernel::tenant_code::TenantCode;
    use crate::tenancy::TenancyKind;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn new(starts_on: &str) -> NewTenancy {
        NewTenancy {
            household: None,
            flat_id: FlatId::derived("1"),
            kind: TenancyKind::Prh,
            starts_on: day(starts_on),
            household_size: 3,
        }
    }

    fn tenancy(starts_on: &str, ends_on: Option<&str>) -> Tenancy {
        let known = "2026-01-01T00:00:00Z".parse().unwrap();
        Tenancy {
            id: TenancyId::fresh(),
            household: TenantCode::of(TenantCode::FIRST).unwrap(),
            flat_id: FlatId::derived("1"),
            kind: TenancyKind::Prh,
            starts_on: day(starts_on),
            ends_on: ends_on.map(day),
            end_reason: ends_on.map(|_| EndReason::Surrender),
            household_size: 3,
            recorded_at: known,
            end_recorded_at: ends_on.map(|_| known),
            version: 1,
        }
    }

    #[test]
    fn a_start_lies_between_1954_and_twelve_months_ahead() {
        for (today, starts_on, accepted) in [
            ("2026-11-20", "1953-12-31", false),
            ("2026-11-20", "1954-01-01", true),
            ("2026-11-20", "2027-11-20", true),
            ("2026-11-20", "2027-11-21", false),
            ("2028-02-29", "2029-02-28", true),
            ("2028-02-29", "2029-03-01", false),
            ("2027-02-28", "2028-02-28", true),
            ("2027-02-28", "2028-02-29", false),
            ("2027-03-01", "2028-02-29", true),
        ] {
            let result = start(&new(starts_on), day(today));
            assert_eq!(result.is_ok(), accepted, "{starts_on} on {today}");
        }
    }

    #[test]
    fn an_end_lies_between_the_start_and_twelve_months_ahead() {
        let today = day("2026-11-20");
        for (ends_on, accepted) in [
            ("2026-06-29", false),
            ("2026-06-30", true),
            ("2027-11-20", true),
            ("2027-11-21", false),
        ] {
            let ending = Ending {
                ends_on: day(ends_on),
                reason: EndReason::Death,
            };
            let result = end(&tenancy("2026-06-30", None), ending, today);
            assert_eq!(result.is_ok(), accepted, "{ends_on}");
        }
    }

    #[test]
    fn an_end_is_changed_only_before_its_day() {
        let tenancy = tenancy("2026-06-30", Some("2026-11-21"));
        let ending = Ending {
            ends_on: day("2026-12-31"),
            reason: EndReason::Other,
        };
        assert!(end(&tenancy, ending, day("2026-11-20")).is_ok());
        for today in ["2026-11-21", "2026-11-22"] {
            let refused = end(&tenancy, ending, day(today));
            assert!(matches!(refused, Err(TenancyError::Ended(_))), "{today}");
        }
    }

    #[test]
    fn a_transfer_ends_the_old_tenancy_on_the_day_before() {
        let old = tenancy("2026-06-30", None);
        let to = Move {
            flat_id: FlatId::derived("2"),
            starts_on: day("2027-03-01"),
        };
        let (ending, next) = transfer(&old, to, day("2026-11-20")).unwrap();
        assert_eq!(
            (ending.ends_on, ending.reason),
            (day("2027-02-28"), EndReason::Transfer)
        );
        assert_eq!(next.household, Some(old.household));
    }

    #[test]
    fn a_transfer_needs_another_flat_and_a_day_in_the_old_one() {
        let (old, today) = (tenancy("2026-06-30", None), day("2026-11-20"));
        let to = |flat: &str, starts_on: &str| Move {
            flat_id: FlatId::derived(flat),
            starts_on: day(starts_on),
        };
        let refused = |to: Move| transfer(&old, to, today).unwrap_err();
        assert!(matches!(
            refused(to("1", "2026-12-01")),
            TenancyError::SameFlat
        ));
        assert!(matches!(
            refused(to("2", "2026-06-30")),
            TenancyError::MovesTooEarly(_)
        ));
        assert!(transfer(&old, to("2", "2026-07-01"), today).is_ok());
    }

    #[test]
    fn a_household_has_one_to_thirty_members() {
        for (size, accepted) in [
            (i16::MIN, false),
            (0, false),
            (1, true),
            (30, true),
            (31, false),
        ] {
            assert_eq!(household_size(size).is_ok(), accepted, "{size}");
        }
    }
}
