//! `kaifong keys`: the keys of sealed personal data.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use diesel::PgConnection;
use indicatif::ProgressBar;
use zeroize::Zeroizing;

use super::bar::progress_bar;
use super::database::Database;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::app;
use crate::kernel::clock::{Clock, SystemClock};
use crate::platform::config::Config;
use crate::platform::db::{connect, connect_as_owner};
use crate::platform::vault::{
    self, CustodianShare, FileRoot, KeyClass, Outcome, Pkcs11Root, Progress, RootKey, Rotation,
    Status, Token, Vault, VaultError,
};

/// The keys of sealed personal data
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make the root key, in its file or in its token, where there is none
    Init,
    Status(ShowStatus),
    Rotate(Rotate),
    Rewrap(Rewrap),
    Escrow(Escrow),
    Restore(Restore),
}

/// Show the keys in force: versions, counts, age
#[derive(Debug, Args)]
pub(super) struct ShowStatus {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Give every subject a new data key, and seal its data anew, while everybody works
///
/// May be interrupted at any time; the next run goes on. The old data keys are kept unless
/// `--retire` is given: then they are destroyed once nothing is left that they sealed.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The class of keys: identity, finance, visit, biometric, device, audit or backup
    #[arg(long)]
    class: KeyClass,
    /// Destroy the old data keys at the end
    #[arg(long)]
    retire: bool,
}

/// Make a new key-encryption key and wrap the data keys under it, while everybody works
///
/// May be interrupted at any time; the next run goes on. Make new shares afterwards.
#[derive(Debug, Args)]
pub(super) struct Rewrap {
    /// The class of keys: identity, finance, visit, biometric, device, audit or backup
    #[arg(long)]
    class: KeyClass,
}

/// Make five shares of the keys, for five custodians; any three bring the keys back
#[derive(Debug, Args)]
pub(super) struct Escrow {
    /// Where to put the five files
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

/// Bring the keys back from three shares, under a new root key
///
/// For a host that lost its root key: the database, or its backup, must be there.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The files of at least three shares
    #[arg(required = true, num_args = 3..)]
    shares: Vec<PathBuf>,
}

/// Shows how far it is, and hears of Ctrl-C.
struct Bar<'a> {
    bar: ProgressBar,
    stopped: &'a AtomicBool,
}

impl Progress for Bar<'_> {
    fn at(&self, doing: &'static str, done: i64, of: i64) {
        self.bar.set_message(doing);
        self.bar.set_length(of.max(done).unsigned_abs());
        self.bar.set_position(done.unsigned_abs());
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Keys {
    pub(super) fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        match self {
            Self::Init => init(config),
            Self::Status(ShowStatus { json }) => Database::with(config, |url| {
                let status = vault::status(&mut connect(url)?)?;
                answer(&if json {
                    serde_json::json!(status).to_string() + "\n"
                } else {
                    readable(&status)
                })
            }),
            Self::Rotate(Rotate { class, retire }) => changed(config, |url, vault, now, bar| {
                let rotation = Rotation {
                    class,
                    columns: &app::sealed_columns(),
                    retire,
                    now,
                };
                vault::rotate(url, vault, &rotation, bar)
            }),
            Self::Rewrap(Rewrap { class }) => changed(config, |url, vault, now, bar| {
                vault::rewrap(url, vault, class, now, bar)
            }),
            Self::Escrow(Escrow { to }) => Database::with(config, |url| escrow(config, url, &to)),
            Self::Restore(Restore { shares }) => {
                Database::with(config, |url| restore(config, url, &shares))
            }
        }
    }
}

