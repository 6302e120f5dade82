//! Secrets that prove who someone is: remembered ones, one-time codes, random tokens.
//!
//! * A remembered secret is kept as argon2id. Hashing is dear on purpose, so few are hashed at
//!   a time, off the threads that answer requests; who would wait too long is turned away.
//! * A secret that is checked costs the same whether or not there is anything to check against.
//! * A random token of 256 bits is kept as plain SHA-256: there is nothing to guess.
//! * No secret is printed: `Debug` shows that there is one, and memory is wiped after use.

mod hasher;
mod secret;
mod totp;
mod wrapper;

pub use hasher::{Cost, Hasher, HasherError, Match, hash_now};
pub use secret::{NoRandomness, Remembered, Secret, random};
pub use totp::{TotpSeed, otpauth_uri};
pub use wrapper::{Wrapper, WrapperError};
