//! The words every slice shares. Nothing here does I/O.
//!
//! * An amount is [`money::Money`]: two decimal places, checked, never a float.
//! * A rent month is [`month::Month`]; dates are Hong Kong dates; instants are UTC.
//! * What tells who somebody is has no `Display`, no `Serialize` and an empty `Debug`:
//!   [`personal`].
//! * The time is asked of a [`clock::Clock`], by the edge of the program only.

pub mod ahead;
pub mod birth_date;
pub mod choice;
pub mod clock;
pub mod contact;
pub mod dated;
pub mod day;
pub mod four_eyes;
pub mod held;
pub mod hkid;
pub mod id;
pub mod identity_document;
pub mod language;
pub mod money;
pub mod month;
pub mod person_name;
pub mod personal;
pub mod reach;
pub mod role;
pub mod tenant_code;
pub mod text;
pub mod watch;
pub mod whole;
pub mod working_day;
