//! The elements that are open, and the text in them. An element holds a text or other elements,
//! not both.

use quick_xml::events::BytesDecl;

use super::xml::LONGEST;
use crate::payments::files::Refusal;
use crate::payments::files::lines::{RIGHT, WHOLE};

/// No element stands deeper.
const DEEPEST: usize = 32;
/// No element has a longer name.
const LONGEST_NAME: usize = 64;
const APART: &str = "two files were put together: send each by itself";

/// Where something stands: both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: u32,
    pub column: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

impl Place {
    pub fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else if byte & 0b1100_0000 != 0b1000_0000 {
                // What is left out continues a character.
                self.column += 1;
            }
        }
    }

    pub fn refuse(self, what: impl Into<String>, remedy: &'static str) -> Refusal {
        Refusal {
            line: self.line,
            column: self.column,
            what: what.into(),
            remedy,
        }
    }
}

/// What an element held.
pub struct Leaf {
    /// Without the blanks around it; empty where there are other elements.
    pub text: String,
    /// The attribute `Ccy`.
    pub currency: Option<String>,
    pub has_elements: bool,
    /// Where its text begins.
    pub at: Place,
}

/// The elements that are open.
#[derive(Default)]
pub struct Tree {
    open: Vec<Element>,
    path: String,
    /// How much of the path is left when the element that was closed is left.
    leaving: Option<usize>,
    is_begun: bool,
    is_ended: bool,
}

struct Element {
    /// How long the path was outside it.
    outside: usize,
    leaf: Leaf,
}

impl Tree {
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Something came: no declaration may follow.
    pub fn begin(&mut self) {
        self.is_begun = true;
    }

    pub fn enter(
        &mut self,
        name: &str,
        currency: Option<String>,
        (at, inside): (Place, Place),
    ) -> Result<(), Refusal> {
        if self.is_ended {
            return Err(at.refuse("the file goes on after its end", APART));
        }
        if self.open.len() == DEEPEST || name.len() > LONGEST_NAME {
            let what = "elements of short names, not so deep in each other, were expected";
            return Err(at.refuse(what, RIGHT));
        }
        if let Some(parent) = self.open.last_mut() {
            parent.leaf.has_elements = true;
            if !is_blank(&parent.leaf.text) {
                return Err(at.refuse("a text beside an element", RIGHT));
            }
            parent.leaf.text.clear();
        }
        let outside = self.path.len();
        if outside > 0 {
            self.path.push('/');
        }
        self.path.push_str(name);
        self.is_begun = true;
        let leaf = Leaf {
            text: String::new(),
            currency,
            has_elements: false,
            at: inside,
        };
        self.open.push(Element { outside, leaf });
        Ok(())
    }

    pub fn text(&mut self, text: &str, mut at: Place) -> Result<(), Refusal> {
        let blanks = text.len() - text.trim_start_matches(is_space).len();
        at.pass(text.as_bytes().get(..blanks).unwrap_or_default());
        let is_blank = is_blank(text);
        let Some(element) = self.open.last_mut() else {
            if is_blank {
                self.is_begun = true;
                return Ok(());
            }
            return Err(if self.is_ended {
                at.refuse("the file goes on after its end", APART)
            } else {
                at.refuse("an element was expected", RIGHT)
            });
        };
        let leaf = &mut element.leaf;
        let is_odd = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r');
        if text.chars().any(is_odd) {
            return Err(at.refuse("a control character", RIGHT));
        }
        if leaf.has_elements {
            let beside = || at.refuse("a text beside an element", RIGHT);
            return is_blank.then_some(()).ok_or_else(beside);
        }
        if leaf.text.len() + text.len() > LONGEST {
            let what = format!("a text of less than {LONGEST} bytes was expected");
            return Err(at.refuse(what, RIGHT));
        }
        leaf.text.push_str(text);
        Ok(())
    }

    pub fn declaration(&mut self, decl: &BytesDecl<'_>, at: Place) -> Result<(), Refusal> {
        if self.is_begun {
            return Err(at.refuse("a second beginning", APART));
        }
        self.is_begun = true;
        let is_version = decl.version().is_ok_and(|version| version == "1.0");
        let is_utf8 = match decl.encoding() {
            None => true,
            Some(encoding) => encoding.is_ok_and(|name| name.eq_ignore_ascii_case("UTF-8")),
        };
        if is_version && is_utf8 {
            return Ok(());
        }
        let what = "XML 1.0 in UTF-8 was expected";
        Err(at.refuse(what, "ask the bank to send it in UTF-8"))
    }

    /// Ends the innermost element.
    pub fn close(&mut self) -> Option<Leaf> {
        let Element { outside, mut leaf } = self.open.pop()?;
        self.leaving = Some(outside);
        self.is_ended = self.open.is_empty();
        leaf.text = leaf.text.trim_matches(is_space).to_owned();
        Some(leaf)
    }

    pub fn leave(&mut self) {
        if let Some(outside) = self.leaving.take() {
            self.path.truncate(outside);
        }
    }

    /// Refuses a file that is not whole.
    pub fn end(&self, at: Place) -> Result<(), Refusal> {
        if self.is_ended {
            return Ok(());
        }
        let what = if self.path.is_empty() {
            "a message was expected".to_owned()
        } else {
            format!("the file ends within {}", self.path)
        };
        Err(at.refuse(what, WHOLE))
    }
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}
