//! Which rows a caller may touch: the housing half of "who may do what".
//!
//! * A reach is worked out anew on every request from the caller's standing; it is never in a
//!   token, so that a posting that ends takes effect at once.
//! * What is outside a caller's reach is answered exactly as what does not exist.

use std::collections::BTreeSet;

use super::id::{EstateId, PersonId};
use super::tenant_code::TenantCode;

/// The rows within a caller's reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every row: work of the whole Authority.
    Everywhere,
    /// What belongs to these estates: an officer's postings, a device's estate.
    Estates(BTreeSet<EstateId>),
    /// What belongs to this household.
    Household(TenantCode),
    /// This person: only an access in an emergency is for one alone.
    Person(PersonId),
}

impl Reach {
    /// No row at all.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Estates(BTreeSet::new())
    }

    /// Whether it is the whole Authority.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        *self == Self::Everywhere
    }

    /// Whether rows of `estate` are within it.
    #[must_use]
    pub fn takes_in(&self, estate: EstateId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Estates(estates) => estates.contains(&estate),
            Self::Household(_) | Self::Person(_) => false,
        }
    }

    /// What is within either. Staff have estates and tenants a household, never both; should
    /// they ever meet, the household is left out, and a person before either: too little
    /// rather than too much.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everywhere, _) | (_, Self::Everywhere) => Self::Everywhere,
            (Self::Estates(mut ours), Self::Estates(theirs)) => {
                ours.extend(theirs);
                Self::Estates(ours)
            }
            (Self::Household(ours), Self::Household(theirs)) if ours == theirs => {
                Self::Household(ours)
            }
            (Self::Estates(estates), Self::Household(_))
            | (Self::Household(_), Self::Estates(estates)) => Self::Estates(estates),
            (Self::Person(ours), Self::Person(theirs)) if ours == theirs => Self::Person(ours),
            (Self::Person(_), Self::Person(_)) | (Self::Household(_), Self::Household(_)) => {
                Self::nothing()
            }
            (Self::Person(_), other) | (other, Self::Person(_)) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_reaches_join_and_never_grow_beyond_their_sum() {
        let (one, two) = (EstateId::derived("one"), EstateId::derived("two"));
        let estates = |ids: &[EstateId]| Reach::Estates(ids.iter().copied().collect());
        let home = Reach::Household("1000000018".parse().unwrap());
        let other = Reach::Household(TenantCode::of(100_000_002).unwrap());
        assert_eq!(estates(&[one]).or(estates(&[two])), estates(&[one, two]));
        assert_eq!(estates(&[one]).or(Reach::Everywhere), Reach::Everywhere);
        assert_eq!(home.clone().or(home.clone()), home);
        assert_eq!(home.clone().or(other), Reach::nothing());
        assert_eq!(home.clone().or(estates(&[one])), estates(&[one]));
        let person = Reach::Person(PersonId::derived("one"));
        assert_eq!(person.clone().or(person.clone()), person);
        assert_eq!(person.clone().or(home.clone()), home);
        assert_eq!(home.clone().or(person.clone()), home);
        let another = Reach::Person(PersonId::derived("two"));
        assert_eq!(person.clone().or(another), Reach::nothing());
        assert!(!person.takes_in(one));
        assert!(!Reach::nothing().takes_in(one) && estates(&[one]).takes_in(one));
    }
}
