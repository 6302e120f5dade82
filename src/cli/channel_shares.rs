//! `kaifong channel-shares`: what came by each channel in a month.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::database::Database;
use super::{Failure, answer};
use crate::kernel::clock::{Clock, SystemClock, hong_kong_month};
use crate::kernel::language::Language;
use crate::kernel::month::Month;
use crate::payments::shares::{Part, Shares, csv, shares, svg, text};
use crate::platform::config::Config;
use crate::platform::db;

/// Tell which part of a month's payments came by each channel, by count and amount
#[derive(Debug, Args)]
pub(super) struct ChannelShares {
    /// The month, YYYY-MM [default: the month before this one]
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
    /// zh-HK, zh-CN or en
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: String,
}

/// How it is told.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// A table to read
    Table,
    /// For a spreadsheet
    Csv,
    /// A chart
    Svg,
    Json,
}

impl ChannelShares {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let now = SystemClock.now();
        let month = self.month.unwrap_or_else(|| hong_kong_month(now).minus(1));
        let language = Language::negotiate(&self.language);
        let shares = Database::with(config, |url| {
            Ok(shares(&mut db::connect(url)?, month, now)?)
        })?;
        let told = match self.format {
            Form::Table => text(&shares, language),
            Form::Svg => svg(&shares, language),
            Form::Json => format!("{:#}\n", as_json(&shares)),
            Form::Csv => {
                let bytes = csv(&shares, language).map_err(Failure::io("write the sheet"))?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        answer(&told)
    }
}

fn as_json(shares: &Shares) -> Value {
    let part = |part: &Part| {
        json!({
            "payments": part.payments, "amount": part.amount,
            "payments_share": Decimal::new(part.payments_share.into(), 1),
            "amount_share": Decimal::new(part.amount_share.into(), 1),
        })
    };
    let categories = shares.categories.iter().map(|one| {
        let channels = one.channels.iter();
        let channels = channels.map(|of| json!({ "channel": of.channel, "part": part(&of.part) }));
        json!({
            "category": one.category, "part": part(&one.part),
            "channels": channels.collect::<Vec<_>>(),
        })
    });
    json!({
        "month": shares.month, "as_at": shares.as_at, "all": part(&shares.all),
        "electronic": part(&shares.electronic), "categories": categories.collect::<Vec<_>>(),
    })
}
