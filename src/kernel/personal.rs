//! What tells who somebody is: text that is read from outside and shown by nobody's accident.
//!
//! A personal text has no `Display` and no `Serialize`, and its `Debug` shows nothing. The one
//! way to the text is [`reveal`](crate::kernel::hkid::Hkid::reveal), which a reader finds by name.

/// Declares personal texts: each is checked by its own `TryFrom<String>`.
macro_rules! personal {
    ($($(#[$doc:meta])* $name:ident (max = $max:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself, in its canonical form.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }

        impl std::str::FromStr for $name {
            type Err = <$name as TryFrom<String>>::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.to_owned().try_into()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .min_length(Some(1))
                    .max_length(Some($max))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

pub(crate) use personal;

/// `text` as a machine would have typed it: full-width forms made narrow, upper case, without
/// white space, brackets and hyphens.
///
/// NFKC would also read circled and raised digits, which no document bears.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars()
        .map(narrow)
        .filter(|letter| !is_separator(*letter))
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// The ASCII form of a full-width character.
#[must_use]
pub fn narrow(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{3000}' => ' ',
        other => other,
    }
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '(' | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '〔'
                | '〕'
                | '【'
                | '】'
                | '﹙'
                | '﹚'
                | '⁽'
                | '⁾'
                | '-'
                | '\u{2010}'..='\u{2015}' | '\u{2212}' | '﹣'
        )
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_people_type_is_folded_and_nothing_else() {
        assert_eq!(plain(" ａ１２３４５６（３） "), "A1234563");
        assert_eq!(plain("a-123456〔3〕"), "A1234563");
        assert_eq!(plain("A①²٣"), "A①²٣");
    }
}
