//! `kaifong keys`: the keys of sealed personal data.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::Failure;
use crate::platform::config::Config;
use crate::platform::vault::{FileRoot, RootKey, Vault};

/// The vault of the configured root key; its file of erasures is in the data folder.
pub(super) fn open_vault(
    config: &Config,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vault, Failure> {
    let folder = config.data_dir.join("keys");
    Ok(Vault::open(conn, root(config)?, &folder, now)?)
}

/// The configured root key. One in a file is made on first use with the private cluster only:
/// whoever configures a server brings its key, and a new one would open nothing.
fn root(config: &Config) -> Result<Box<dyn RootKey>, Failure> {
    let path = root_file(config);
    let root = if config.database_url.is_none() {
        FileRoot::load_or_make(&path)?
    } else {
        FileRoot::load(&path)?
    };
    Ok(Box::new(root))
}

fn root_file(config: &Config) -> PathBuf {
    let usual = || config.data_dir.join("keys/root.key");
    config.root_key.clone().unwrap_or_else(usual)
}
