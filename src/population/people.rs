//! The people of each household: as many as its tenancy counts, and now and then a helper or
//! somebody who stays for a time.
//!
//! Names, numbers and dates are the seed's. Data keys and what they seal are not: those are
//! drawn by the vault, and differ every time.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use uuid::Builder;

use super::chance::{Dice, Purpose};
use super::model::{PopulationError, Window};
use super::names::Family;
use super::numbers::shuffled;
use crate::kernel::clock::hong_kong_time;
use crate::kernel::hkid::Hkid;
use crate::kernel::id::{MembershipId, PersonId};
use crate::kernel::identity_document::{Country, DocumentKind, IdentityDocument};
use crate::kernel::tenant_code::TenantCode;
use crate::people::{LeavingReason, MemberRole, Membership, Particulars, Sex};

/// Numbers with one letter: as many as there are.
const CARDS: u64 = 26_000_000;
/// Mobile numbers that begin with 5, 6 or 9, but for those of services.
const MOBILES: u64 = 29_000_000;

/// A household to be filled with people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    pub household: TenantCode,
    pub opened_at: DateTime<Utc>,
    pub starts_on: NaiveDate,
    /// The last day, and when it was known.
    pub end: Option<(NaiveDate, DateTime<Utc>)>,
    pub size: i16,
}

/// One of its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Somebody {
    pub id: PersonId,
    pub particulars: Particulars,
    pub stay: Membership,
}

/// Fills households one after the other.
pub struct Filling<'a> {
    pub seed: u64,
    pub window: &'a Window,
    /// How many people there are so far: no two get the same number.
    pub drawn: u64,
}

/// What a member is to the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kin {
    Head,
    Spouse,
    Child,
    Parent,
    Helper,
    Guest,
}

impl Filling<'_> {
    /// The people of `home`, the head first.
    pub fn people(&mut self, home: &Home) -> Result<Vec<Somebody>, PopulationError> {
        let number = u64::try_from(home.household.number()).unwrap_or(0);
        let mut dice = Dice::new(self.seed, Purpose::Member, number);
        let head = head_born(home, self.window, &mut dice);
        let family = Family::draw(&mut dice);
        let mut people = Vec::new();
        for kin in members(home.size, &mut dice) {
            people.push(self.one(home, kin, (head, family), &mut dice)?);
        }
        Ok(people)
    }

    fn one(
        &mut self,
        home: &Home,
        kin: Kin,
        (head, family): (NaiveDate, Family),
        dice: &mut Dice,
    ) -> Result<Somebody, PopulationError> {
        let last = home.end.map_or(self.window.until, |(last, _)| last);
        let birth = born(kin, head, last, dice);
        let sex = match (kin, dice.below(2)) {
            (Kin::Helper, _) | (_, 0) => Sex::Female,
            _ => Sex::Male,
        };
        let family = match kin {
            Kin::Head | Kin::Child => family,
            Kin::Helper => Family::other(dice),
            Kin::Spouse | Kin::Parent | Kin::Guest => Family::draw(dice),
        };
        let name = family.name(sex, dice)?;
        let adult = birth.checked_add_months(Months::new(18 * 12)) <= Some(last);
        let which = self.drawn;
        self.drawn += 1;
        let document = self.document(kin, which, (birth, last), dice);
        let symbols = document
            .as_ref()
            .filter(|one| one.kind() == DocumentKind::Hkid);
        let symbols = symbols.and_then(|_| if adult { "***AZ" } else { "*AZ" }.parse().ok());
        let starts_on = home.starts_on.max(birth);
        let recorded_at = recorded(home, birth, dice).min(self.window.now);
        let id = PersonId::from(fresh(recorded_at, dice));
        let phone = (kin == Kin::Head || adult && dice.happens(950)).then(|| self.phone(which));
        let email = (adult && dice.happens(300)).then(|| format!("u{which}@example.com"));
        Ok(Somebody {
            id,
            particulars: Particulars {
                name,
                document,
                symbols,
                birth_date: birth.try_into().ok(),
                sex: Some(sex),
                phone: phone.and_then(|phone| phone.parse().ok()),
                email: email.and_then(|email| email.parse().ok()),
            },
            stay: Membership {
                id: MembershipId::from(fresh(recorded_at, dice)),
                person: id,
                household: home.household,
                role: role(kin),
                starts_on,
                ends_on: home.end.map(|(last, _)| last.max(starts_on)),
                end_reason: home.end.map(|_| LeavingReason::MovedOut),
                recorded_at,
                end_recorded_at: home.end.map(|(_, known)| known),
                version: if home.end.is_some() { 2 } else { 1 },
            },
        })
    }

    /// A card, for a young child a certificate of birth, for some guests a passport or permit.
    fn document(
        &self,
        kin: Kin,
        which: u64,
        (birth, last): (NaiveDate, NaiveDate),
        dice: &mut Dice,
    ) -> Option<IdentityDocument> {
        let number = shuffled(which, CARDS, self.seed);
        let hkid = card(self.seed, which)?;
        let eleven = birth.checked_add_months(Months::new(11 * 12))?;
        if kin == Kin::Guest && dice.happens(500) {
            let permit = format!("C{number:08}");
            return IdentityDocument::read(DocumentKind::ExitEntryPermit, &permit, None).ok();
        }
        if kin == Kin::Guest && dice.happens(300) {
            let country = Country::try_from("CHN".to_owned()).ok();
            let passport = format!("E{number:08}");
            return IdentityDocument::read(DocumentKind::Passport, &passport, country).ok();
        }
        Some(if eleven > last {
            IdentityDocument::BirthCertificate(hkid)
        } else {
            IdentityDocument::Hkid(hkid)
        })
    }

    fn phone(&self, which: u64) -> String {
        let number = shuffled(which, MOBILES, !self.seed);
        let first = match number / 10_000_000 {
            0 => '5',
            1 => '6',
            _ => '9',
        };
        // 900 and 999 are services: the nines go from 910.
        let rest = number % 10_000_000;
        let rest = if first == '9' {
            rest % 8_900_000 + 1_000_000
        } else {
            rest
        };
        format!("{first}{rest:07}")
    }
}

