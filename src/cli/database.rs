//! The database a subcommand works with: the configured server, or the private cluster, which
//! is started for as long as the subcommand lasts.

use super::Failure;
use crate::platform::cluster::{Cluster, Options};
use crate::platform::config::Config;
use crate::platform::db;

/// Says, when a program starts that runs for long, by which settings the server's own log may
/// tell of people. The private cluster's never does.
pub(super) fn heed_server_log(url: &str) -> Result<(), Failure> {
    for setting in db::talkative(&mut db::connect(url)?)? {
        tracing::warn!(
            setting,
            "the database's own log may tell of people: see deploy/postgresql.conf"
        );
    }
    Ok(())
}

/// A database that is there and has every migration.
pub(super) struct Database {
    url: String,
    private: Option<Cluster>,
}

impl Database {
    /// Opens the database that `config` names. The private one is migrated at once; a
    /// configured server is migrated by `kaifong migrate` only, as its owner.
    pub(super) fn open(config: &Config) -> Result<Self, Failure> {
        if let Some(url) = &config.database_url {
            return Ok(Self {
                url: url.expose().to_owned(),
                private: None,
            });
        }
        let options = Options {
            throwaway: false,
            pg_bin: config.pg_bin.clone(),
        };
        let cluster = Cluster::start(&config.data_dir, &options)?;
        let url = cluster.url();
        db::migrate(&url)?;
        Ok(Self {
            url,
            private: Some(cluster),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Does `work`, then stops the private cluster whatever came of it.
    pub(super) fn with<T>(
        config: &Config,
        work: impl FnOnce(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let database = Self::open(config)?;
        let result = work(database.url());
        database.close()?;
        result
    }

    /// Stops the private cluster.
    pub(super) fn close(self) -> Result<(), Failure> {
        Ok(self.private.map_or(Ok(()), Cluster::stop)?)
    }
}
