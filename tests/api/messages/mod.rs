//! Messages: what happened is told once, by real carriers on real sockets.

mod api;
mod choices;
mod deliver;
pub mod office;
mod reminders;
mod secrets;
