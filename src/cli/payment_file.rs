//! `kaifong payment-file`: settlement files looked into, made up and signed, without a database; and
//! given back as they came.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::database::Database;
use super::keys::open_vault;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock, hong_kong_date, hong_kong_time};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::{self, Characters, Entry, FileError, Line, Summary, Whose};
use crate::payments::{Channel, Shelf};
use crate::platform::auth::{Actor, signed_file};
use crate::platform::config::Config;
use crate::platform::crypto::{Digest, Hasher, SigningKey, unhex};
use crate::platform::db;

#[derive(Debug, Subcommand)]
pub(super) enum PaymentFile {
    Check(Check),
    Sample(Sample),
    Sign(Sign),
    Take(Take),
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

/// Sign a settlement file, as a channel's program does
///
/// Writes the signature to a file beside it, called as it is and `.sig`: three lines, the fields of
/// RFC 9421 that come as header fields over HTTP. Says the public half of the key, by which the
/// program is enrolled (`POST /v1/clients`).
#[derive(Debug, Args)]
pub(super) struct Sign {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The program's id
    #[arg(long)]
    client: Uuid,
    /// The file of its key, Ed25519 in PKCS#8; made where there is none
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Give back a file that came, as it came; one that was refused, too
///
/// Whoever reads it reads what payers wrote: that it was read is in the audit trail.
#[derive(Debug, Args)]
pub(super) struct Take {
    /// Of its bytes, hexadecimal
    sha256: String,
    /// Write it here instead of to standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl PaymentFile {
    pub fn execute(self, config: &Config) -> Result<ExitCode, Failure> {
        match self {
            Self::Check(command) => command.run(),
            Self::Sample(command) => command.run(SystemClock.now()),
            Self::Sign(command) => command.run(SystemClock.now()),
            Self::Take(command) => command.run(config, SystemClock.now()),
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

impl Sign {
    fn run(self, now: DateTime<Utc>) -> Result<ExitCode, Failure> {
        let name = self.file.display().to_string();
        let key = SigningKey::load_or_create(&self.key)?;
        let mut source = File::open(&self.file).map_err(Failure::io(format!("open {name}")))?;
        let mut digest = Hasher::default();
        let mut some = vec![0; 64 * 1024];
        loop {
            let read = source.read(&mut some);
            let read = read.map_err(Failure::io(format!("read {name}")))?;
            if read == 0 {
                break;
            }
            digest.update(some.get(..read).unwrap_or_default());
        }
        let client = self.client.to_string();
        let signature = signed_file::sign(&digest.finish(), &client, now, |base| key.sign(base));
        let beside = format!("{name}.sig");
        fs::write(&beside, signed_file::write(&signature))
            .map_err(Failure::io(format!("write {beside}")))?;
        let x = URL_SAFE_NO_PAD.encode(key.public());
        let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        answer(&format!("{beside}: signed by {client} with {public}\n"))
    }
}

impl Take {
    fn run(self, config: &Config, now: DateTime<Utc>) -> Result<ExitCode, Failure> {
        let digest = unhex(&self.sha256).and_then(|bytes| Digest::try_from(bytes).ok());
        let usage = || Failure::Usage(format!("{} is no SHA-256 in hexadecimal", self.sha256));
        let digest = digest.ok_or_else(usage)?;
        Database::with(config, |url| {
            let conn = &mut db::connect(url)?;
            let vault = open_vault(config, conn, now)?;
            let files = Shelf::of(&config.data_dir, config.payment_file_limit, &vault);
            let actor = Actor::program("payment-file");
            let found = match &self.to {
                Some(path) => {
                    let made = File::create_new(path);
                    let made = made.map_err(Failure::io(format!("make {}", path.display())))?;
                    files.give_back(conn, digest, &mut BufWriter::new(made), (&actor, now))
                }
                None => files.give_back(conn, digest, &mut io::stdout().lock(), (&actor, now)),
            };
            if found? {
                Ok(ExitCode::SUCCESS)
            } else {
                Err(Failure::Usage(format!(
                    "no file of {} is kept",
                    self.sha256
                )))
            }
        })
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
