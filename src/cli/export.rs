//! `kaifong export`: the books, for other programs to read.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use super::database::Database;
use crate::kernel::month::Month;
use crate::ledger::{self, Format, LedgerError, Range};
use crate::platform::config::Config;
use crate::platform::db::connect;

/// Write the books down for other programs
#[derive(Debug, Subcommand)]
pub(super) enum Export {
    Ledger(Ledger),
}

/// Write every transfer, by the date it counts from
#[derive(Debug, Args)]
pub(super) struct Ledger {
    /// `hledger` for a journal, or `csv`
    #[arg(long, default_value_t = Format::Hledger)]
    format: Format,
    /// The first month, YYYY-MM
    #[arg(long, value_name = "MONTH")]
    from: Option<Month>,
    /// The last month, YYYY-MM
    #[arg(long, value_name = "MONTH")]
    to: Option<Month>,
    /// Open a journal with the balances from before its first month
    #[arg(long)]
    opening: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write only the total of each class of account, as the database adds them up
    #[arg(long)]
    totals: bool,
}

impl Export {
    pub(super) fn execute(self, config: &Config) -> Result<ExitCode, Failure> {
        let Self::Ledger(ledger) = self;
        Database::with(config, |url| Ok(ledger.run(url)?))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Ledger {
    /// Exports from the database at `url`.
    fn run(&self, url: &str) -> Result<(), LedgerError> {
        let result = match &self.output {
            Some(path) => {
                let file = File::create(path)?;
                self.write(url, &mut BufWriter::new(&file))
                    .and_then(|()| Ok(file.sync_all()?))
            }
            None => self.write(url, &mut BufWriter::new(io::stdout().lock())),
        };
        match result {
            // Whoever read it has read enough.
            Err(LedgerError::File(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    fn write(&self, url: &str, out: &mut impl Write) -> Result<(), LedgerError> {
        if self.opening && self.format == Format::Csv && !self.totals {
            let what = "--opening is for journals: a line of CSV is a transfer";
            return Err(io::Error::new(ErrorKind::InvalidInput, what).into());
        }
        let mut conn = connect(url)?;
        let range = Range {
            from: self.from,
            to: self.to,
            opening: self.opening,
        };
        if self.totals {
            for (account, total) in ledger::class_totals(&mut conn, range)? {
                writeln!(out, "{account}  HKD {total:.2}")?;
            }
        } else {
            ledger::export(&mut conn, range, self.format, out)?;
        }
        Ok(out.flush()?)
    }
}
