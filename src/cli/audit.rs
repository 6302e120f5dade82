//! `kaifong audit`: seal the audit trail, export it, prove an entry.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::database::Database;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock};
use crate::platform::audit::{self, Sealer};
use crate::platform::config::Config;
use crate::platform::crypto::SigningKey;
use crate::platform::db::connect;
use crate::platform::tlog::NoteSigner;

/// In the data folder: the key that signs the audit trail's checkpoints, and nothing else.
const KEY: &str = "keys/audit.pk8";
/// In the data folder: the checkpoints outside the database.
const FOLDER: &str = "audit/checkpoints";

/// The audit trail: seal it, export it, prove an entry
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Seal what is recorded, now
    Seal,
    Export(Export),
    Prove(Prove),
    /// Show the key that checkpoints are verified with
    Key,
}

/// Write the trail into a folder, for `kaifong verify-audit`
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The folder: empty, or not there yet
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Leave out the entries before this one, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    since: u64,
}

/// Show the proof that an entry is in the trail, which tells nothing of the others
#[derive(Debug, Args)]
pub(super) struct Prove {
    /// The entry's id
    event: Uuid,
}

impl Audit {
    pub(super) fn execute(self, config: &Config) -> Result<ExitCode, Failure> {
        if matches!(self, Self::Key) {
            let sealer = sealer(&config.data_dir, &config.audit_origin)?;
            return answer(&format!("{}\n", sealer.signer.public()));
        }
        Database::with(config, |url| self.run(config, url))
    }

    fn run(self, config: &Config, url: &str) -> Result<ExitCode, Failure> {
        let mut conn = connect(url)?;
        let sealer = sealer(&config.data_dir, &config.audit_origin)?;
        let said = match self {
            Self::Key => String::new(),
            Self::Seal => {
                let sealed = audit::seal(&mut conn, &sealer, SystemClock.now())?;
                format!("{} entries sealed of {}\n", sealed.entries, sealed.size)
            }
            Self::Export(Export { to, since }) => {
                let keys = [sealer.signer.public().clone()];
                let exported = audit::export(&mut conn, &to, since, &keys)?;
                format!("{} entries of {}\n", exported.entries, exported.size)
            }
            Self::Prove(Prove { event }) => {
                let proof = audit::prove(&mut conn, event)?;
                format!("{:#}\n", serde_json::json!(proof))
            }
        };
        answer(&said)
    }
}

/// Who seals: the data folder's own key, under the log's name.
pub(super) fn sealer(data: &Path, origin: &str) -> Result<Sealer, Failure> {
    let key = SigningKey::load_or_create(&data.join(KEY))?;
    Ok(Sealer {
        signer: NoteSigner::new(origin, key)?,
        folder: data.join(FOLDER),
    })
}
