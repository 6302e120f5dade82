//! XML as ISO 20022 uses it, read as it comes.
//!
//! * There is no DTD, so there are no entities but the five and characters by their number;
//!   nothing is ever fetched.
//! * How deep elements stand, and how long a tag or a text is, is bounded: what is held at a time
//!   is bounded, whatever the size of the file.
//! * Elements of another namespace are named `*`.

use std::io::{self, BufRead, Read};

use quick_xml::Error;
use quick_xml::errors::IllFormedError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::tree::{Leaf, Place, Tree};
use crate::payments::files::FileError;
use crate::payments::files::lines::{RIGHT, WHOLE};

/// No tag, comment or text is longer, in bytes.
pub(super) const LONGEST: usize = 65_536;
/// No element has more attributes.
const ATTRIBUTES: usize = 16;

/// What comes next in a file.
pub enum Step {
    /// An element begins, there.
    Opened(Place),
    /// It ends; this was in it.
    Closed(Leaf),
}

/// The elements of a file.
pub struct Xml<R> {
    reader: NsReader<Bounded<R>>,
    buffer: Vec<u8>,
    /// That of the first element.
    namespace: Option<String>,
    tree: Tree,
}

impl<R: BufRead> Xml<R> {
    pub fn of(source: R) -> Self {
        let mut reader = NsReader::from_reader(Bounded {
            source,
            left: LONGEST,
            at: Place::default(),
        });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Self {
            reader,
            buffer: Vec::new(),
            namespace: None,
            tree: Tree::default(),
        }
    }

    /// The namespace of the first element.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The names of the elements, from the first one on, down to that of the last step.
    pub fn path(&self) -> &str {
        self.tree.path()
    }

    /// The next step; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Step>, FileError> {
        self.tree.leave();
        loop {
            self.buffer.clear();
            let at = self.reader.get_mut().begin();
            let (found, event) = match self.reader.read_resolved_event_into(&mut self.buffer) {
                Ok(read) => read,
                Err(error) => return Err(refused(error, at, self.reader.get_ref())),
            };
            let found = match found {
                ResolveResult::Bound(Namespace(name)) => Some(name),
                ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
            };
            if self.namespace.is_none() && matches!(event, Event::Start(_)) {
                self.namespace = Some(found.unwrap_or_default().to_owned());
            }
            let is_of_message = found.is_some() && found == self.namespace.as_deref();
            match event {
                Event::Start(start) => {
                    let name = start.local_name().into_inner();
                    let name = if is_of_message { name } else { "*" };
                    let currency = currency(&start).ok_or_else(|| {
                        at.refuse("up to 16 attributes, each once, were expected", RIGHT)
                    })?;
                    let inside = self.reader.get_ref().at;
                    self.tree.enter(name, currency, (at, inside))?;
                    return Ok(Some(Step::Opened(at)));
                }
                // Every end has its beginning: the reader sees to it.
                Event::End(_) | Event::Empty(_) => match self.tree.close() {
                    Some(leaf) => return Ok(Some(Step::Closed(leaf))),
                    None => return Err(at.refuse("an end without a beginning", RIGHT).into()),
                },
                Event::Text(text) => self.tree.text(&text.xml10_content(), at)?,
                Event::CData(text) => self.tree.text(&text.xml10_content(), at)?,
                Event::GeneralRef(reference) => {
                    let letter = letter(&reference).ok_or_else(|| {
                        let what = "one of &amp; &lt; &gt; &apos; &quot; or a character by its \
                                    number was expected";
                        at.refuse(what, RIGHT)
                    })?;
                    self.tree.text(letter.encode_utf8(&mut [0; 4]), at)?;
                }
                Event::Decl(decl) => self.tree.declaration(&decl, at)?,
                Event::DocType(_) => {
                    let what = "a document type: it may define entities, and none are read";
                    return Err(at
                        .refuse(what, "ask the bank for the message without it")
                        .into());
                }
                Event::Comment(_) | Event::PI(_) => self.tree.begin(),
                Event::Eof => return self.tree.end(at).map(|()| None).map_err(FileError::from),
            }
        }
    }
}

/// The attribute `Ccy`, when there is one; `None` when the attributes are not well-formed.
#[expect(clippy::option_option, reason = "no currency is not no attributes")]
fn currency(start: &BytesStart<'_>) -> Option<Option<String>> {
    let mut currency = None;
    for (before, attribute) in start.attributes().enumerate() {
        let attribute = attribute.ok().filter(|_| before < ATTRIBUTES)?;
        if attribute.key.as_ref() == "Ccy" {
            currency = Some(attribute.value.into_owned());
        }
    }
    Some(currency)
}

/// The character that `reference` stands for.
fn letter(reference: &BytesRef<'_>) -> Option<char> {
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}

/// Why no more was read, at a tag or text that begins at `at`.
fn refused<R>(error: Error, at: Place, source: &Bounded<R>) -> FileError {
    if source.left == 0 {
        let what = format!("a tag or a text of less than {LONGEST} bytes was expected");
        return at.refuse(what, RIGHT).into();
    }
    let refusal = match error {
        Error::Io(error) => return io::Error::new(error.kind(), error).into(),
        // Each of these says that something was begun and not ended.
        Error::Syntax(_) => at.refuse("the file ends within a tag, or this is no tag", WHOLE),
        Error::Encoding(_) => at.refuse(
            "what follows is no UTF-8",
            "ask the bank to send it in UTF-8",
        ),
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, .. }) => {
            at.refuse(format!("</{expected}> was expected"), RIGHT)
        }
        Error::IllFormed(_) | Error::InvalidAttr(_) | Error::Escape(_) | Error::Namespace(_) => {
            at.refuse("well-formed XML was expected", RIGHT)
        }
    };
    refusal.into()
}

/// A source that gives so many bytes at a time and no more, and knows where it is.
struct Bounded<R> {
    source: R,
    left: usize,
    at: Place,
}

impl<R> Bounded<R> {
    /// From here on it may give as much again; where that is.
    fn begin(&mut self) -> Place {
        self.left = LONGEST;
        self.at
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("too long"));
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // What is buffered is there without reading.
        if let Ok(buffered) = self.source.fill_buf() {
            self.at.pass(buffered.get(..count).unwrap_or_default());
        }
        self.source.consume(count);
        self.left = self.left.saturating_sub(count);
    }
}
