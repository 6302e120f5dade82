//! Lines of bytes, one at a time and none too long; fields of a line, and where they begin.

use std::io::{BufRead, Read};

use super::{FileError, Refusal};

/// No line is longer, in bytes.
const LONGEST: u16 = 1_024;
pub(crate) const WHOLE: &str = "ask the channel for the whole file again";
pub(crate) const RIGHT: &str = "ask the channel to put it right and send the file anew";

/// The lines of a file.
pub(crate) struct Lines<R> {
    source: R,
    /// The line that was read last, counted from 1.
    pub at: u32,
}

impl<R: BufRead> Lines<R> {
    pub fn of(source: R) -> Self {
        Self { source, at: 0 }
    }

    /// The next line without its end; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        let mut line = Vec::new();
        let read = (&mut self.source)
            .take(LONGEST.into())
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        self.at = self
            .at
            .checked_add(1)
            .ok_or_else(|| self.refuse(1, "too many lines", RIGHT))?;
        let is_whole = line.pop_if(|byte| *byte == b'\n').is_some();
        if !is_whole && line.len() == usize::from(LONGEST) {
            let column = LONGEST.into();
            let what = "a line of less than 1024 bytes was expected";
            return Err(self
                .refuse(column, what, "is it a text file of this layout?")
                .into());
        }
        line.pop_if(|byte| *byte == b'\r');
        Ok(Some(line))
    }

    /// A refusal of the line that was read last.
    pub fn refuse(&self, column: usize, what: impl Into<String>, remedy: &'static str) -> Refusal {
        Refusal {
            line: self.at.max(1),
            column,
            what: what.into(),
            remedy,
        }
    }
}

/// The fields of a line, and the column where each begins.
pub(crate) struct Fields<'a> {
    parts: Vec<(usize, &'a str)>,
    pub line: u32,
    /// The column after the last character.
    pub end: usize,
}

impl<'a> Fields<'a> {
    /// The fields of `text` between `|`.
    pub fn of(text: &'a str, line: u32) -> Self {
        let mut parts = Vec::new();
        let mut column = 1;
        for field in text.split('|') {
            parts.push((column, field));
            column += field.chars().count() + 1;
        }
        Self {
            parts,
            line,
            end: column - 1,
        }
    }

    pub fn refuse(&self, place: usize, what: impl Into<String>, remedy: &'static str) -> Refusal {
        Refusal {
            line: self.line,
            column: self.parts.get(place).map_or(self.end, |field| field.0),
            what: what.into(),
            remedy,
        }
    }

    /// Refuses a line that has not `count` fields.
    pub fn exactly(&self, count: usize, what: &str) -> Result<(), Refusal> {
        if self.parts.len() == count {
            return Ok(());
        }
        let found = self.parts.len();
        let what = format!("{count} fields of {what} were expected, not {found}");
        Err(self.refuse(count, what, RIGHT))
    }

    pub fn get(&self, place: usize) -> &'a str {
        self.parts.get(place).map_or("", |field| field.1)
    }

    /// Field `place`, read by `read`; `expected` says what it should be.
    pub fn read<T>(
        &self,
        place: usize,
        expected: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Refusal> {
        read(self.get(place))
            .ok_or_else(|| self.refuse(place, format!("{expected} was expected"), RIGHT))
    }
}
