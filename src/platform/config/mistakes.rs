//! What is wrong with the settings, all of it at once.

use std::fmt;

use super::table::Setting;

/// Why the settings were refused; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

/// One thing wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// The value is not one that this setting takes.
    Bad {
        name: &'static str,
        /// What was given, unless it is a secret.
        value: Option<String>,
        why: String,
    },
    /// There is no setting of this name.
    Unknown {
        name: String,
        nearest: Option<&'static str>,
    },
}

impl Mistake {
    pub(super) fn bad(row: &Setting, value: &str, why: String) -> Self {
        Self::Bad {
            name: row.name,
            value: (!row.secret).then(|| value.to_owned()),
            why,
        }
    }

    pub(super) fn unknown(name: String, known: impl Iterator<Item = &'static str>) -> Self {
        let nearest = known
            .map(|other| (distance(&name, other), other))
            .min()
            .filter(|(distance, other)| *distance * 3 <= other.len())
            .map(|(_, other)| other);
        Self::Unknown { name, nearest }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad {
                name,
                value: Some(value),
                why,
            } => write!(f, "{name}={value:?} {why}"),
            Self::Bad {
                name,
                value: None,
                why,
            } => write!(f, "{name} {why}"),
            Self::Unknown {
                name,
                nearest: Some(nearest),
            } => write!(f, "{name} is not a setting; did you mean {nearest}?"),
            Self::Unknown {
                name,
                nearest: None,
            } => write!(
                f,
                "{name} is not a setting; `kaifong config` lists them all"
            ),
        }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are wrong:")?;
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// How many letters must be added, dropped or changed to turn `one` into `other`.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        let mut next = vec![left];
        for (up, wanted) in row.iter().skip(1).zip(other.chars()) {
            left = (diagonal + usize::from(letter != wanted)).min(left.min(*up) + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (one, other, edits) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("LISTEN", "LISTEN", 0),
            ("LISTN", "LISTEN", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), edits, "{one} {other}");
        }
    }
}
