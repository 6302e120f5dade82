//! `kaifong seal`: seal the days that are over, now.

use std::process::ExitCode;

use super::database::Database;
use super::verify::{KEY, WITNESS};
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock, hong_kong_date};
use crate::ledger;
use crate::platform::config::Config;
use crate::platform::crypto::SigningKey;
use crate::platform::db;

/// Seals what was booked before today, and says how many checkpoints were made.
pub(super) fn run(config: &Config) -> Result<ExitCode, Failure> {
    let now = SystemClock.now();
    let key = SigningKey::load_or_create(&config.data_dir.join(KEY))?;
    let witness = config.data_dir.join(WITNESS);
    Database::with(config, |url| {
        let mut conn = db::connect(url)?;
        let made = ledger::seal_days(&mut conn, &key, &witness, hong_kong_date(now), now)?;
        answer(&format!("{made} checkpoints made\n"))
    })
}
