//! What a bank answered, in the house layout (本署格式): for banks whose own is not read yet.
//!
//! ```text
//! H|kaifong-autopay-1|01940000-0000-7000-8000-000000000001
//! R|202611100000001801|ACCEPTED
//! R|202611100000002601|INSUFFICIENT_FUNDS
//! T|2
//! ```
//!
//! The header names the layout and the collection, a result our reference and a canonical code,
//! the trailer says how many. Nothing counts unless all of it was read.

use std::io::BufRead;

use crate::autopay::model::{Answer, DebitResult};
use crate::kernel::id::CollectionId;
use crate::payments::files::{Fields, FileError, Lines, RIGHT, Refusal, WHOLE};

const LAYOUT: &str = "kaifong-autopay-1";
/// The longest reference.
pub const REFERENCE: usize = 35;

/// Whether `head` begins a file of this layout.
#[must_use]
pub fn is_ours(head: &[u8]) -> bool {
    let ours = format!("H|{LAYOUT}");
    head.starts_with(ours.as_bytes())
}

/// What the file at `source` says, and of which collection.
pub fn read(source: impl BufRead) -> Result<(CollectionId, Vec<Answer>), FileError> {
    let mut lines = Lines::of(source);
    let Some(text) = next(&mut lines)? else {
        return Err(lines.refuse(1, "the file is empty", WHOLE).into());
    };
    let fields = Fields::of(&text, lines.at);
    fields.read(0, "H, a header,", |word| (word == "H").then_some(()))?;
    fields.exactly(3, "a header")?;
    fields.read(1, LAYOUT, |word| (word == LAYOUT).then_some(()))?;
    let id = fields.read(2, "the id of a collection", |word| word.parse().ok())?;
    let mut answers = Vec::new();
    loop {
        let Some(text) = next(&mut lines)? else {
            let what = format!(
                "after {} results the file ends without its trailer",
                answers.len()
            );
            lines.at = lines.at.saturating_add(1);
            return Err(lines.refuse(1, what, WHOLE).into());
        };
        let fields = Fields::of(&text, lines.at);
        match fields.get(0) {
            "R" => answers.push(answer(&fields)?),
            "T" => {
                trailer(&fields, answers.len())?;
                break;
            }
            _ => return Err(fields.refuse(0, "R or T was expected", RIGHT).into()),
        }
    }
    if next(&mut lines)?.is_some() {
        let what = "the file goes on after its trailer";
        let remedy = "two files were put together: send each by itself";
        return Err(lines.refuse(1, what, remedy).into());
    }
    Ok((id, answers))
}

/// The next line; it is of plain letters.
fn next(lines: &mut Lines<impl BufRead>) -> Result<Option<String>, FileError> {
    let Some(bytes) = lines.next()? else {
        return Ok(None);
    };
    let plain = |byte: &u8| (b' '..=b'~').contains(byte);
    let before = bytes.iter().take_while(|byte| plain(byte)).count();
    if before < bytes.len() {
        return Err(lines
            .refuse(before + 1, "plain letters were expected", RIGHT)
            .into());
    }
    Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
}

fn answer(fields: &Fields<'_>) -> Result<Answer, Refusal> {
    fields.exactly(3, "a result")?;
    let reference = fields.read(1, "a reference of 1 to 35 letters and digits", reference)?;
    let code = fields.read(2, "a result such as ACCEPTED", |word| {
        word.parse::<DebitResult>().ok()
    })?;
    Ok(Answer {
        place: i32::try_from(fields.line).unwrap_or(i32::MAX),
        reference,
        code,
        amount: None,
    })
}

/// A reference as it may be kept.
pub fn reference(word: &str) -> Option<String> {
    let fits = (1..=REFERENCE).contains(&word.len());
    let is_plain = word.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && is_plain).then(|| word.to_owned())
}

fn trailer(fields: &Fields<'_>, count: usize) -> Result<(), Refusal> {
    fields.exactly(2, "a trailer")?;
    let said = fields.read(1, "how many results there are", |word| {
        word.parse::<usize>().ok()
    })?;
    if said == count {
        return Ok(());
    }
    let what = format!("the trailer says {said} results, the file has {count}");
    Err(fields.refuse(1, what, WHOLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "H|kaifong-autopay-1|01940000-0000-7000-8000-000000000001\n\
        R|A-1|ACCEPTED\r\nR|A-2|ACCOUNT_CLOSED\nT|2\n";

    #[test]
    fn a_file_is_read_whole() {
        let (id, answers) = read(GOOD.as_bytes()).unwrap();
        assert_eq!(id.to_string(), "01940000-0000-7000-8000-000000000001");
        let answer = |place, reference: &str, code| Answer {
            place,
            reference: reference.to_owned(),
            code,
            amount: None,
        };
        assert_eq!(
            answers,
            [
                answer(2, "A-1", DebitResult::Accepted),
                answer(3, "A-2", DebitResult::AccountClosed)
            ]
        );
    }

    #[test]
    fn what_is_not_whole_is_refused_where_it_is_wrong() {
        for (from, to, line, column) in [
            (GOOD, "", 1, 1),
            ("H|kaifong-autopay-1", "H|kaifong-1", 1, 3),
            ("01940000", "x", 1, 21),
            ("ACCEPTED", "accepted", 2, 7),
            ("A-1", "", 2, 3),
            ("A-1", "A 1", 2, 3),
            ("A-1", "Ä", 2, 3),
            ("A-2|ACCOUNT_CLOSED", "A-2", 3, 6),
            ("R|A-2", "X|A-2", 3, 1),
            ("T|2\n", "T|3\n", 4, 3),
            ("T|2\n", "", 4, 1),
            ("T|2\n", "T|2\nT|2\n", 5, 1),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let Err(FileError::Refused(refusal)) = read(text.as_bytes()) else {
                panic!("{text}");
            };
            assert_eq!((refusal.line, refusal.column), (line, column), "{refusal}");
        }
    }
}
