//! Finding people: by a whole document or telephone number, or by a part of the name.
//!
//! A name's index says little on purpose, so it finds candidates: they are opened and compared,
//! a bounded number at a time. Nobody outside the caller's reach is ever a candidate.

use diesel::PgConnection;

use super::commands::By;
use super::model::{Membership, PeopleError, Person, PersonField};
use super::store::{self, Key};
use super::{reading, sealing};
use crate::kernel::contact::Phone;
use crate::kernel::id::PersonId;
use crate::kernel::identity_document::IdentityDocument;
use crate::kernel::person_name::{ChineseName, EnglishName};

/// What is known of somebody to be found.
#[derive(Debug, Clone)]
pub enum Clue {
    Document(IdentityDocument),
    Phone(Phone),
    /// How the Chinese name begins: two characters or more.
    NameZh(ChineseName),
    /// How the English name begins: the family name or more.
    NameEn(EnglishName),
}

/// Who was found.
#[derive(Debug)]
pub struct Found {
    pub people: Vec<(Person, Vec<Membership>)>,
    /// Where the search went no further; absent when it came to its end.
    pub next: Option<PersonId>,
}

/// People that one search opens, at most.
const CANDIDATES: usize = 500;
/// People that one search shows, at most.
const MOST: usize = 50;

/// The people within the caller's reach whom `clue` fits, after `after`.
pub fn find(
    conn: &mut PgConnection,
    by: By<'_>,
    clue: &Clue,
    after: Option<PersonId>,
) -> Result<Found, PeopleError> {
    let key = key(by, clue)?;
    let rows = i64::try_from(CANDIDATES).unwrap_or(i64::MAX);
    let rows = store::people(conn, key, after, (by.reach, by.today()), rows)?;
    let all_seen = rows.len() < CANDIDATES;
    let candidates = reading::open(conn, by, &rows)?;
    let (fitting, next) = fitting(candidates, clue, all_seen);
    reading::viewed(conn, by, None, &fitting, PersonField::ALL, purpose(clue))?;
    let ids: Vec<PersonId> = fitting.iter().map(|person| person.id).collect();
    let stays = store::memberships_of(conn, &ids, by.reach, by.today())?;
    let people = fitting.into_iter().map(|person| {
        let own = stays.iter().filter(|stay| stay.person == person.id);
        let own = own.copied().collect();
        (person, own)
    });
    Ok(Found {
        people: people.collect(),
        next,
    })
}

fn key(by: By<'_>, clue: &Clue) -> Result<Key, PeopleError> {
    let vault = by.vault;
    Ok(match clue {
        Clue::Document(document) => Key::Document(sealing::of_document(vault, document)?),
        Clue::Phone(phone) => Key::Phone(sealing::of_phone(vault, phone.reveal())?),
        Clue::NameZh(name) => {
            let key = sealing::of_name_zh(vault, name.reveal())?;
            Key::NameZh(key.ok_or(PeopleError::NameTooShort)?)
        }
        Clue::NameEn(name) => {
            let (family, rest) = sealing::family_and_rest(name.reveal());
            let initials: Vec<Option<char>> = match rest.chars().next() {
                Some(initial) => vec![Some(initial)],
                None => ('A'..='Z').map(Some).chain([None]).collect(),
            };
            let keys = initials
                .into_iter()
                .map(|initial| sealing::of_family(vault, &family, initial));
            Key::NameEn(keys.collect::<Result<_, _>>()?)
        }
    })
}

/// Those of `candidates` whom `clue` fits, and the last one looked at when others may follow.
fn fitting(
    candidates: Vec<Person>,
    clue: &Clue,
    all_seen: bool,
) -> (Vec<Person>, Option<PersonId>) {
    let mut fitting = Vec::new();
    let mut last = None;
    for person in candidates {
        last = Some(person.id);
        if fits(&person, clue) {
            fitting.push(person);
        }
        if fitting.len() == MOST {
            return (fitting, last);
        }
    }
    (fitting, last.filter(|_| !all_seen))
}

fn fits(person: &Person, clue: &Clue) -> bool {
    let Some(known) = &person.particulars else {
        return false;
    };
    let without_spaces = |name: &ChineseName| name.reveal().replace(' ', "");
    match clue {
        Clue::Document(document) => known.document.as_ref() == Some(document),
        Clue::Phone(phone) => known.phone.as_ref() == Some(phone),
        Clue::NameZh(part) => {
            let name = known.name.zh().map(without_spaces);
            name.is_some_and(|name| name.starts_with(&without_spaces(part)))
        }
        Clue::NameEn(part) => known.name.en().is_some_and(|name| {
            let (family, rest) = sealing::family_and_rest(name.reveal());
            let (wanted, beginning) = sealing::family_and_rest(part.reveal());
            family == wanted && rest.starts_with(&beginning)
        }),
    }
}

fn purpose(clue: &Clue) -> &'static str {
    match clue {
        Clue::Document(_) => "search by document",
        Clue::Phone(_) => "search by telephone",
        Clue::NameZh(_) | Clue::NameEn(_) => "search by name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::person_name::PersonName;
    use crate::people::model::Particulars;

    fn person(zh: Option<&str>, en: Option<&str>) -> Person {
        let zh = zh.map(|text| text.parse().unwrap());
        let en = en.map(|text| text.parse().unwrap());
        Person {
            id: PersonId::fresh(),
            revision: 1,
            particulars: Some(Particulars {
                name: PersonName::new(zh, en).unwrap(),
                document: None,
                symbols: None,
                birth_date: None,
                sex: None,
                phone: None,
                email: None,
            }),
        }
    }

    #[test]
    fn a_part_of_a_name_fits_from_its_beginning() {
        let chan = person(Some("陳 大文"), Some("CHAN, Tai Man"));
        for (clue, fit) in [
            (Clue::NameZh("陳大".parse().unwrap()), true),
            (Clue::NameZh("陳大文".parse().unwrap()), true),
            (Clue::NameZh("大文".parse().unwrap()), false),
            (Clue::NameEn("chan".parse().unwrap()), true),
            (Clue::NameEn("Chan Tai".parse().unwrap()), true),
            (Clue::NameEn("CHAN Man".parse().unwrap()), false),
            (Clue::NameEn("CHA".parse().unwrap()), false),
        ] {
            assert_eq!(fits(&chan, &clue), fit, "{clue:?}");
        }
    }

    #[test]
    fn a_search_shows_so_many_and_says_where_it_stopped() {
        let clue = Clue::NameEn("CHAN".parse().unwrap());
        let some = |count: usize| -> Vec<Person> {
            (0..count).map(|_| person(None, Some("CHAN A"))).collect()
        };
        let (found, next) = fitting(some(3), &clue, true);
        assert_eq!((found.len(), next), (3, None));
        let (found, next) = fitting(some(MOST + 1), &clue, true);
        assert_eq!(
            (found.len(), next),
            (MOST, found.last().map(|last| last.id))
        );
        let others: Vec<_> = (0..CANDIDATES)
            .map(|_| person(None, Some("LI B")))
            .collect();
        let last = others.last().map(|last| last.id);
        let (found, next) = fitting(others, &clue, false);
        assert_eq!((found.len(), next), (0, last));
    }
}
