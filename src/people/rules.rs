//! Who may belong to a household, as what and when. Pure: no clock, no database, no HTTP.

use chrono::{Months, NaiveDate};

use super::model::{
    Correction, HeadChange, Leaving, LeavingReason, MemberRole, Membership, NewMember, Particulars,
    PeopleError,
};
use crate::kernel::identity_document::{DocumentKind, IdentityDocument};
use crate::kernel::person_name::PersonName;

/// As a tenancy's, whose first is of 1954.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1954, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Those who count and those who do not, together.
pub(super) const MOST_MEMBERS: usize = 30;

const ADULT: u32 = 18;

fn last_day(today: NaiveDate) -> NaiveDate {
    let ahead = today.checked_add_months(Months::new(12));
    ahead.unwrap_or(NaiveDate::MAX)
}

/// Whether somebody may be as `particulars` say.
pub(super) fn particulars(particulars: &Particulars, today: NaiveDate) -> Result<(), PeopleError> {
    let birth = particulars.birth_date.as_ref();
    if birth.is_some_and(|birth| !birth.by(today)) {
        return Err(PeopleError::NotBornYet);
    }
    let kind = particulars.document.as_ref().map(IdentityDocument::kind);
    if particulars.symbols.is_some() && kind != Some(DocumentKind::Hkid) {
        return Err(PeopleError::SymbolsWithoutCard);
    }
    Ok(())
}

/// Whether `new` may join `members`, those of the household that are not over today.
pub(super) fn join(
    new: &NewMember,
    members: &[Membership],
    today: NaiveDate,
) -> Result<(), PeopleError> {
    particulars(&new.particulars, today)?;
    let last = last_day(today);
    if !(FIRST_DAY..=last).contains(&new.starts_on) {
        return Err(PeopleError::Start(FIRST_DAY, last));
    }
    if let Some(ends_on) = new.ends_on {
        if new.role.counts() {
            return Err(PeopleError::EndUnforeseen);
        }
        if !(new.starts_on..=last_day(last)).contains(&ends_on) {
            return Err(PeopleError::End(new.starts_on, last_day(last)));
        }
    }
    if new.role == MemberRole::Head && !is_adult(&new.particulars, new.starts_on) {
        return Err(PeopleError::NotEligible);
    }
    if members.len() >= MOST_MEMBERS {
        return Err(PeopleError::Full(MOST_MEMBERS));
    }
    Ok(())
}

/// `before` with `correction` made.
pub(super) fn corrected(
    before: Particulars,
    correction: Correction,
    today: NaiveDate,
) -> Result<Particulars, PeopleError> {
    let zh = correction.name_zh.of(before.name.zh().cloned());
    let en = correction.name_en.of(before.name.en().cloned());
    let after = Particulars {
        name: PersonName::new(zh, en)?,
        document: correction.document.or(before.document),
        symbols: correction.symbols.of(before.symbols),
        birth_date: correction.birth_date.or(before.birth_date),
        sex: correction.sex.or(before.sex),
        phone: correction.phone.of(before.phone),
        email: correction.email.of(before.email),
    };
    particulars(&after, today)?;
    Ok(after)
}

/// Whether `member`, one of `members`, may leave so.
pub(super) fn leave(
    member: &Membership,
    members: &[Membership],
    leaving: Leaving,
    today: NaiveDate,
) -> Result<(), PeopleError> {
    if leaving.reason == LeavingReason::RoleChanged {
        return Err(PeopleError::RoleChangeIsNoEnding);
    }
    if member.is_over(today) {
        return Err(PeopleError::Ended);
    }
    // The size of the household follows today, so no end of those who count lies ahead.
    let last = if member.role.counts() {
        today
    } else {
        last_day(today)
    };
    if !(member.starts_on..=last).contains(&leaving.ends_on) {
        return Err(PeopleError::End(member.starts_on, last));
    }
    let others = members.iter().any(|other| other.person != member.person);
    if member.role == MemberRole::Head && others {
        return Err(PeopleError::HeadLeaves);
    }
    Ok(())
}

/// Whether `next` may be the head after `former`, as `change` says; `particulars` are `next`'s.
pub(super) fn head(
    former: Option<&Membership>,
    next: &Membership,
    particulars: &Particulars,
    change: HeadChange,
    today: NaiveDate,
) -> Result<(), PeopleError> {
    if next.role == MemberRole::Head {
        return Err(PeopleError::HeadAlready);
    }
    let authorised = next.role == MemberRole::AuthorisedMember;
    if !authorised || !is_adult(particulars, change.starts_on) {
        return Err(PeopleError::NotEligible);
    }
    if change.former_leaves == Some(LeavingReason::RoleChanged) {
        return Err(PeopleError::RoleChangeIsNoEnding);
    }
    // Each has had a day in the role before: a membership has at least one.
    let since = former.map_or(next.starts_on, |former| {
        former.starts_on.max(next.starts_on)
    });
    if change.starts_on <= since || change.starts_on > today {
        return Err(PeopleError::HeadStart(since, today));
    }
    Ok(())
}

