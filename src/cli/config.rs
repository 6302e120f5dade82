//! `kaifong config`

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::{Failure, answer};
use crate::platform::config::{Config, Source};

/// Show the settings in force and where each comes from; secrets are masked
#[derive(Debug, Args)]
pub(super) struct Show {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        answer(&if self.json {
            json(config)
        } else {
            table(config)
        })
    }
}

fn json(config: &Config) -> String {
    let settings: Vec<_> = config.effective().collect();
    let settings = serde_json::json!({ "settings": settings });
    format!("{settings:#}\n")
}

fn table(config: &Config) -> String {
    let rows: Vec<_> = config
        .effective()
        .map(|one| {
            let source = match one.source {
                Source::Default => "default",
                Source::Environment => "environment",
            };
            let value = one.value.unwrap_or_else(|| "-".to_owned());
            (one.name, value, source, one.meaning)
        })
        .collect();
    let name_width = rows.iter().map(|row| row.0.len()).max().unwrap_or_default();
    let value_width = rows
        .iter()
        .map(|row| row.1.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (name, value, source, meaning) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:name_width$}  {value:value_width$}  {source:11}  {meaning}"
        );
    }
    text
}
