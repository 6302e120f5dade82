//! What is sent when, and how long a text message may be. Pure.

pub mod parts;
pub mod times;
