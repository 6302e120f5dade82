//! Settings, good and bad.

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Config, Mistakes> {
    Config::from_env(
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

#[test]
fn without_an_environment_the_defaults_hold() {
    let config = read(&[("PATH", "/bin"), ("KAIFONG_LISTEN", "")]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir, PathBuf::from(".kaifong"));
    assert!(config.effective().all(|one| one.source == Source::Default));
}

#[test]
fn every_setting_is_read_and_shown_as_it_was_given() {
    let given = [
        ("KAIFONG_DATABASE_URL", "postgresql://app@db/k"),
        ("KAIFONG_DATA_DIR", "/srv/kaifong"),
        ("KAIFONG_LISTEN", "[::1]:9000"),
        ("KAIFONG_BEHIND_TLS", "on"),
        ("KAIFONG_DB_CONNECTIONS", "64"),
        ("KAIFONG_DB_QUEUE", "1000"),
        ("KAIFONG_DB_PATIENCE_MS", "1500"),
        ("KAIFONG_BODY_LIMIT", "65536"),
        ("KAIFONG_PAYMENT_FILE_LIMIT", "1048576"),
        ("KAIFONG_HTTP_WORKERS", "3"),
        ("KAIFONG_PG_BIN", "/opt/pg/bin"),
        ("KAIFONG_LOG", "warn,kaifong=debug"),
        ("KAIFONG_LOG_FORMAT", "json"),
        ("KAIFONG_TOKEN_ISSUER", "https://id.example"),
        ("KAIFONG_TOKEN_AUDIENCE", "tenants"),
        ("KAIFONG_TOKEN_KEYS", "/etc/kaifong/jwks.json"),
        ("KAIFONG_OPERATOR_TOKENS", "on"),
        ("KAIFONG_ROOT_KEY", "/etc/kaifong/root.key"),
        ("KAIFONG_PKCS11_MODULE", "/usr/lib/softhsm/libsofthsm2.so"),
        ("KAIFONG_PKCS11_TOKEN", "kaifong"),
        ("KAIFONG_PKCS11_PIN", "***"),
        ("KAIFONG_PKCS11_KEY", "root-2026"),
        ("KAIFONG_AUDIT_ORIGIN", "audit.example/2026"),
        // Secrets: shown as what they are given as here.
        ("KAIFONG_REDIS_URL", "***"),
        ("KAIFONG_PASSKEY_DOMAIN", "kaifong.example"),
        (
            "KAIFONG_PASSKEY_ORIGINS",
            "https://tenant.kaifong.example,android:apk-key-hash:x",
        ),
        ("KAIFONG_IAM_SMART_PAGE", "https://page.example"),
        ("KAIFONG_IAM_SMART_API", "http://127.0.0.1:8089"),
        ("KAIFONG_IAM_SMART_CLIENT", "kaifong"),
        ("KAIFONG_IAM_SMART_SECRET", "***"),
        ("KAIFONG_IAM_SMART_REDIRECT", "https://tenant.example/back"),
        ("KAIFONG_IAM_SMART_CALLBACK", "https://api.example/filled"),
        ("KAIFONG_SMTP", "127.0.0.1:25"),
        ("KAIFONG_MAIL_FROM", "rent@housing.example"),
        ("KAIFONG_MESSAGE_GATEWAY", "http://127.0.0.1:8090/send"),
        ("KAIFONG_MESSAGE_GATEWAY_TOKEN", "***"),
    ];
    let config = read(&given).unwrap();
    let shown: Vec<_> = config
        .effective()
        .map(|one| (one.name, one.value.unwrap_or_default()))
        .collect();
    assert_eq!(shown, given.map(|(name, value)| (name, value.to_owned())));
    assert!(
        config
            .effective()
            .all(|one| one.source == Source::Environment)
    );
    assert_eq!(config.db_patience, Duration::from_millis(1500));
}

#[test]
fn all_mistakes_are_told_at_once_and_no_secret_with_them() {
    let error = read(&[
        ("KAIFONG_DATABASE_URL", "host=db password=hunter2"),
        ("KAIFONG_DB_CONNECTIONS", "65"),
        ("KAIFONG_LISTN", "127.0.0.1:1"),
        ("KAIFONG_LOG", "=="),
        (
            "KAIFONG_PASSKEY_ORIGINS",
            "https://a.example,http://b.example",
        ),
        ("KAIFONG_SHADE", "blue"),
        ("KAIFONG_DATA_DIR", "/x/\u{FFFD}"),
    ])
    .unwrap_err();
    let text = error.to_string();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 8, "{text}");
    assert_eq!(
        lines[1],
        "KAIFONG_DATABASE_URL must begin with postgresql:// or postgres://"
    );
    assert!(lines[2].contains("UTF-8"), "{text}");
    assert_eq!(
        lines[3],
        "KAIFONG_DB_CONNECTIONS=\"65\" must be a whole number from 1 to 64"
    );
    assert_eq!(
        lines[4],
        "KAIFONG_LISTN is not a setting; did you mean KAIFONG_LISTEN?"
    );
    assert!(lines[5].starts_with("KAIFONG_LOG="), "{text}");
    assert!(lines[6].contains("must be https:// origins"), "{text}");
    assert!(!text.contains("hunter2"));
}

#[test]
fn a_password_is_masked_wherever_the_settings_are_printed() {
    let config = read(&[
        ("KAIFONG_DATABASE_URL", "postgres://app:hunter2@db/k"),
        ("KAIFONG_IAM_SMART_SECRET", "hunter2"),
        ("KAIFONG_REDIS_URL", "redis://:hunter2@db"),
    ])
    .unwrap();
    let shown: Vec<_> = config.effective().collect();
    assert_eq!(shown[0].value.as_deref(), Some("postgres://app:***@db/k"));
    assert!(!format!("{config:?}{shown:?}").contains("hunter2"));
}

#[test]
fn the_pin_of_a_token_is_never_shown() {
    let config = read(&[("KAIFONG_PKCS11_PIN", "hunter2")]).unwrap();
    let shown: Vec<_> = config.effective().collect();
    assert!(!format!("{config:?}{shown:?}").contains("hunter2"));
    assert_eq!(config.pkcs11_pin.unwrap().expose(), "hunter2");
}

/// The example a deployment starts from lists every setting, in order, with its default.
#[test]
fn the_example_environment_is_complete() {
    let example = include_str!("../../../deploy/env.example");
    let lines: Vec<_> = example
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    for (one, (name, value)) in Config::default().effective().zip(&lines) {
        assert_eq!(one.name, *name);
        if one.name != "KAIFONG_HTTP_WORKERS" {
            assert_eq!(one.value.unwrap_or_default(), *value, "{name}");
        }
    }
    assert_eq!(lines.len(), table::SETTINGS.len());
}