/// The number of the card, or of the certificate of birth, of the `which`th person of `seed`.
pub fn card(seed: u64, which: u64) -> Option<Hkid> {
    let number = shuffled(which, CARDS, seed);
    let letter = u8::try_from(number / 1_000_000).unwrap_or(0) + b'A';
    let digits = u32::try_from(number % 1_000_000).unwrap_or(0);
    Hkid::of(&char::from(letter).to_string(), digits)
}

/// Who lives with the head in a household of `size`, and who stays beside.
fn members(size: i16, dice: &mut Dice) -> Vec<Kin> {
    let mut members = vec![Kin::Head];
    let others = usize::try_from(size - 1).unwrap_or(0);
    let spouse = dice.happens(if others == 1 { 600 } else { 850 });
    let parent = others > 2 && dice.happens(250);
    members.extend(spouse.then_some(Kin::Spouse));
    members.extend(parent.then_some(Kin::Parent));
    members.truncate(others + 1);
    members.resize(others + 1, Kin::Child);
    members.extend(dice.happens(15).then_some(Kin::Helper));
    members.extend(dice.happens(10).then_some(Kin::Guest));
    members
}

fn role(kin: Kin) -> MemberRole {
    match kin {
        Kin::Head => MemberRole::Head,
        Kin::Spouse | Kin::Child | Kin::Parent => MemberRole::AuthorisedMember,
        Kin::Helper => MemberRole::DomesticHelper,
        Kin::Guest => MemberRole::ConditionalTemporaryStay,
    }
}

/// Of age when the household began, and not past 95 by the end of the history.
fn head_born(home: &Home, window: &Window, dice: &mut Dice) -> NaiveDate {
    let years = u32::try_from((window.until - home.starts_on).num_days() / 365).unwrap_or(0);
    let oldest = 95_u32.saturating_sub(years).clamp(25, 80);
    let age = dice.between(20, oldest);
    years_before(home.starts_on, age) - Days::new(u64::from(dice.below(300)))
}

