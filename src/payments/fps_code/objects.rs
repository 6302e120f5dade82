//! Data objects: an id of two digits, a length of two digits, and so many characters.

use super::Unreadable;

/// One data object of a payload, and where its value begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object<'a> {
    pub id: u8,
    pub value: &'a str,
    /// The value's first character, counted from 1.
    pub at: usize,
}

/// The data objects of `text`, whose first character is the payload's `at`-th. Every one of
/// them is whole and comes once.
pub(super) fn objects(text: &str, at: usize) -> Result<Vec<Object<'_>>, Unreadable> {
    let mut found: Vec<Object<'_>> = Vec::new();
    let (mut rest, mut at) = (text, at);
    while !rest.is_empty() {
        let (id, behind) = two_digits(rest).ok_or(Unreadable::new(at, "two digits of an id"))?;
        let (length, behind) =
            two_digits(behind).ok_or(Unreadable::new(at + 2, "two digits of a length"))?;
        // Lengths count characters, not bytes.
        let mut ends = behind
            .char_indices()
            .map(|(end, _)| end)
            .chain([behind.len()]);
        let end = ends.nth(usize::from(length));
        let (value, behind) =
            end.and_then(|end| behind.split_at_checked(end))
                .ok_or(Unreadable::new(
                    at + 4,
                    "as many characters as the length says",
                ))?;
        if found.iter().any(|object| object.id == id) {
            return Err(Unreadable::new(at, "an id that did not come before"));
        }
        found.push(Object {
            id,
            value,
            at: at + 4,
        });
        at += 4 + usize::from(length);
        rest = behind;
    }
    Ok(found)
}

fn two_digits(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| are_digits)?;
    Some((number, rest))
}

/// Appends a data object.
pub(super) fn put(payload: &mut String, id: u8, value: &str) {
    use std::fmt::Write as _;

    // Writing to a String cannot fail.
    let _ = write!(payload, "{id:02}{:02}{value}", value.chars().count());
}
