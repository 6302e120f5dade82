//! What holds when, what remains, and what does not agree. Pure.

mod findings;
mod notices;
mod shares;

pub use findings::{Case, findings};
pub use notices::{Known, in_force, misfit, periods};
pub use shares::{change, still_to_come, yours};
