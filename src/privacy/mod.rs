//! Privacy rights (個人資料私隱): what the Personal Data (Privacy) Ordinance, Cap. 486, gives
//! people against whoever keeps their data.
//!
//! * A request is answered, or refused for one of the Ordinance's own reasons, within 40 days
//!   (sections 19 and 23). It is decided once.
//! * The answer to a request for access is whole: each slice tells what it holds on a person,
//!   and a test finds a table that nobody tells of. Others' data is not in it: the rent account
//!   and the sign-ins are told to who was the tenant, for that time.
//! * What a person says is wrong is kept, sealed, and goes with their data when the correction
//!   is refused.
//! * Nobody is erased under a legal hold, while they belong to a household, or on one person's
//!   word. Erasing also ends what is sealed about them in the audit trail. It is ordered first
//!   and carried out then: what is stopped half way is finished later.
//! * Data is kept as long as the rule in force for its class says, and no longer: a job erases
//!   and counts.
//! * Data collected for different purposes is compared with a recorded approval or not at all
//!   ([`matching_allowed`]).
//! * A person learns that staff read their record and what for, never who.

mod accounts;
mod api;
mod bundle;
mod commands;
mod erasure;
mod held;
mod jobs;
mod matching;
mod model;
mod paper;
mod rules;
mod store;

pub use api::routes;
pub use erasure::SEALED;
pub use jobs::{Retain, retain, timetable};
pub use matching::matching_allowed;
pub use model::{DataClass, PrivacyError, RetentionRule, RetentionRun};