/// How many the size of the household counts; `None` when nobody is left to count.
pub(super) fn size(members: &[Membership]) -> Option<i16> {
    let counted = members.iter().filter(|member| {
        // The last day of who counts is never ahead: who has one is leaving today.
        member.role.counts() && member.ends_on.is_none()
    });
    let counted = i16::try_from(counted.count()).unwrap_or(i16::MAX);
    (counted > 0).then_some(counted)
}

fn is_adult(particulars: &Particulars, day: NaiveDate) -> bool {
    let birth = particulars.birth_date.as_ref();
    birth.is_some_and(|birth| birth.is_of_age(ADULT, day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::{MembershipId, PersonId};
    use crate::kernel::tenant_code::TenantCode;
    use crate::people::model::{Change, Sex};

    const TODAY: &str = "2026-11-20";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn born(date: &str) -> Particulars {
        Particulars {
            name: PersonName::new(None, Some("CHAN Tai Man".parse().unwrap())).unwrap(),
            document: None,
            symbols: None,
            birth_date: Some(date.parse().unwrap()),
            sex: Some(Sex::Male),
            phone: None,
            email: None,
        }
    }

    fn new(role: MemberRole, starts_on: &str, ends_on: Option<&str>) -> NewMember {
        NewMember {
            particulars: born("1980-01-01"),
            role,
            starts_on: day(starts_on),
            ends_on: ends_on.map(day),
        }
    }

    fn member(role: MemberRole, starts_on: &str, ends_on: Option<&str>) -> Membership {
        let known = "2026-01-01T00:00:00Z".parse().unwrap();
        Membership {
            id: MembershipId::fresh(),
            person: PersonId::fresh(),
            household: TenantCode::of(TenantCode::FIRST).unwrap(),
            role,
            starts_on: day(starts_on),
            ends_on: ends_on.map(day),
            end_reason: ends_on.map(|_| LeavingReason::StayExpired),
            recorded_at: known,
            end_recorded_at: ends_on.map(|_| known),
            version: 1,
        }
    }

    #[test]
    fn who_joins_starts_within_bounds_and_only_a_stay_has_an_end() {
        use MemberRole::{AuthorisedMember as Member, DomesticHelper as Helper, Head};
        for (role, starts_on, ends_on, accepted) in [
            (Head, "2026-11-20", None, true),
            (Member, "1954-01-01", None, true),
            (Member, "1953-12-31", None, false),
            (Member, "2027-11-20", None, true),
            (Member, "2027-11-21", None, false),
            (Member, "2026-11-20", Some("2027-01-01"), false),
            (Helper, "2026-11-20", Some("2026-11-19"), false),
            (Helper, "2026-11-20", Some("2026-11-20"), true),
            (Helper, "2026-11-20", Some("2028-11-20"), true),
            (Helper, "2026-11-20", Some("2028-11-21"), false),
        ] {
            let result = join(&new(role, starts_on, ends_on), &[], day(TODAY));
            assert_eq!(result.is_ok(), accepted, "{role} {starts_on} {ends_on:?}");
        }
    }

    #[test]
    fn a_household_has_thirty_members_at_most() {
        let one = || member(MemberRole::AuthorisedMember, "2020-01-01", None);
        let many: Vec<_> = (0..30).map(|_| one()).collect();
        let new = new(MemberRole::AuthorisedMember, TODAY, None);
        assert!(join(&new, &many[1..], day(TODAY)).is_ok());
        assert!(matches!(
            join(&new, &many, day(TODAY)),
            Err(PeopleError::Full(30))
        ));
    }

    #[test]
    fn nobody_is_born_tomorrow_and_a_head_is_of_age() {
        assert!(particulars(&born("2026-11-20"), day(TODAY)).is_ok());
        let unborn = particulars(&born("2026-11-21"), day(TODAY));
        assert!(matches!(unborn, Err(PeopleError::NotBornYet)));
        let young = NewMember {
            particulars: born("2008-11-21"),
            ..new(MemberRole::Head, TODAY, None)
        };
        assert!(matches!(
            join(&young, &[], day(TODAY)),
            Err(PeopleError::NotEligible)
        ));
        let with_symbols = Particulars {
            symbols: Some("***AZ".parse().unwrap()),
            ..born("1980-01-01")
        };
        let bare = particulars(&with_symbols, day(TODAY));
        assert!(matches!(bare, Err(PeopleError::SymbolsWithoutCard)));
    }

    #[test]
    fn a_correction_keeps_one_name() {
        let none = || Correction {
            name_zh: Change::Stays,
            name_en: Change::Goes,
            document: None,
            symbols: Change::Stays,
            birth_date: None,
            sex: None,
            phone: Change::Stays,
            email: Change::Stays,
        };
        let nameless = corrected(born("1980-01-01"), none(), day(TODAY));
        assert!(matches!(nameless, Err(PeopleError::Name(_))));
        let renamed = Correction {
            name_zh: Change::Becomes("陳大文".parse().unwrap()),
            ..none()
        };
        let renamed = corrected(born("1980-01-01"), renamed, day(TODAY)).unwrap();
        assert!(renamed.name.en().is_none() && renamed.sex == Some(Sex::Male));
    }

    #[test]
    fn those_who_count_leave_by_today_and_the_head_leaves_last() {
        let head = member(MemberRole::Head, "2020-01-01", None);
        let other = member(MemberRole::AuthorisedMember, "2020-01-01", None);
        let helper = member(MemberRole::DomesticHelper, "2020-01-01", None);
        let over = member(MemberRole::DomesticHelper, "2020-01-01", Some("2026-11-19"));
        let all = [head, other, helper];
        let on = |ends_on: &str, reason| Leaving {
            ends_on: day(ends_on),
            reason,
        };
        let out = |ends_on| on(ends_on, LeavingReason::MovedOut);
        let leave = |who: &Membership, all: &[Membership], how| leave(who, all, how, day(TODAY));
        assert!(leave(&other, &all, out("2026-11-20")).is_ok());
        assert!(leave(&other, &all, out("2026-11-21")).is_err());
        assert!(leave(&other, &all, out("2019-12-31")).is_err());
        assert!(leave(&helper, &all, out("2027-11-20")).is_ok());
        assert!(leave(&helper, &all, out("2027-11-21")).is_err());
        let again = leave(&over, &all, out("2026-11-20"));
        assert!(matches!(again, Err(PeopleError::Ended)));
        let first = leave(&head, &all, out("2026-11-20"));
        assert!(matches!(first, Err(PeopleError::HeadLeaves)));
        assert!(leave(&head, &[head], out("2026-11-20")).is_ok());
        let as_role = leave(&other, &all, on("2026-11-20", LeavingReason::RoleChanged));
        assert!(matches!(as_role, Err(PeopleError::RoleChangeIsNoEnding)));
    }

    #[test]
    fn a_head_is_an_adult_authorised_member_with_a_day_in_the_role_before() {
        let former = member(MemberRole::Head, "2026-11-01", None);
        let next = member(MemberRole::AuthorisedMember, "2026-11-05", None);
        let stay = member(MemberRole::ConditionalTemporaryStay, "2020-01-01", None);
        let change = |starts_on: &str| HeadChange {
            person: next.person,
            starts_on: day(starts_on),
            former_leaves: None,
        };
        let head = |next: &Membership, birth: &str, starts_on: &str| {
            head(
                Some(&former),
                next,
                &born(birth),
                change(starts_on),
                day(TODAY),
            )
        };
        for (who, birth, starts_on, accepted) in [
            (&next, "1980-01-01", "2026-11-20", true),
            (&next, "1980-01-01", "2026-11-06", true),
            (&next, "1980-01-01", "2026-11-05", false),
            (&next, "1980-01-01", "2026-11-21", false),
            (&next, "2008-11-20", "2026-11-20", true),
            (&next, "2008-11-21", "2026-11-20", false),
            (&stay, "1980-01-01", "2026-11-20", false),
            (&former, "1980-01-01", "2026-11-20", false),
        ] {
            let result = head(who, birth, starts_on);
            assert_eq!(result.is_ok(), accepted, "{birth} {starts_on}: {result:?}");
        }
    }

    #[test]
    fn the_size_counts_who_is_named_and_stays() {
        let members = [
            member(MemberRole::Head, "2020-01-01", None),
            member(MemberRole::AuthorisedMember, "2020-01-01", None),
            member(MemberRole::AuthorisedMember, "2020-01-01", Some(TODAY)),
            member(MemberRole::DomesticHelper, "2020-01-01", None),
            member(MemberRole::ConditionalTemporaryStay, "2020-01-01", None),
        ];
        assert_eq!(size(&members), Some(2));
        assert_eq!(size(&members[3..]), None);
    }
}
