//! Who may try the demo: each with how it signs in and a fresh token, in `demo.json` in the data
//! folder.

use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::table::Told;
use crate::app;
use crate::cli::{Failure, token};
use crate::platform::config::Config;
use crate::sign_in::Credential;

/// A day: longer than anyone tries a demo.
const SECONDS: i64 = 86_400;

/// A caller that has signed in.
pub struct SignedIn {
    pub credential: Credential,
    pub token: String,
}

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
    kind: String,
    /// How to sign in.
    how: String,
    /// What to post to the token endpoint; a code or an assertion in it is soon spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<Value>,
    /// What an authenticator app is given, for codes to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// A command that works as it stands.
    r#try: String,
}

impl Callers {
    /// Everyone who signed in, an operator, and the public.
    pub fn gather(
        config: &Config,
        listen: SocketAddr,
        told: &Told,
        signed_in: Vec<SignedIn>,
    ) -> Result<Self, Failure> {
        let base_url = base_url(listen);
        let bill = told.bill.as_ref();
        let code = bill.map(|bill| bill.code.to_string()).unwrap_or_default();
        let account = format!("{base_url}/v1/rent-accounts/{code}");
        let month = told.month;
        let get =
            |token: &str, url: &str| format!("curl -sH 'Authorization: Bearer {token}' '{url}'");
        let mut kinds: Vec<_> = signed_in
            .into_iter()
            .map(|SignedIn { credential, token }| Caller {
                kind: credential.role.to_string(),
                how: format!(
                    "POST {base_url}/v1/auth/token with the grant; the token is for minutes"
                ),
                r#try: get(&token, &account),
                grant: Some(credential.grant),
                totp_uri: credential.totp_uri,
                token: Some(token),
            })
            .collect();
        let token = token::mint(config, "operator", &app::scopes().join(" "), SECONDS)?;
        kinds.push(Caller {
            kind: "operator".to_owned(),
            how: format!("Authorization: Bearer {token}"),
            grant: None,
            totp_uri: None,
            r#try: get(&token, &format!("{account}/quote?month={month}")),
            token: Some(token),
        });
        let estate = told.estate.map(|estate| estate.to_string());
        let estate = estate.unwrap_or_default();
        kinds.push(Caller {
            kind: "public".to_owned(),
            how: "anyone may: send no Authorization".to_owned(),
            grant: None,
            totp_uri: None,
            token: None,
            r#try: format!(
                "curl -s '{base_url}/v1/rent-calculator?estate={estate}&ifa=35.50&household_size=3'"
            ),
        });
        Ok(Self {
            docs: format!("{base_url}/docs"),
            base_url,
            kinds,
        })
    }

    /// Writes it to `file`, for its owner only: it holds tokens.
    pub fn write(&self, file: &Path) -> Result<(), Failure> {
        let json = json!(self);
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
            tries("public"),
            tries("operator"),
        )
    }
}

/// Where callers on this machine find what listens on `listen`.
pub fn base_url(listen: SocketAddr) -> String {
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