fn changed(
    config: &Config,
    change: impl FnOnce(&str, &Vault, DateTime<Utc>, &Bar<'_>) -> Result<Outcome, VaultError>,
) -> Result<ExitCode, Failure> {
    Database::with(config, |url| {
        let now = SystemClock.now();
        let vault = open_vault(config, &mut connect(url)?, now)?;
        let outcome = until_stopped(|stopped| {
            let bar = progress_bar();
            let bar = Bar { bar, stopped };
            let outcome = change(url, &vault, now, &bar);
            bar.bar.finish_and_clear();
            outcome
        })??;
        match outcome {
            Outcome::Done => answer("done\n"),
            Outcome::Stopped => {
                answer("stopped before the end; run it again to go on\n")?;
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

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
/// whoever configures a server brings its key, or makes it by `kaifong keys init`.
fn root(config: &Config) -> Result<Box<dyn RootKey>, Failure> {
    if let Some(token) = token(config)? {
        return Ok(Box::new(Pkcs11Root::open(token)?));
    }
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

fn token(config: &Config) -> Result<Option<Token<'_>>, Failure> {
    let Some(module) = &config.pkcs11_module else {
        return Ok(None);
    };
    let given = config.pkcs11_token.as_ref().zip(config.pkcs11_pin.as_ref());
    let (label, pin) = given.ok_or_else(|| {
        let why = "KAIFONG_PKCS11_MODULE needs KAIFONG_PKCS11_TOKEN and KAIFONG_PKCS11_PIN";
        Failure::Usage(why.to_owned())
    })?;
    Ok(Some(Token {
        module,
        label,
        pin: pin.expose(),
        key: &config.pkcs11_key,
    }))
}

fn init(config: &Config) -> Result<ExitCode, Failure> {
    if let Some(token) = token(config)? {
        Pkcs11Root::make(token)?;
        return answer("the token has a root key\n");
    }
    let path = root_file(config);
    FileRoot::make(&path)?;
    answer(&format!("{} is the root key: keep it\n", path.display()))
}

fn escrow(config: &Config, url: &str, folder: &Path) -> Result<ExitCode, Failure> {
    let conn = &mut connect(url)?;
    let now = SystemClock.now();
    let vault = open_vault(config, conn, now)?;
    fs::create_dir_all(folder).map_err(Failure::io(format!("make {}", folder.display())))?;
    let mut text = String::new();
    for share in vault::escrow(conn, &vault, now)? {
        let file = folder.join(format!("kaifong-share-{}", share.number()));
        save(&file, &share).map_err(Failure::io(format!("write {}", file.display())))?;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", file.display());
    }
    text.push_str("give each to another person, and delete it here\n");
    answer(&text)
}

fn save(file: &Path, share: &CustodianShare) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(share.line().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn restore(config: &Config, url: &str, files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut shares = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).map(Zeroizing::new);
        let text = text.map_err(Failure::io(format!("read {}", file.display())))?;
        shares.push(text.parse::<CustodianShare>()?);
    }
    let root: Box<dyn RootKey> = match token(config)? {
        Some(token) => Box::new(Pkcs11Root::open(token)?),
        None => Box::new(FileRoot::load_or_make(&root_file(config))?),
    };
    let keys = vault::restore(&mut connect_as_owner(url)?, root.as_ref(), &shares)?;
    answer(&format!(
        "{keys} keys are back, under the configured root key\n"
    ))
}

fn readable(status: &Status) -> String {
    let mut text = format!(
        "{:<10} {:>3} {:>10} {:>11} {:>11} {:>9} {:>9} {:>7}  {}\n",
        "class",
        "KEK",
        "made",
        "subjects",
        "data keys",
        "to wrap",
        "destroyed",
        "erased",
        "rotation"
    );
    for class in &status.classes {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<10} {:>3} {:>10} {:>11} {:>11} {:>9} {:>9} {:>7}  {}",
            class.class,
            class.kek_version,
            class.kek_made_at.format("%Y-%m-%d"),
            class.subjects,
            class.data_keys,
            class.wrapped_before,
            class.destroyed,
            class.erased,
            class.rotation.as_deref().unwrap_or("-"),
        );
    }
    let escrow = match status.escrowed_at {
        None => "no shares were made: a lost root key loses all sealed data".to_owned(),
        Some(at) if status.not_escrowed == 0 => format!("shares were made on {}", at.date_naive()),
        Some(at) => format!(
            "shares were made on {}; {} keys are newer: make new ones",
            at.date_naive(),
            status.not_escrowed
        ),
    };
    text + &escrow + "\n"
}
