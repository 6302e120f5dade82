//! People (住戶成員): who the members of a household are, in what role, from when to when.
//!
//! * Everything that tells who somebody is, is sealed under a data key of the person's own.
//!   A row's cells are sealed for its revision: an older one does not open.
//! * One identity document is one person. Somebody known from another household joins as the
//!   same person, once the date of birth agrees.
//! * A household has one head a day, and nobody belongs to it twice on one day; constraints of
//!   the database hold both. What changes its members holds the household first.
//! * Nothing is deleted: a membership ends, for a reason.
//! * The head and the authorised members count: the size of the household's tenancy follows.
//! * Whoever reads a sealed field is on record before it leaves. Numbers are masked for
//!   everyone; one field of one person is unmasked for a stated reason.
//! * In an emergency (break-glass) staff read beyond their estates: the person or household and
//!   the fields that two people agreed on, while that lasts.
//! * Row-level security is the second line behind each statement's own conditions.

mod api;
mod bulk;
mod caller;
mod commands;
mod emergency;
mod model;
mod reading;
mod rules;
mod sealing;
mod search;
mod store;

pub use api::{MembershipOut, PersonChange, UnmaskedOut, routes};
pub use bulk::{
    NewPerson, add_drafts, begin_people, draft, has_people, load_memberships, load_people,
};
pub use caller::{Caller, OfSealed};
pub use commands::{By, correct};
pub use emergency::IN_EMERGENCY;
// Erasing is privacy's, which has the holds and the two people: a test keeps others off.
pub(crate) use commands::{blank, erasable};
pub use model::{
    Correction, LeavingReason, MemberRole, Membership, Particulars, PeopleError, Person,
    PersonField, Sex, UnmaskReason,
};
pub use reading::{known, left_before, members_today, memberships_of, on_record, unmask};
pub use sealing::SEALED;
