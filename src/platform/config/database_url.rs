//! The address of a database, which may hold its password.

use std::fmt;
use std::str::FromStr;

/// A libpq URL; printed without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// All of it, for connecting only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // libpq also reads `key=value` pairs; one form is enough to mask with certainty.
        if text.starts_with("postgresql://") || text.starts_with("postgres://") {
            Ok(Self(text.to_owned()))
        } else {
            Err("must begin with postgresql:// or postgres://".to_owned())
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgresql", &self.0));
        write!(f, "{scheme}://")?;
        // Up to the last `@`, whatever stands there: a password with a stray `/` or `?` in it
        // is rather masked too far than shown.
        let place = match rest.rsplit_once('@') {
            Some((user, place)) => {
                match user.split_once(':') {
                    Some((name, _)) => write!(f, "{name}:***@")?,
                    None => write!(f, "{user}@")?,
                }
                place
            }
            None => rest,
        };
        for (index, part) in place.split_inclusive(['?', '&']).enumerate() {
            match part.split_once('=') {
                Some((key, value)) if index > 0 && key.contains("password") => {
                    let end = if value.ends_with('&') { "&" } else { "" };
                    write!(f, "{key}=***{end}")?;
                }
                _ => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgresql://app:hunter2@db:5432/k",
                "postgresql://app:***@db:5432/k",
            ),
            ("postgres://app@db/k", "postgres://app@db/k"),
            ("postgres://app:hun/t?e@r2@db/k", "postgres://app:***@db/k"),
            ("postgres:///k?host=/run/pg", "postgres:///k?host=/run/pg"),
            (
                "postgres:///k?user=app&password=hunter2&host=/run",
                "postgres:///k?user=app&password=***&host=/run",
            ),
            (
                "postgres://db/k?sslpassword=hunter2",
                "postgres://db/k?sslpassword=***",
            ),
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("DatabaseUrl({shown})"));
        }
    }

    #[test]
    fn only_a_url_is_one() {
        assert!("host=db password=hunter2".parse::<DatabaseUrl>().is_err());
    }
}
