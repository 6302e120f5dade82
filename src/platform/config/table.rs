//! The table of settings: a new one is a field of [`Config`], its default, and a row here.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use url::Url;

use super::{Config, Pin, messages};
use crate::kernel::contact::{Email, NotEmail};
use crate::platform::password::Remembered;
use crate::platform::tlog::NoteKey;

/// One setting.
pub(super) struct Setting {
    pub name: &'static str,
    pub meaning: &'static str,
    /// Its value must not be repeated, not even in a mistake.
    pub secret: bool,
    pub read: fn(&mut Config, &str) -> Result<(), String>,
    pub show: fn(&Config) -> Option<String>,
}

/// A setting that may be shown.
const fn open(
    name: &'static str,
    meaning: &'static str,
    read: fn(&mut Config, &str) -> Result<(), String>,
    show: fn(&Config) -> Option<String>,
) -> Setting {
    Setting {
        name,
        meaning,
        secret: false,
        read,
        show,
    }
}

pub(super) static SETTINGS: &[Setting] = &[
    Setting {
        name: "KAIFONG_DATABASE_URL",
        meaning: "PostgreSQL to use; absent, a private cluster in the data folder",
        secret: true,
        read: |config, value| set(&mut config.database_url, value.parse().map(Some)),
        show: |config| show(config.database_url.as_ref()),
    },
    open(
        "KAIFONG_DATA_DIR",
        "the private cluster and all other local state",
        |config, value| set(&mut config.data_dir, path(value)),
        |config| show(Some(config.data_dir.display())),
    ),
    open(
        "KAIFONG_LISTEN",
        "address and port of the API",
        |config, value| set(&mut config.listen, address(value)),
        |config| show(Some(config.listen)),
    ),
    open(
        "KAIFONG_BEHIND_TLS",
        "on tells browsers to come by TLS only, which a proxy in front speaks; or off",
        |config, value| set(&mut config.behind_tls, switch(value)),
        |config| show(Some(if config.behind_tls { "on" } else { "off" })),
    ),
    open(
        "KAIFONG_DB_CONNECTIONS",
        "database connections, each with its own thread (1 to 64)",
        |config, value| set(&mut config.db_connections, number(value, 1..=64)),
        |config| show(Some(config.db_connections)),
    ),
    open(
        "KAIFONG_DB_QUEUE",
        "calls that may wait for a connection",
        |config, value| set(&mut config.db_queue, number(value, 1..=1_000_000)),
        |config| show(Some(config.db_queue)),
    ),
    open(
        "KAIFONG_DB_PATIENCE_MS",
        "how long a call waits for a connection, in milliseconds",
        |config, value| {
            set(
                &mut config.db_patience,
                number(value, 1..=600_000).map(Duration::from_millis),
            )
        },
        |config| show(Some(config.db_patience.as_millis())),
    ),
    open(
        "KAIFONG_BODY_LIMIT",
        "the largest request body, in bytes",
        |config, value| set(&mut config.body_limit, number(value, 1_024..=1 << 30)),
        |config| show(Some(config.body_limit)),
    ),
    open(
        "KAIFONG_PAYMENT_FILE_LIMIT",
        "the largest settlement file, in bytes",
        |config, value| {
            set(
                &mut config.payment_file_limit,
                number(value, 1_024..=1 << 40),
            )
        },
        |config| show(Some(config.payment_file_limit)),
    ),
    open(
        "KAIFONG_HTTP_WORKERS",
        "threads that serve HTTP; by default one a core",
        |config, value| set(&mut config.http_workers, number(value, 1..=1_024)),
        |config| show(Some(config.http_workers)),
    ),
    open(
        "KAIFONG_PG_BIN",
        "folder of the PostgreSQL programs for the private cluster",
        |config, value| set(&mut config.pg_bin, path(value).map(Some)),
        |config| show(config.pg_bin.as_ref().map(|folder| folder.display())),
    ),
    open(
        "KAIFONG_LOG",
        "what is logged, as a tracing filter",
        |config, value| set(&mut config.log, filter(value)),
        |config| show(Some(&config.log)),
    ),
    open(
        "KAIFONG_LOG_FORMAT",
        "auto (text at a terminal, else json), text or json",
        |config, value| set(&mut config.log_format, value.parse()),
        |config| show(Some(config.log_format)),
    ),
    open(
        "KAIFONG_TOKEN_ISSUER",
        "the issuer that access tokens must name",
        |config, value| set(&mut config.token_issuer, Ok(value.to_owned())),
        |config| show(Some(&config.token_issuer)),
    ),
    open(
        "KAIFONG_TOKEN_AUDIENCE",
        "the audience that access tokens must name",
        |config, value| set(&mut config.token_audience, Ok(value.to_owned())),
        |config| show(Some(&config.token_audience)),
    ),
    open(
        "KAIFONG_TOKEN_KEYS",
        "a JWKS file with the public keys of tokens; this server's own is among them",
        |config, value| set(&mut config.token_keys, path(value).map(Some)),
        |config| show(config.token_keys.as_ref().map(|file| file.display())),
    ),
    open(
        "KAIFONG_OPERATOR_TOKENS",
        "on takes the tokens of `kaifong token`, which reach every row; off (the default) does not",
        |config, value| set(&mut config.operator_tokens, switch(value)),
        |config| show(Some(if config.operator_tokens { "on" } else { "off" })),
    ),
    open(
        "KAIFONG_ROOT_KEY",
        "the file of the root key of sealed data; absent, keys/root.key in the data folder",
        |config, value| set(&mut config.root_key, path(value).map(Some)),
        |config| show(config.root_key.as_ref().map(|file| file.display())),
    ),
    open(
        "KAIFONG_PKCS11_MODULE",
        "the PKCS#11 library of the token that holds the root key instead of a file",
        |config, value| set(&mut config.pkcs11_module, path(value).map(Some)),
        |config| show(config.pkcs11_module.as_ref().map(|file| file.display())),
    ),
    open(
        "KAIFONG_PKCS11_TOKEN",
        "the label of that token",
        |config, value| set(&mut config.pkcs11_token, Ok(Some(value.to_owned()))),
        |config| show(config.pkcs11_token.as_ref()),
    ),
    Setting {
        name: "KAIFONG_PKCS11_PIN",
        meaning: "the PIN of that token",
        secret: true,
        read: |config, value| set(&mut config.pkcs11_pin, Ok(Some(Pin::new(value)))),
        show: |config| show(config.pkcs11_pin.as_ref()),
    },
    open(
        "KAIFONG_PKCS11_KEY",
        "the label of the root key in that token",
        |config, value| set(&mut config.pkcs11_key, Ok(value.to_owned())),
        |config| show(Some(&config.pkcs11_key)),
    ),
    open(
        "KAIFONG_AUDIT_ORIGIN",
        "the audit log's name, such as audit.housing.example/2026",
        |config, value| set(&mut config.audit_origin, origin(value)),
        |config| show(Some(&config.audit_origin)),
    ),
    Setting {
        name: "KAIFONG_REDIS_URL",
        meaning: "Redis for limits that replicas share; absent, each keeps its own",
        secret: true,
        read: |config, value| set(&mut config.redis_url, secret(value)),
        show: |config| show(config.redis_url.as_ref().map(|_| MASKED)),
    },
    open(
        "KAIFONG_PASSKEY_DOMAIN",
        "the domain that passkeys are of; changing it makes every passkey useless",
        |config, value| set(&mut config.passkey_domain, Ok(value.to_owned())),
        |config| show(Some(&config.passkey_domain)),
    ),
    open(
        "KAIFONG_PASSKEY_ORIGINS",
        "the pages and apps that passkeys are used from, the domain's own page first",
        |config, value| set(&mut config.passkey_origins, origins(value)),
        |config| show(Some(listed(&config.passkey_origins))),
    ),
    Setting {
        name: "KAIFONG_IAM_SMART_PAGE",
        meaning: "where browsers are sent to sign in with iAM Smart",
        secret: false,
        read: |config, value| set(&mut config.iam_smart.page, Ok(Some(value.to_owned()))),
        show: |config| show(config.iam_smart.page.as_ref()),
    },
    Setting {
        name: "KAIFONG_IAM_SMART_API",
        meaning: "where iAM Smart is called, through a proxy that speaks HTTPS",
        secret: false,
        read: |config, value| set(&mut config.iam_smart.api, Ok(Some(value.to_owned()))),
        show: |config| show(config.iam_smart.api.as_ref()),
    },
    Setting {
        name: "KAIFONG_IAM_SMART_CLIENT",
        meaning: "the service's name at iAM Smart",
        secret: false,
        read: |config, value| set(&mut config.iam_smart.client_id, Ok(Some(value.to_owned()))),
        show: |config| show(config.iam_smart.client_id.as_ref()),
    },
    Setting {
        name: "KAIFONG_IAM_SMART_SECRET",
        meaning: "what messages to and from iAM Smart are signed with",
        secret: true,
        read: |config, value| set(&mut config.iam_smart.client_secret, secret(value)),
        show: |config| show(config.iam_smart.client_secret.as_ref().map(|_| MASKED)),
    },
    Setting {
        name: "KAIFONG_IAM_SMART_REDIRECT",
        meaning: "where browsers come back to from iAM Smart",
        secret: false,
        read: |config, value| {
            set(
                &mut config.iam_smart.redirect_uri,
                Ok(Some(value.to_owned())),
            )
        },
        show: |config| show(config.iam_smart.redirect_uri.as_ref()),
    },
    Setting {
        name: "KAIFONG_IAM_SMART_CALLBACK",
        meaning: "where iAM Smart sends forms that were filled",
        secret: false,
        read: |config, value| {
            set(
                &mut config.iam_smart.callback_uri,
                Ok(Some(value.to_owned())),
            )
        },
        show: |config| show(config.iam_smart.callback_uri.as_ref()),
    },
    open(
        "KAIFONG_SMTP",
        "the mail server, host:port without TLS; absent, e-mail waits",
        |config, value| set(&mut config.messages.mail_server, value.parse().map(Some)),
        |config| show(config.messages.mail_server.as_ref()),
    ),
    open(
        "KAIFONG_MAIL_FROM",
        "whom e-mail is from",
        |config, value| set(&mut config.messages.mail_from, email(value)),
        |config| show(config.messages.mail_from.as_ref().map(Email::reveal)),
    ),
    open(
        "KAIFONG_MESSAGE_GATEWAY",
        "where text messages and those of the app are posted; absent, they wait",
        |config, value| set(&mut config.messages.gateway, messages::gateway(value)),
        |config| show(config.messages.gateway.as_ref()),
    ),
    Setting {
        name: "KAIFONG_MESSAGE_GATEWAY_TOKEN",
        meaning: "what the gateway knows us by",
        secret: true,
        read: |config, value| set(&mut config.messages.gateway_token, secret(value)),
        show: |config| show(config.messages.gateway_token.as_ref().map(|_| MASKED)),
    },
];

