//! `kaifong migrate`

use std::process::ExitCode;

use clap::Args;

use super::database::Database;
use super::{Failure, answer};
use crate::platform::config::Config;
use crate::platform::db;

/// Apply what is missing of the database's schema, as its owner
#[derive(Debug, Args)]
pub(super) struct Migrate {}

/// Migrates, and says what was missing.
pub(super) fn run(config: &Config) -> Result<ExitCode, Failure> {
    Database::with(config, |url| {
        let applied = db::migrate(url)?;
        let mut lines = applied
            .iter()
            .fold(String::new(), |text, name| text + "applied " + name + "\n");
        for setting in db::talkative(&mut db::connect(url)?)? {
            lines += "the database's own log may tell of people, see deploy/postgresql.conf: ";
            lines += &(setting + "\n");
        }
        answer(if lines.is_empty() {
            "nothing to apply\n"
        } else {
            &lines
        })
    })
}
