//! The command line.
//!
//! * One subcommand a file, each a type with `run`; its arguments are its fields.
//! * Settings come from the environment only; wrong ones end every subcommand with code 2,
//!   anything else that fails with code 1 and the chain of its causes.
//! * Answers go to standard output, everything else to standard error.

mod access_matrix;
mod audit;
mod autopay_results;
mod bar;
mod catcher;
mod channel_shares;
mod cluster;
mod config;
mod cssa;
mod database;
mod demo;
mod due_list;
mod export;
mod generate;
pub mod import;
mod ingest;
mod jobs;
mod keys;
mod means;
mod messages;
mod migrate;
mod mock_iam_smart;
mod payment_file;
mod reconcile;
mod rent_run;
mod seal;
mod serve;
mod staff;
mod token;
mod token_keys;
mod verify;
mod verify_audit;
mod work;

use std::error::Error;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::autopay::AutopayError;
use crate::cssa::CssaError;
use crate::due_lists::DueListError;
use crate::ledger::LedgerError;
use crate::messages::MailError;
use crate::payments::PaymentError;
use crate::platform::audit::AuditError;
use crate::platform::auth::JwksError;
use crate::platform::cluster::ClusterError;
use crate::platform::config::{Config, Mistakes};
use crate::platform::crypto::KeyError;
use crate::platform::db::DbError;
use crate::platform::limits::SharedError;
use crate::platform::password::WrapperError;
use crate::platform::tlog::NoteError;
use crate::platform::vault::{RootError, VaultError};
use crate::population::PopulationError;
use crate::rent::RentError;
use crate::sign_in::identity_provider::EnvelopeError;
use crate::sign_in::{PartyError, SignInError};

/// Kaifong (街坊): tenant services for public housing.
///
/// Settings are environment variables KAIFONG_*; `kaifong config` lists them.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Work(work::Work),
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    #[command(subcommand)]
    Keys(keys::Keys),
    Migrate(migrate::Migrate),
    /// Read a file from the outside
    #[command(subcommand)]
    Import(import::Import),
    RentRun(rent_run::RentRun),
    Ingest(ingest::Ingest),
    Reconcile(reconcile::Reconcile),
    ChannelShares(channel_shares::ChannelShares),
    AutopayResults(autopay_results::AutopayResults),
    #[command(subcommand)]
    Cssa(cssa::Cssa),
    DueList(due_list::MakeDueList),
    /// Look into settlement files
    #[command(subcommand)]
    PaymentFile(payment_file::PaymentFile),
    #[command(subcommand)]
    Export(export::Export),
    /// Seal the days that are over
    Seal,
    Verify(verify::Verify),
    /// The audit trail: seal it, export it, prove an entry
    #[command(subcommand)]
    Audit(audit::Audit),
    VerifyAudit(verify_audit::VerifyAudit),
    Generate(generate::Generate),
    Demo(demo::Demo),
    /// Keep staff accounts
    #[command(subcommand)]
    Staff(staff::Staff),
    MockIamSmart(mock_iam_smart::MockIamSmart),
    Catcher(catcher::Catcher),
    Token(token::Token),
    /// Keep the keys of access tokens
    #[command(subcommand)]
    TokenKeys(token_keys::TokenKeys),
    AccessMatrix(access_matrix::AccessMatrix),
    Config(config::Show),
    #[command(subcommand)]
    Cluster(cluster::Command),
}

