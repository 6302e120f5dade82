//! The settings: what they are, where they come from, what they are now.
//!
//! * A setting is an environment variable `KAIFONG_*` and one row of `table::SETTINGS`; there
//!   is no other way in.
//! * All mistakes are reported at once, a misspelt name among them, and nothing starts.
//! * An empty value is the same as none.
//! * A secret is never shown: not by [`Config::effective`], not in a mistake, not by `Debug`.

mod database_url;
mod messages;
mod mistakes;
mod pin;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub use database_url::DatabaseUrl;
pub use messages::{MailServer, MessageSettings};
pub use mistakes::{Mistake, Mistakes};
pub use pin::Pin;

use url::Url;

use crate::kernel::choice::choice;
use crate::platform::password::Remembered;

/// What every setting's name begins with.
pub const PREFIX: &str = "KAIFONG_";

choice! {
    /// How log lines are written.
    pub enum LogFormat {
        /// For people at a terminal, for machines anywhere else.
        Auto = "auto",
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

/// The effective settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database; absent, the program keeps a private cluster in `data_dir`.
    pub database_url: Option<DatabaseUrl>,
    /// The private cluster and all other local state.
    pub data_dir: PathBuf,
    /// Where the API is served.
    pub listen: SocketAddr,
    /// Whether a proxy speaks TLS in front of it.
    pub behind_tls: bool,
    /// Database connections, each with its own thread.
    pub db_connections: usize,
    /// Calls that may wait for a connection; one more is turned away.
    pub db_queue: usize,
    /// How long a call waits for a connection.
    pub db_patience: Duration,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// The largest settlement file, in bytes.
    pub payment_file_limit: u64,
    /// Threads that serve HTTP.
    pub http_workers: usize,
    /// The folder of `postgres` and `initdb`.
    pub pg_bin: Option<PathBuf>,
    /// What is logged, as a `tracing` filter.
    pub log: String,
    /// How it is written.
    pub log_format: LogFormat,
    /// Who issues access tokens (`iss`).
    pub token_issuer: String,
    /// For whom they are issued (`aud`).
    pub token_audience: String,
    /// A JWKS file with the public keys that tokens are checked against.
    pub token_keys: Option<PathBuf>,
    /// Whether operators' tokens, which carry their scopes themselves, are taken.
    pub operator_tokens: bool,
    /// The file of the root key of sealed data.
    pub root_key: Option<PathBuf>,
    /// The PKCS#11 library of the token that holds the root key instead.
    pub pkcs11_module: Option<PathBuf>,
    /// The token's label.
    pub pkcs11_token: Option<String>,
    /// What opens the token.
    pub pkcs11_pin: Option<Pin>,
    /// The label of the root key in the token.
    pub pkcs11_key: String,
    /// The audit log's name: its checkpoints' first line, and its key's name.
    pub audit_origin: String,
    /// Redis, for limits that all replicas share.
    pub redis_url: Option<Remembered>,
    /// The domain that passkeys are of.
    pub passkey_domain: String,
    /// The pages and apps that passkeys are used from.
    pub passkey_origins: Vec<Url>,
    /// iAM Smart, when all of it is given.
    pub iam_smart: IamSmartSettings,
    /// How messages leave.
    pub messages: MessageSettings,
    /// The names that the environment gave.
    given: BTreeSet<&'static str>,
}

/// How iAM Smart is reached, and as whom.
#[derive(Debug, Clone, Default)]
pub struct IamSmartSettings {
    /// Where browsers are sent.
    pub page: Option<String>,
    /// Where this program calls.
    pub api: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<Remembered>,
    pub redirect_uri: Option<String>,
    pub callback_uri: Option<String>,
}

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Effective {
    pub name: &'static str,
    /// As shown to people: secrets are masked.
    pub value: Option<String>,
    pub source: Source,
    /// What the setting is for.
    pub meaning: &'static str,
}

/// Where a setting's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Default,
    Environment,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: None,
            data_dir: PathBuf::from(".kaifong"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            behind_tls: false,
            db_connections: 8,
            db_queue: 256,
            db_patience: Duration::from_secs(2),
            body_limit: 32 * 1024,
            payment_file_limit: 256 * 1024 * 1024,
            http_workers: std::thread::available_parallelism().map_or(1, usize::from),
            pg_bin: None,
            log: "info".to_owned(),
            log_format: LogFormat::Auto,
            token_issuer: "kaifong".to_owned(),
            token_audience: "kaifong".to_owned(),
            token_keys: None,
            operator_tokens: false,
            root_key: None,
            pkcs11_module: None,
            pkcs11_token: None,
            pkcs11_pin: None,
            pkcs11_key: "kaifong-root".to_owned(),
            audit_origin: "kaifong/audit".to_owned(),
            redis_url: None,
            passkey_domain: "localhost".to_owned(),
            passkey_origins: Url::parse("http://localhost:8080").into_iter().collect(),
            iam_smart: IamSmartSettings::default(),
            messages: MessageSettings::default(),
            given: BTreeSet::new(),
        }
    }
}

impl Config {
    /// The settings that `environment` gives, over the defaults; other programs' variables
    /// are ignored.
    pub fn from_env(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Mistakes> {
        let mut config = Self::default();
        let mut mistakes = Vec::new();
        // Sorted, so that the same mistakes always read the same.
        let variables: BTreeMap<_, _> = environment
            .into_iter()
            .filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty())
            .collect();
        for (name, value) in variables {
            match table::SETTINGS.iter().find(|row| row.name == name) {
                None => mistakes.push(Mistake::unknown(name, table::names())),
                Some(row) => match (row.read)(&mut config, &value) {
                    Ok(()) => {
                        config.given.insert(row.name);
                    }
                    Err(why) => mistakes.push(Mistake::bad(row, &value, why)),
                },
            }
        }
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(Mistakes(mistakes))
        }
    }

    /// The settings of this process.
    pub fn from_process() -> Result<Self, Mistakes> {
        // Not `std::env::vars`, which panics on bytes that are not UTF-8, in any variable.
        Self::from_env(std::env::vars_os().map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        }))
    }

    /// Every setting with the value in force and where it comes from.
    pub fn effective(&self) -> impl Iterator<Item = Effective> {
        table::SETTINGS.iter().map(|row| Effective {
            name: row.name,
            value: (row.show)(self),
            source: if self.given.contains(row.name) {
                Source::Environment
            } else {
                Source::Default
            },
            meaning: row.meaning,
        })
    }
}

#[cfg(test)]
mod tests;
