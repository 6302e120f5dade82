//! What a person and a membership are made of.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::birth_date::BirthDate;
use crate::kernel::choice::choice;
use crate::kernel::contact::{Email, Phone};
use crate::kernel::hkid::HkidSymbols;
use crate::kernel::id::{MembershipId, PersonId};
use crate::kernel::identity_document::IdentityDocument;
use crate::kernel::person_name::{ChineseName, EnglishName, NotName, PersonName};
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::vault::VaultError;
use crate::tenancy::TenancyError;

choice! {
    /// In what role a person belongs to a household.
    pub enum MemberRole {
        /// The tenant (戶主).
        Head = "head",
        /// Named in the tenancy (認可家庭成員).
        AuthorisedMember = "authorised_member",
        /// May stay on conditions, for a time (有條件暫准居住).
        ConditionalTemporaryStay = "conditional_temporary_stay",
        /// A helper who lives in (家庭傭工).
        DomesticHelper = "domestic_helper",
    }
}

impl MemberRole {
    /// Whether the size of the household counts such a member.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Head | Self::AuthorisedMember)
    }
}

choice! {
    /// Why a membership ended.
    pub enum LeavingReason {
        MovedOut = "moved_out",
        Death = "death",
        /// The marriage ended, or the member married into another household.
        Marriage = "marriage",
        /// The permission to stay, or the helper's contract, ran out.
        StayExpired = "stay_expired",
        /// The member was never to be on record.
        RecordedInError = "recorded_in_error",
        Other = "other",
        /// The same person goes on in another role; only a change of head says so.
        RoleChanged = "role_changed",
    }
}

choice! {
    pub enum Sex {
        Female = "female",
        Male = "male",
        /// Not stated, or neither.
        Unspecified = "unspecified",
    }
}

choice! {
    /// What is known of a person, field by field.
    pub enum PersonField {
        NameZh = "name_zh",
        NameEn = "name_en",
        Document = "document",
        Symbols = "symbols",
        BirthDate = "birth_date",
        Sex = "sex",
        Phone = "phone",
        Email = "email",
    }
}

choice! {
    /// Why a masked field is to be seen whole.
    pub enum UnmaskReason {
        /// The person is here, or on the telephone, and must be told from others.
        IdentityCheck = "identity_check",
        /// A form or letter that has to bear it.
        TenancyMatter = "tenancy_matter",
        /// A court, or a department with power to ask.
        LegalRequest = "legal_request",
        /// The person's own request under the Ordinance.
        DataAccessRequest = "data_access_request",
        Emergency = "emergency",
    }
}

/// What is known of a person. Shown by nothing: its fields' `Debug` are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    pub name: PersonName,
    pub document: Option<IdentityDocument>,
    /// Of an identity card; printed on it beside the number.
    pub symbols: Option<HkidSymbols>,
    pub birth_date: Option<BirthDate>,
    pub sex: Option<Sex>,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
}

/// Somebody, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub revision: i32,
    /// Absent once the person was erased.
    pub particulars: Option<Particulars>,
}

/// A person's stay with a household in one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::platform::db::schema::membership, check_for_backend(diesel::pg::Pg))]
pub struct Membership {
    pub id: MembershipId,
    pub person: PersonId,
    pub household: TenantCode,
    pub role: MemberRole,
    pub starts_on: NaiveDate,
    /// Its last day; absent while no end is known.
    pub ends_on: Option<NaiveDate>,
    pub end_reason: Option<LeavingReason>,
    pub recorded_at: DateTime<Utc>,
    pub end_recorded_at: Option<DateTime<Utc>>,
    pub version: i32,
}

impl Membership {
    /// Whether it is over by `day`.
    #[must_use]
    pub fn is_over(&self, day: NaiveDate) -> bool {
        self.ends_on.is_some_and(|last| last < day)
    }
}

/// Somebody who joins a household.
#[derive(Debug, Clone)]
pub struct NewMember {
    pub particulars: Particulars,
    pub role: MemberRole,
    pub starts_on: NaiveDate,
    /// The last day, of a stay that is for a time.
    pub ends_on: Option<NaiveDate>,
}

/// Who joined, by ids alone: what an idempotent answer may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub person: PersonId,
    pub membership: MembershipId,
}

/// What becomes of something that may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    Stays,
    Goes,
    Becomes(T),
}

impl<T> Change<T> {
    /// What is there instead of `before`.
    #[must_use]
    pub fn of(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Stays => before,
            Self::Goes => None,
            Self::Becomes(after) => Some(after),
        }
    }
}

/// What is to be other than recorded.
#[derive(Debug, Clone)]
pub struct Correction {
    pub name_zh: Change<ChineseName>,
    pub name_en: Change<EnglishName>,
    pub document: Option<IdentityDocument>,
    pub symbols: Change<HkidSymbols>,
    pub birth_date: Option<BirthDate>,
    pub sex: Option<Sex>,
    pub phone: Change<Phone>,
    pub email: Change<Email>,
}

/// How a membership is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Leaving {
    /// The last day.
    pub ends_on: NaiveDate,
    pub reason: LeavingReason,
}

/// Who is to be the head, and what becomes of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeadChange {
    pub person: PersonId,
    /// The first day as head.
    pub starts_on: NaiveDate,
    /// Why the head before leaves the household; absent when they stay as a member.
    pub former_leaves: Option<LeavingReason>,
}

/// Why people were not read, added or changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error("no such household")]
    NoSuchHousehold,
    #[error("no such person")]
    NoSuchPerson,
    #[error("no such member")]
    NoSuchMember,
    #[error("someone changed it meanwhile")]
    Stale,
    #[error(transparent)]
    Name(#[from] NotName),
    #[error("a date of birth is not in the future")]
    NotBornYet,
    #[error("card symbols are an identity card's")]
    SymbolsWithoutCard,
    #[error("another person is on record with this document")]
    DocumentHeld,
    #[error("the household has a head on some of these days")]
    HeadExists,
    #[error("the person belongs to the household on some of these days")]
    MemberAlready,
    #[error("a household has at most {0} members at a time")]
    Full(usize),
    #[error("a membership starts from {0} to {1}")]
    Start(NaiveDate, NaiveDate),
    #[error("a membership that starts on {0} ends from that day to {1}")]
    End(NaiveDate, NaiveDate),
    #[error("only a temporary stay or a helper's is recorded with its end")]
    EndUnforeseen,
    #[error("the membership is over")]
    Ended,
    #[error("only a change of head ends a membership for a change of role")]
    RoleChangeIsNoEnding,
    #[error("the head does not leave while other members stay: change the head first")]
    HeadLeaves,
    #[error("a head is an authorised member of 18 or more")]
    NotEligible,
    #[error("the person is the head already")]
    HeadAlready,
    #[error("the new head begins after {0}, the first day of both in their roles, and by {1}")]
    HeadStart(NaiveDate, NaiveDate),
    #[error("nothing is left of an erased person")]
    Erased,
    #[error("the person belongs to a household")]
    StillMember,
    #[error("to search by name: two Chinese characters, or an English family name")]
    NameTooShort,
    #[error("a stored {0} is not one")]
    Unreadable(PersonField),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Tenancy(#[from] TenancyError),
    #[error(transparent)]
    Db(#[from] DbError),
}
