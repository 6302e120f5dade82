//! `kaifong payment-file`: settlement files looked into and made up, without a database.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock, hong_kong_date, hong_kong_time};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::Channel;
use crate::payments::files::{self, Characters, Entry, FileError, Line, Summary, Whose};

#[derive(Debug, Subcommand)]
pub(super) enum PaymentFile {
    Check(Check),
    Sample(Sample),
}

/// Check a settlement file, of whichever layout it is
///
/// The house layout, the Social Welfare Department's month, HSBC's autopay collection file, ISO 20022 camt.053 and camt.054. Says what it
/// holds, and how many of its accounts are tenant codes; or refuses it with line, column and what
/// to do. Exits with 0 when it is whole, 1 when it is refused.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Make up a file of the house layout, as a channel would send it
#[derive(Debug, Args)]
pub(super) struct Sample {
    /// The channel
    #[arg(long, default_value = "store")]
    channel: Channel,
    /// The business date [default: yesterday]
    #[arg(long)]
    date: Option<NaiveDate>,
    /// The file's number in the channel's own row
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=999_999_999))]
    sequence: u32,
    /// How many payments
    #[arg(long, default_value_t = 10)]
    lines: u32,
    /// In Big5-HKSCS instead of UTF-8
    #[arg(long)]
    big5: bool,
}

impl PaymentFile {
    pub fn execute(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Check(command) => command.run(),
            Self::Sample(command) => command.run(SystemClock.now()),
        }
    }
}

impl Check {
    fn run(self) -> Result<ExitCode, Failure> {
        let name = self.file.display().to_string();
        let source = File::open(&self.file).map_err(Failure::io(format!("open {name}")))?;
        let mut seen = Seen::default();
        let read = files::read(BufReader::new(source), SystemClock.now(), |entry| {
            match entry {
                // The trailer counts allowances.
                Entry::Of(_) | Entry::Allowance(_) => {}
                Entry::Payment(line) => seen.known += u32::from(is_tenant_code(&line.account)),
                Entry::Unpaid(_) => seen.unpaid += 1,
                Entry::Movement(_) => seen.movements += 1,
            }
            Ok::<_, FileError>(())
        });
        match read {
            Ok(summary) => answer(&told(&name, &summary, &seen, self.json)),
            Err(FileError::Io(source)) => Err(Failure::io(format!("read {name}"))(source)),
            Err(FileError::Refused(refusal)) => {
                let text = if self.json {
                    let (line, column) = (refusal.line, refusal.column);
                    let (what, remedy) = (&refusal.what, refusal.remedy);
                    let refused =
                        json!({ "line": line, "column": column, "what": what, "remedy": remedy });
                    format!("{:#}\n", json!({ "file": name, "refused": refused }))
                } else {
                    format!("{name}: {refusal}\n")
                };
                answer(&text)?;
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

/// What was seen in a file besides what it says of itself.
#[derive(Default)]
struct Seen {
    /// Payments to tenant codes.
    known: u32,
    unpaid: u32,
    movements: u32,
}

fn is_tenant_code(account: &str) -> bool {
    account.parse::<TenantCode>().is_ok()
}

fn told(name: &str, summary: &Summary, seen: &Seen, as_json: bool) -> String {
    let (date, sequence) = (summary.business_date, summary.number());
    let (lines, amount) = (summary.lines, summary.amount);
    let Seen {
        known,
        unpaid,
        movements,
    } = seen;
    if as_json {
        let mut whole = match &summary.whose {
            Whose::Channel(channel) => json!({
                "file": name, "channel": channel, "business_date": date, "sequence": sequence,
                "lines": lines, "amount": amount, "tenant_codes": known,
            }),
            Whose::Account(account) => json!({
                "file": name, "account": account, "business_date": date, "sequence": sequence,
                "lines": lines, "amount": amount, "tenant_codes": known, "unpaid": unpaid,
                "movements": movements,
            }),
        };
        if let (Some(told), Some(whole)) = (summary.allowances, whole.as_object_mut()) {
            let told = json!({ "month": told.month, "lines": told.lines });
            whole.insert("allowances".to_owned(), told);
        }
        return format!("{whole:#}\n");
    }
    let (whose, besides) = match &summary.whose {
        Whose::Channel(channel) => {
            let besides = match summary.allowances {
                Some(told) => format!("; for {}, {} lines of allowances", told.month, told.lines),
                None => String::new(),
            };
            (channel.to_string(), besides)
        }
        Whose::Account(account) => (
            format!("account {account}"),
            format!("; {unpaid} debits unpaid, {movements} other movements"),
        ),
    };
    format!(
        "{name}: {whose} file {sequence} of {date}, {lines} payments, HK${amount}; \
         {known} to tenant codes, {} to none{besides}\n",
        lines - known
    )
}

/// The first tenant code that samples name.
const FIRST: i64 = 100_000_000;

impl Sample {
    fn run(self, now: DateTime<Utc>) -> Result<ExitCode, Failure> {
        let yesterday = || hong_kong_date(now - TimeDelta::days(1));
        let date = self.date.unwrap_or_else(yesterday);
        let lines: Option<Vec<Line>> = (1..=self.lines).map(|number| line(date, number)).collect();
        let lines = lines.ok_or_else(|| Failure::Usage("so many there cannot be".to_owned()))?;
        let characters = if self.big5 {
            Characters::Big5
        } else {
            Characters::Utf8
        };
        let header = (self.channel, date, self.sequence);
        let bytes = files::write(header, characters, &lines)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let written = io::stdout().lock().write_all(&bytes);
        written.map_err(Failure::io("write the file"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Payment `number` of the day: ten a second from midnight on.
fn line(date: NaiveDate, number: u32) -> Option<Line> {
    let code = TenantCode::of(FIRST + i64::from(number))?;
    Some(Line {
        number,
        reference: format!("SAMPLE-{}-{number:06}", date.format("%Y%m%d")),
        end_to_end: None,
        wording: None,
        account: code.to_string(),
        amount: Money::of_cents(100_000 + i64::from(number % 300_000)).ok()?,
        instructed_at: hong_kong_time(date, 0) + TimeDelta::milliseconds(i64::from(number) * 100),
        place: "便利店 華富邨".to_owned(),
    })
}
