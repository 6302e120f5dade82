//! Who may try the demo, each with a fresh token: `demo.json` in the data folder.

use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde::Serialize;

use super::table::Told;
use crate::app;
use crate::cli::{Failure, token};
use crate::platform::config::Config;

/// A day: longer than anyone tries a demo.
const SECONDS: i64 = 86_400;

/// Everything someone who tries the demo needs.
#[derive(Debug, Serialize)]
pub struct Callers {
    base_url: String,
    docs: String,
    #[serde(rename = "callers")]
    kinds: Vec<Caller>,
}

/// One kind of caller.
#[derive(Debug, Serialize)]
struct Caller {
    kind: &'static str,
    /// How to sign in.
    how: String,
    scope: Option<String>,
    token: Option<String>,
    /// A command that works as it stands.
    r#try: String,
}

/// A kind of caller, the scopes it holds, and what it tries.
type Kind<'a> = (&'static str, fn(&str) -> bool, &'a str);

impl Callers {
    /// Signs a token for each kind of caller.
    pub fn mint(config: &Config, told: &Told) -> Result<Self, Failure> {
        let base_url = base_url(config.listen);
        let bill = told.bill.as_ref();
        let code = bill.map(|bill| bill.code.to_string()).unwrap_or_default();
        let month = told.month;
        let (account, quote, run) = (
            format!("{base_url}/v1/rent-accounts/{code}"),
            format!("{base_url}/v1/rent-accounts/{code}/quote?month={month}"),
            format!("{base_url}/v1/rent-runs/{month}"),
        );
        let kinds: [Kind<'_>; 3] = [
            (
                "estate officer",
                |scope| scope.starts_with("tenancy:") || scope == "rent:read",
                &account,
            ),
            ("rent officer", |scope| scope.starts_with("rent:"), &quote),
            ("auditor", |scope| scope.ends_with(":read"), &run),
        ];
        let every = app::scopes();
        let mut callers = Vec::new();
        for (kind, holds, url) in kinds {
            let scopes: Vec<&str> = every
                .iter()
                .map(String::as_str)
                .filter(|scope| holds(scope))
                .collect();
            let scope = scopes.join(" ");
            let token = token::mint(config, &kind.replace(' ', "-"), &scope, SECONDS)?;
            callers.push(Caller {
                kind,
                how: format!("Authorization: Bearer {token}"),
                r#try: format!("curl -sH 'Authorization: Bearer {token}' '{url}'"),
                scope: Some(scope),
                token: Some(token),
            });
        }
        let estate = told
            .estate
            .map(|estate| estate.to_string())
            .unwrap_or_default();
        callers.push(Caller {
            kind: "tenant calculator (no token)",
            how: "anyone may: send no Authorization".to_owned(),
            scope: None,
            token: None,
            r#try: format!(
                "curl -s '{base_url}/v1/rent-calculator?estate={estate}&ifa=35.50&household_size=3'"
            ),
        });
        Ok(Self {
            docs: format!("{base_url}/docs"),
            base_url,
            kinds: callers,
        })
    }

    /// Writes it to `file`, for its owner only: it holds tokens.
    pub fn write(&self, file: &Path) -> Result<(), Failure> {
        let json = serde_json::json!(self);
        let mut open = OpenOptions::new();
        open.write(true).create(true).truncate(true).mode(0o600);
        open.open(file)
            .and_then(|mut written| {
                // Also when an earlier one was readable by others.
                written.set_permissions(Permissions::from_mode(0o600))?;
                written.write_all(format!("{json:#}\n").as_bytes())
            })
            .map_err(Failure::io(format!("write {}", file.display())))
    }

    /// Where the API is, and two things to try.
    pub fn invitation(&self, file: &Path) -> String {
        let tries = |kind: &str| {
            let mut callers = self.kinds.iter();
            let caller = callers.find(|caller| caller.kind == kind);
            caller
                .map(|caller| caller.r#try.clone())
                .unwrap_or_default()
        };
        format!(
            "\nThe API is at {}, its documentation at {}.\n\
             Tokens for each kind of caller are in {}. Try:\n\n{}\n\n{}\n\n",
            self.base_url,
            self.docs,
            file.display(),
            tries("tenant calculator (no token)"),
            tries("rent officer"),
        )
    }
}

/// Where callers on this machine find what listens on `listen`.
fn base_url(listen: SocketAddr) -> String {
    let ip = if listen.ip().is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        listen.ip()
    };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_found_here() {
        for (listen, url) in [
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(base_url(listen.parse().unwrap()), url);
        }
    }
}
