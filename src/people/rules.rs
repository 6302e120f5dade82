//! Who may belong to a household, as what and when. Pure: no clock, no database, no HTTP.

use chrono::{Months, NaiveDate};

use super::model::{
    Correction, EndReason, HeadChange, Leaving, MemberRole, Membership, NewMember, Particulars,
    PeopleError,
};
use crate::kernel::identity_document::DocumentKind;
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
pub(super) fn particulars(
    particulars: &Particulars,
    today: NaiveDate,
) -> Result<(), PeopleError> {
    let birth = particulars.birth_date.as_ref();
    if birth.is_some_and(|birth| !birth.by(today)) {
        return Err(PeopleError::NotBornYet);
    }
    let kind = particulars.document.as_ref().map(|document| document.kind());
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
    let zh = correction
        .name_zh
        .unwrap_or_else(|| before.name.zh().cloned());
    let en = correction
        .name_en
        .unwrap_or_else(|| before.name.en().cloned());
    let after = Particulars {
        name: PersonName::new(zh, en)?,
        document: correction.document.or(before.document),
        symbols: correction.symbols.unwrap_or(before.symbols),
        birth_date: correction.birth_date.or(before.birth_date),
        sex: correction.sex.or(before.sex),
        phone: correction.phone.unwrap_or(before.phone),
        email: correction.email.unwrap_or(before.email),
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
    if leaving.reason == EndReason::RoleChanged {
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
    if change.former_leaves == Some(EndReason::RoleChanged) {
        return Err(PeopleError::RoleChangeIsNoEnding);
    }
    // Each has had a day in the role before: a membership has at least one.
    let since = former.map_or(next.starts_on, |former| former.starts_on.max(next.starts_on));
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
mod tests;
