//! `kaifong token-keys`: the keys that access tokens are signed with.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, answer};
use crate::platform::auth::KeyRing;
use crate::platform::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum TokenKeys {
    /// Make the next key the current one; then restart the servers one by one
    Rotate,
}

impl TokenKeys {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let Self::Rotate = self;
        let ring = KeyRing::rotate(&config.data_dir.join("keys"))?;
        answer(&format!("{}\n", ring.current().id()))
    }
}