/// Why a subcommand failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Settings(#[from] Mistakes),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("cannot use the database")]
    Db(#[from] DbError),
    #[error("cannot use a key")]
    Key(#[from] KeyError),
    #[error("cannot use the root key")]
    Root(#[from] RootError),
    #[error("cannot open the vault")]
    Vault(#[from] VaultError),
    #[error("cannot use the token keys")]
    TokenKeys(#[from] JwksError),
    #[error("cannot sign a token")]
    Signing(#[from] jsonwebtoken::errors::Error),
    #[error("cannot import")]
    Import(#[from] import::ImportError),
    #[error("cannot read the ledger")]
    Ledger(#[from] LedgerError),
    #[error("cannot use the audit trail")]
    Audit(#[from] AuditError),
    #[error("cannot use the audit trail's key")]
    NoteKey(#[from] NoteError),
    #[error("cannot settle the rent")]
    Rent(#[from] RentError),
    #[error("cannot take the payments in")]
    Payments(#[from] PaymentError),
    #[error("cannot take the results in")]
    Autopay(#[from] AutopayError),
    #[error("cannot settle rent allowances")]
    Cssa(#[from] CssaError),
    #[error("cannot list what is due")]
    DueList(#[from] DueListError),
    #[error("cannot generate a population")]
    Population(#[from] PopulationError),
    #[error("cannot use the limits")]
    Limits(#[from] SharedError),
    #[error("cannot use the key of sign-in secrets")]
    Wrapper(#[from] WrapperError),
    #[error("cannot be the relying party of passkeys: is the domain that of the first origin?")]
    Passkeys(#[from] PartyError),
    #[error("cannot send e-mail")]
    Mail(#[from] MailError),
    #[error("cannot use the key of iAM Smart")]
    Envelope(#[from] EnvelopeError),
    #[error("cannot sign in")]
    SignIn(#[from] SignInError),
    #[error("cannot measure")]
    Metrics(#[from] prometheus::Error),
    /// The command line asks for what there is not.
    #[error("{0}")]
    Usage(String),
    #[error("cannot {doing}")]
    Io {
        doing: String,
        source: std::io::Error,
    },
}

impl Cli {
    /// Does what was asked.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let config = Config::from_process()?;
        match self.command {
            Command::Serve(command) => command.run(&config),
            Command::Work(command) => command.run(&config),
            Command::Jobs(command) => command.run(&config),
            Command::Keys(command) => command.run(&config),
            Command::Migrate(migrate::Migrate {}) => migrate::run(&config),
            Command::Import(command) => command.execute(&config),
            Command::RentRun(command) => command.run(&config),
            Command::Ingest(command) => command.run(&config),
            Command::Reconcile(command) => command.run(&config),
            Command::ChannelShares(command) => command.run(&config),
            Command::AutopayResults(command) => command.run(&config),
            Command::Cssa(command) => command.run(&config),
            Command::DueList(command) => command.run(&config),
            Command::PaymentFile(command) => command.execute(&config),
            Command::Export(command) => command.execute(&config),
            Command::Seal => seal::run(&config),
            Command::Verify(command) => Ok(command.execute(&config)),
            Command::Audit(command) => command.execute(&config),
            Command::VerifyAudit(command) => Ok(command.execute()),
            Command::Generate(command) => command.run(&config),
            Command::Demo(command) => command.run(&config),
            Command::Staff(command) => command.run(&config),
            Command::MockIamSmart(command) => command.run(&config),
            Command::Catcher(command) => command.run(),
            Command::Token(command) => command.run(&config),
            Command::TokenKeys(command) => command.run(&config),
            Command::AccessMatrix(command) => command.run(),
            Command::Config(command) => command.run(&config),
            Command::Cluster(command) => command.run(&config),
        }
    }
}

impl Failure {
    fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// The failure and its causes, a line each.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = format!("kaifong: {self}\n");
        let mut cause = self.source();
        while let Some(error) = cause {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  because: {error}");
            cause = error.source();
        }
        text
    }

    /// 2 when the settings are wrong, 1 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Settings(_) | Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// Writes an answer to standard output.
fn answer(text: &str) -> Result<ExitCode, Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever read it has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        result => result
            .map(|()| ExitCode::SUCCESS)
            .map_err(Failure::io("write the answer")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_failure_is_told_with_its_causes() {
        let failure = Failure::io("write the answer")(std::io::Error::other("the disk is full"));
        assert_eq!(
            failure.report(),
            "kaifong: cannot write the answer\n  because: the disk is full\n"
        );
    }
}
