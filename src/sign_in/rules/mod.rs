//! What sign-in decides. Pure: no clock, no database, no HTTP.

pub mod key;
pub mod lock;
pub mod pin;
pub mod refresh;
pub mod session;
pub mod staff;
