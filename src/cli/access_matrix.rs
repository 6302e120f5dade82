//! `kaifong access-matrix`: who may do what, as a table or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::{Failure, answer};
use crate::access::{Cell, matrix};
use crate::app;
use crate::kernel::role::Role;

/// Show who may do what: every operation and every role
#[derive(Debug, Args)]
pub(super) struct AccessMatrix {
    /// As JSON, one object a cell
    #[arg(long)]
    json: bool,
}

impl AccessMatrix {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let cells = matrix(&app::document());
        answer(&if self.json {
            format!("{:#}\n", serde_json::json!({ "cells": cells }))
        } else {
            table(&cells)
        })
    }
}

/// One line an operation: who may, and over which rows.
fn table(cells: &[Cell]) -> String {
    let mut operations: BTreeMap<(&str, &str), Vec<&Cell>> = BTreeMap::new();
    for cell in cells {
        let place = (cell.path.as_str(), cell.method.as_str());
        operations.entry(place).or_default().push(cell);
    }
    let mut text = String::new();
    for ((path, method), cells) in &operations {
        let scope = cells.first().and_then(|cell| cell.scope.as_deref());
        let who = match scope {
            None => "public".to_owned(),
            Some(_) => holders(cells),
        };
        let _ = writeln!(
            text,
            "{method:6} {path:44} {:18} {who}",
            scope.unwrap_or("-")
        );
    }
    let _ = writeln!(
        text,
        "\n{} operations, {} roles, {} cells",
        operations.len(),
        Role::ALL.len(),
        cells.len()
    );
    text
}

fn holders(cells: &[&Cell]) -> String {
    let held = cells.iter().filter(|cell| cell.may != "no");
    let named: Vec<_> = held
        .map(|cell| match cell.may {
            "everywhere" => format!("{}*", cell.role),
            _ => cell.role.to_string(),
        })
        .collect();
    if named.is_empty() {
        "nobody".to_owned()
    } else {
        named.join(" ")
    }
}