/// Shown for a secret that is set.
const MASKED: &str = "***";

/// The name of every setting.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|row| row.name)
}

fn set<T>(field: &mut T, value: Result<T, String>) -> Result<(), String> {
    *field = value?;
    Ok(())
}

fn show(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn number<N>(text: &str, range: RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            format!(
                "must be a whole number from {} to {}",
                range.start(),
                range.end()
            )
        })
}

fn path(text: &str) -> Result<PathBuf, String> {
    // What is not UTF-8 arrives with this mark in its place, and would name another file.
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err("must be UTF-8".to_owned());
    }
    Ok(PathBuf::from(text))
}

fn secret(text: &str) -> Result<Option<Remembered>, String> {
    let secret = Remembered::try_from(text.to_owned());
    secret.map(Some).map_err(str::to_owned)
}

fn email(text: &str) -> Result<Option<Email>, String> {
    text.parse()
        .map(Some)
        .map_err(|error: NotEmail| error.to_string())
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

fn address(text: &str) -> Result<std::net::SocketAddr, String> {
    text.parse()
        .map_err(|_| "must be an address and a port, such as 127.0.0.1:8080".to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    NoteKey::new(text, &[])
        .map(|key| key.name().to_owned())
        .map_err(|error| error.to_string())
}

/// Origins with a comma between them: as a browser or an app names them.
fn origins(text: &str) -> Result<Vec<Url>, String> {
    let origin = |text: &str| {
        let url = Url::parse(text.trim()).ok();
        // Browsers offer passkeys to nothing else; an app of Android is `android:apk-key-hash:`.
        url.filter(|url| match url.scheme() {
            "https" => url.has_host() && url.path() == "/" && url.query().is_none(),
            "http" => url.host_str() == Some("localhost"),
            scheme => scheme == "android",
        })
    };
    let read: Option<Vec<Url>> = text.split(',').map(origin).collect();
    read.ok_or_else(|| "must be https:// origins with a comma between them".to_owned())
}

fn listed(origins: &[Url]) -> String {
    let each: Vec<&str> = origins
        .iter()
        .map(|origin| origin.as_str().trim_end_matches('/'))
        .collect();
    each.join(",")
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::builder()
        .parse(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("must be a tracing filter, such as info,kaifong=debug ({error})"))
}
