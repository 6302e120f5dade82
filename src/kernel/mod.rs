//! The words every slice shares. Nothing here does I/O.
//!
//! * An amount is [`money::Money`]: two decimal places, checked, never a float.
//! * A rent month is [`month::Month`]; dates are Hong Kong dates; instants are UTC.
//! * The time is asked of a [`clock::Clock`], by the edge of the program only.

pub mod choice;
pub mod clock;
pub mod day;
pub mod id;
pub mod language;
pub mod money;
pub mod month;
pub mod reach;
pub mod role;
pub mod tenant_code;
pub mod text;
