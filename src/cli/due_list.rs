//! `kaifong due-list`: what is due, for a channel whose tills show it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use diesel::PgConnection;

use super::bar::Bar;
use super::database::Database;
use super::work::until_stopped;
use super::{Failure, answer};
use crate::due_lists::{self, DueList};
use crate::kernel::clock::SystemClock;
use crate::payments::Channel;
use crate::platform::auth::Actor;
use crate::platform::config::Config;
use crate::platform::crypto::hex;
use crate::platform::db;
use crate::rent::RuleShelf;

/// Make the list of what households have to pay now, for a channel
///
/// The background work makes one every day; this makes another.
#[derive(Debug, Args)]
pub(super) struct MakeDueList {
    /// The channel, such as store
    channel: Channel,
    /// Write its file here, too
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl MakeDueList {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        Database::with(config, |url| {
            let conn = &mut db::connect(url)?;
            let made = until_stopped(|stopped| {
                let watch = Bar::until(stopped);
                let (rules, actor) = (RuleShelf::default(), Actor::program("due-list"));
                let made =
                    due_lists::make(conn, &rules, self.channel, (&actor, &SystemClock), &watch);
                watch.clear();
                made
            })?;
            let list = made?;
            self.write(conn, &list)?;
            answer(&format!(
                "{} as at {}\n  {:>9}  HK${}  to pay\n  {:>9}  left out, for no rule says what\n\
                 sha256 {}\n",
                list.file_name(),
                list.as_at,
                list.lines,
                list.amount,
                list.left_out,
                hex(&list.sha256)
            ))
        })
    }

    fn write(&self, conn: &mut PgConnection, list: &DueList) -> Result<(), Failure> {
        let Some(path) = &self.to else {
            return Ok(());
        };
        let doing = || format!("write {}", path.display());
        let file = File::create(path).map_err(Failure::io(doing()))?;
        let mut file = BufWriter::new(file);
        for number in 1.. {
            let Some(part) = due_lists::part(conn, (list.id, number))? else {
                break;
            };
            file.write_all(&part).map_err(Failure::io(doing()))?;
        }
        file.flush().map_err(Failure::io(doing()))
    }
}
