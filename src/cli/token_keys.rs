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
    /// Show the public keys, as a JWKS file for other servers
    Show,
}

impl TokenKeys {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let folder = config.data_dir.join("keys");
        match self {
            Self::Rotate => answer(&format!("{}\n", KeyRing::rotate(&folder)?.current().id())),
            Self::Show => {
                let keys = KeyRing::load_or_create(&folder)?.published();
                answer(&format!("{}\n", serde_json::json!(keys)))
            }
        }
    }
}
