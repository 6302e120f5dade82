//! `kaifong staff`: the first accounts, made by whoever runs the program.
//!
//! Whoever may run it has the database and the keys already. It writes to the audit trail as
//! the operator; everyone after the first administrators is made over the API, by two persons.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::database::Database;
use super::means::wrapper;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::id::EstateId;
use crate::kernel::role::Role;
use crate::platform::auth::Actor;
use crate::platform::config::Config;
use crate::platform::db;
use crate::sign_in::{Issued, Posting, administrator};

#[derive(Debug, Subcommand)]
pub(super) enum Staff {
    Add(Add),
}

/// Make an account with a role; prints a one-time password and a TOTP address, once
#[derive(Debug, Args)]
pub(super) struct Add {
    /// What they sign in as
    #[arg(long)]
    login: String,
    /// The role, such as administrator
    #[arg(long)]
    role: Role,
    /// The estates it is held in; given again for each
    #[arg(long, required_unless_present = "everywhere")]
    estate: Vec<Uuid>,
    /// It is held everywhere
    #[arg(long, conflicts_with = "estate")]
    everywhere: bool,
}

impl Staff {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let Self::Add(add) = self;
        Database::with(config, |url| add.run(config, url))
    }
}

impl Add {
    fn run(self, config: &Config, url: &str) -> Result<ExitCode, Failure> {
        let estates = self.estate.into_iter().map(EstateId::from).collect();
        let posting = Posting {
            role: self.role,
            estates: (!self.everywhere).then_some(estates),
        };
        // The same person twice: there is nobody else yet. The audit trail shows it.
        let (asks, approves) = (Actor::program("staff"), Actor::program("operator"));
        let (wrapper, now) = (wrapper(config)?, SystemClock.now());
        let mut conn = db::connect(url)?;
        let issued: Issued = db::transact(&mut conn, |conn| {
            let new = (self.login.as_str(), posting);
            administrator(conn, &wrapper, [&asks, &approves], new, now)
        })?;
        answer(&format!(
            "{}\none-time password: {}\nTOTP: {}\n",
            self.login,
            issued.password.reveal(),
            issued.totp_uri.reveal(),
        ))
    }
}