fn born(kin: Kin, head: NaiveDate, last: NaiveDate, dice: &mut Dice) -> NaiveDate {
    let years_after = |years: u32| head.checked_add_months(Months::new(12 * years));
    let after = |years: u32| years_after(years).unwrap_or(head);
    let adult_by = years_before(last, 19);
    match kin {
        Kin::Head => head,
        Kin::Spouse => dice.day(years_before(head, 6), after(6)).min(adult_by),
        Kin::Parent => {
            let age = dice.between(20, 30);
            let earliest = NaiveDate::from_ymd_opt(1915, 1, 1).unwrap_or(head);
            years_before(head, age).max(earliest).min(head)
        }
        // A head too young for it lives with brothers and sisters.
        Kin::Child if after(20) >= last => dice.day(head, after(8)).min(last),
        Kin::Child => dice.day(after(20), after(42).min(last)),
        Kin::Helper => dice.day(years_before(last, 55), years_before(last, 22)),
        Kin::Guest => dice.day(years_before(last, 75), years_before(last, 1)),
    }
}

fn years_before(day: NaiveDate, years: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(12 * years))
        .unwrap_or(day)
}

/// With the household, or a month or so after the birth.
fn recorded(home: &Home, birth: NaiveDate, dice: &mut Dice) -> DateTime<Utc> {
    if birth <= home.starts_on {
        return home.opened_at;
    }
    let day = birth + Days::new(u64::from(dice.between(10, 60)));
    hong_kong_time(day, dice.between(9 * 3600, 18 * 3600))
}

/// An identifier of that time, as they are made, but from the seed.
fn fresh(at: DateTime<Utc>, dice: &mut Dice) -> uuid::Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    let drawn = dice.bytes();
    let mut bytes = [0; 10];
    bytes.copy_from_slice(drawn.first_chunk::<10>().unwrap_or(&[0; 10]));
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::model::Order;
    use super::*;

    fn filled(seed: u64) -> Vec<(Home, Vec<Somebody>)> {
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        let window = Order::new(1, seed, now).window(now).unwrap();
        let mut filling = Filling {
            seed,
            window: &window,
            drawn: 0,
        };
        let homes = (0..3_000_i64).map(|number| {
            let mut dice = Dice::new(seed, Purpose::Flat, number.unsigned_abs());
            let starts_on = dice.day("1996-01-01".parse().unwrap(), window.until);
            let known = hong_kong_time(starts_on - Days::new(5), 40_000);
            Home {
                household: TenantCode::of(TenantCode::FIRST + number).unwrap(),
                opened_at: known,
                starts_on,
                end: dice
                    .happens(50)
                    .then_some((window.until.max(starts_on), now)),
                size: i16::try_from(dice.between(1, 6)).unwrap(),
            }
        });
        homes
            .map(|home| (home, filling.people(&home).unwrap()))
            .collect()
    }

    #[test]
    fn people_fit_their_households_and_their_roles() {
        let now: DateTime<Utc> = "2026-11-20T01:00:00Z".parse().unwrap();
        for (home, people) in filled(1) {
            let counted = people.iter().filter(|one| one.stay.role.counts()).count();
            assert_eq!(counted, usize::try_from(home.size).unwrap());
            let heads = people
                .iter()
                .filter(|one| one.stay.role == MemberRole::Head);
            assert_eq!(heads.count(), 1);
            for one in &people {
                let known = &one.particulars;
                let birth = known.birth_date.as_ref().unwrap();
                assert!(birth.by(one.stay.starts_on), "{home:?}");
                assert!(one.stay.starts_on >= home.starts_on);
                assert!(one.stay.recorded_at <= now);
                let is_head = one.stay.role == MemberRole::Head;
                assert!(
                    !is_head || birth.is_of_age(18, one.stay.starts_on),
                    "{home:?}"
                );
                assert!(known.document.is_some() && known.sex.is_some());
                assert!(!is_head || known.phone.is_some());
            }
        }
    }

    #[test]
    fn nobody_shares_a_number_and_the_seed_decides() {
        let documents = |seed| -> Vec<String> {
            let people = filled(seed).into_iter().flat_map(|(_, people)| people);
            people
                .map(|one| one.particulars.document.unwrap().canonical())
                .collect()
        };
        let one = documents(1);
        assert_eq!(one.iter().collect::<HashSet<_>>().len(), one.len());
        assert_eq!(one, documents(1));
        assert_ne!(one, documents(2));
    }
}
