//! Text that people type: bounded, one line, and storable.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One line of 1 to `MAX` characters without control characters (PostgreSQL refuses NUL),
/// trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line<const MAX: usize>(String);

/// The text is empty, too long, or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text of 1 to {0} characters on one line, without control characters")]
pub struct NotLine(usize);

impl<const MAX: usize> Line<MAX> {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = NotLine;

    fn try_from(text: String) -> Result<Self, NotLine> {
        let text = text.trim();
        let fits = (1..=MAX).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotLine(MAX))
        }
    }
}

impl<const MAX: usize> From<Line<MAX>> for String {
    fn from(line: Line<MAX>) -> Self {
        line.0
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> utoipa::PartialSchema for Line<MAX> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            // Not blank, on one line.
            .pattern(Some(r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*[!-~\u4e00-\u9fff][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"))
            .into()
    }
}

impl<const MAX: usize> utoipa::ToSchema for Line<MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Line{MAX}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_storable_lines_are_taken() {
        let line = |text: &str| Line::<4>::try_from(text.to_owned()).map(|line| line.0);
        assert_eq!(line(" 租金調整 "), Ok("租金調整".to_owned()));
        for text in ["", "  ", "12345", "a\0", "a\nb"] {
            assert_eq!(line(text), Err(NotLine(4)), "{text:?}");
        }
    }
}
