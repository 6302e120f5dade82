//! How messages leave: a mail server, and a gateway for text messages and the app.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::kernel::contact::Email;
use crate::platform::password::Remembered;

/// How messages leave; what is not given is not sent.
#[derive(Debug, Clone, Default)]
pub struct MessageSettings {
    pub mail_server: Option<MailServer>,
    /// Whom e-mail is from.
    pub mail_from: Option<Email>,
    pub gateway: Option<Url>,
    /// What the gateway knows us by.
    pub gateway_token: Option<Remembered>,
}

/// A mail server's name or address, and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
}

impl FromStr for MailServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (host, port) = text.rsplit_once(':')?;
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let fits = !host.is_empty() && !host.contains(['/', '@', ' ']);
            let port = port.parse().ok().filter(|port| *port > 0)?;
            fits.then(|| Self {
                host: host.to_owned(),
                port,
            })
        };
        read().ok_or_else(|| "must be a host and a port, such as 127.0.0.1:25".to_owned())
    }
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Where a gateway is called: TLS is spoken by a proxy on this host.
pub(super) fn gateway(text: &str) -> Result<Option<Url>, String> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| url.scheme() == "http" && url.has_host());
    url.map(Some)
        .ok_or_else(|| "must be an http:// address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_read_and_written_alike() {
        for text in ["127.0.0.1:25", "mail:2525", "[::1]:25"] {
            assert_eq!(text.parse::<MailServer>().unwrap().to_string(), text);
        }
        for text in [
            "mail",
            ":25",
            "mail:",
            "mail:0",
            "mail:65536",
            "smtp://mail:25",
            "a b:25",
        ] {
            assert!(text.parse::<MailServer>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_gateway_is_called_without_tls() {
        assert!(gateway("http://127.0.0.1:8090/send").unwrap().is_some());
        for text in [
            "https://gateway.example",
            "127.0.0.1:8090",
            "ftp://a.example",
        ] {
            assert!(gateway(text).is_err(), "{text}");
        }
    }
}
