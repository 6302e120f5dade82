//! `kaifong token`: operators' access tokens, for development and the operator's own jobs.
//!
//! They carry their scopes and reach every row; a server takes them only when it is told to
//! (`KAIFONG_OPERATOR_TOKENS`).
//!
//! Every server signs with the current key of its data folder. `KAIFONG_TOKEN_KEYS` names what
//! is taken instead of that folder's own keys: when several servers have a folder each, the keys
//! of all. A server whose own key is not among them would issue what nobody takes, and does not
//! start.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Failure, answer};
use crate::app;
use crate::kernel::clock::{Clock, SystemClock};
use crate::platform::auth::{Issuer, Jwks, KeyRing, Verifier};
use crate::platform::config::Config;
use crate::platform::crypto::SigningKey;

/// Mint an operator's access token, for a server that takes operators' tokens
#[derive(Debug, Args)]
pub(super) struct Token {
    /// Who the token is for
    #[arg(long, default_value = "developer")]
    sub: String,
    /// What it allows, separated by spaces; everything when absent
    #[arg(long)]
    scope: Option<String>,
    /// How long it is in force, in seconds
    #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(i64).range(1..=604_800))]
    seconds: i64,
}

impl Token {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let every = app::scopes();
        let scope = self.scope.unwrap_or_else(|| every.join(" "));
        if let Some(unknown) = scope
            .split(' ')
            .find(|scope| !every.iter().any(|one| one == scope))
        {
            return Err(Failure::Usage(format!(
                "no scope {unknown:?}; there are {}",
                every.join(", ")
            )));
        }
        let token = mint(config, &self.sub, &scope, self.seconds)?;
        answer(&(token + "\n"))
    }
}

/// A token signed with the data folder's own key.
pub(super) fn mint(
    config: &Config,
    sub: &str,
    scope: &str,
    seconds: i64,
) -> Result<String, Failure> {
    let now = SystemClock.now().timestamp();
    Ok(issuer(config).mint(ring(config)?.current(), sub, scope, now, seconds)?)
}

/// The key to sign with.
pub(super) fn signing(config: &Config) -> Result<Arc<SigningKey>, Failure> {
    let key = Arc::clone(ring(config)?.current());
    if let Some(path) = &config.token_keys
        && !Jwks::read(path)?.has(&key)
    {
        return Err(Failure::Usage(format!(
            "KAIFONG_TOKEN_KEYS lacks the key {} that this server signs with, so nobody would take \
             its tokens: add what `kaifong token-keys show` prints to {}",
            key.id(),
            path.display()
        )));
    }
    Ok(key)
}

/// Checks tokens with the configured keys, or with the data folder's own.
pub(super) fn verifier(config: &Config, clock: Arc<dyn Clock>) -> Result<Verifier, Failure> {
    let keys = match &config.token_keys {
        Some(path) => Jwks::read(path)?,
        None => ring(config)?.published(),
    };
    Ok(Verifier::new(issuer(config), keys, clock))
}

pub(super) fn issuer(config: &Config) -> Issuer {
    Issuer {
        issuer: config.token_issuer.clone(),
        audience: config.token_audience.clone(),
    }
}

/// The data folder's own keys.
pub(super) fn ring(config: &Config) -> Result<KeyRing, Failure> {
    Ok(KeyRing::load_or_create(&config.data_dir.join("keys"))?)
}
