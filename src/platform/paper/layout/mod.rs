//! From blocks to strips: what can no longer be divided, with every text measured and placed.

use std::rc::Rc;

use super::document::{Block, Document, Style, Sum};
use super::text::{Faces, Length, points};
use super::tree::{NodeId, Role, Tree};

mod table;

/// A4.
pub const PAGE_WIDTH: Length = 595_276;
pub const PAGE_HEIGHT: Length = 841_890;
pub const MARGIN: Length = points(56);

const LINE: Length = points(1) / 2;
const GAP: Length = points(8);
/// Between a frame and what it holds.
const PADDING: Length = points(12);

/// A document measured, but not yet divided into pages.
pub struct Laid {
    pub flow: Vec<Flow>,
    pub tree: Tree,
}

/// What follows what.
#[derive(Debug)]
pub enum Flow {
    Strip(Strip),
    /// Here a frame begins, so far from the left and so wide.
    Open(Length, Length, Length),
    Close,
}

/// A part of a page that is not divided.
#[derive(Debug, Default)]
pub struct Strip {
    pub height: Length,
    /// The space above it, except at the top of a page.
    pub gap: Length,
    pub marks: Vec<Mark>,
    /// Stays on the page of the next one.
    pub holds_next: bool,
    /// What stands above it when it comes to a new page.
    pub repeats: Option<Rc<Strip>>,
}

/// Something drawn, at a distance from the left and top of what it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub left: Length,
    pub top: Length,
    pub ink: Ink,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ink {
    /// A line of text; its top is where its letters stand. Without a node it decorates.
    Text(String, Style, Option<NodeId>),
    /// A line across: its width and thickness.
    Rule(Length, Length),
    /// A frame: its width and height.
    Frame(Length, Length),
}

/// The blocks of `document`, measured with `faces`.
pub fn lay_out(document: &Document, faces: &Faces<'_>) -> Laid {
    let mut setter = Setter {
        faces,
        left: MARGIN,
        width: PAGE_WIDTH - 2 * MARGIN,
        flow: Vec::new(),
        tree: Tree::default(),
    };
    setter.blocks(&document.blocks);
    Laid {
        flow: setter.flow,
        tree: setter.tree,
    }
}

/// Sets blocks one below the other between a left and a right edge.
struct Setter<'a> {
    faces: &'a Faces<'a>,
    left: Length,
    width: Length,
    flow: Vec<Flow>,
    tree: Tree,
}

impl Setter<'_> {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Title(text) => self.heading(1, Style::Title, text),
                Block::Heading(text) => self.heading(2, Style::Heading, text),
                Block::Paragraph(style, text) => self.paragraph(*style, text),
                Block::Pairs(pairs) => self.pairs(pairs),
                Block::Table(table) => self.table(table),
                Block::Sums(sums) => self.sums(sums),
                Block::Rule => self.rule(),
                Block::Framed(blocks) => self.framed(blocks),
            }
        }
    }

    fn heading(&mut self, level: u16, style: Style, text: &str) {
        let role = Role::Heading(level, text.to_owned());
        let node = self.tree.add(None, role);
        let first = self.flow.len();
        self.text(style, text, node, GAP * 2);
        for flow in self.flow.iter_mut().skip(first) {
            if let Flow::Strip(strip) = flow {
                strip.holds_next = true;
            }
        }
    }

    fn paragraph(&mut self, style: Style, text: &str) {
        let node = self.tree.add(None, Role::Paragraph);
        self.text(style, text, node, GAP);
    }

    /// Lines of `text` after a gap, each a strip.
    fn text(&mut self, style: Style, text: &str, node: NodeId, gap: Length) {
        for (number, line) in self
            .faces
            .wrap(text, style, self.width)
            .into_iter()
            .enumerate()
        {
            let mut strip = Strip {
                gap: if number == 0 { gap } else { 0 },
                ..Strip::default()
            };
            strip.lines(&[line], style, self.left, node);
            self.flow.push(Flow::Strip(strip));
        }
    }

    fn pairs(&mut self, pairs: &[(String, String)]) {
        let list = self.tree.add(None, Role::List);
        let widest = pairs
            .iter()
            .map(|(name, _)| self.faces.width(name, Style::Body));
        let names = widest.max().unwrap_or(0).min(self.width * 2 / 5);
        let indent = names + GAP * 2;
        for (number, (name, value)) in pairs.iter().enumerate() {
            let item = self.tree.add(Some(list), Role::Item);
            let label = self.tree.add(Some(item), Role::Label);
            let body = self.tree.add(Some(item), Role::ItemBody);
            let mut strip = Strip {
                gap: if number == 0 { GAP } else { points(1) },
                ..Strip::default()
            };
            let lines = self.faces.wrap(name, Style::Body, names);
            strip.lines(&lines, Style::Body, self.left, label);
            let lines = self.faces.wrap(value, Style::Strong, self.width - indent);
            strip.lines(&lines, Style::Strong, self.left + indent, body);
            self.flow.push(Flow::Strip(strip));
        }
    }

    fn sums(&mut self, sums: &[Sum]) {
        let table = self.tree.add(None, Role::Table);
        let hang = sums.iter().map(|sum| self.hang(&sum.amount, sum.style));
        let edge = self.left + self.width - hang.max().unwrap_or(0);
        for sum in sums {
            let row = self.tree.add(Some(table), Role::Row);
            let head = self.tree.add(Some(row), Role::RowHead);
            let mut strip = Strip {
                gap: points(2),
                ..Strip::default()
            };
            let amount_left = edge - self.to_last_digit(&sum.amount, sum.style);
            let room = amount_left - self.left - GAP;
            let lines = self.faces.wrap(&sum.label, sum.style, room);
            strip.lines(&lines, sum.style, self.left, head);
            if let Some(note) = &sum.note {
                let lines = self.faces.wrap(note, Style::Small, room);
                strip.below(&lines, Style::Small, self.left, head);
            }
            let cell = self.tree.add(Some(row), Role::Cell);
            strip.lines(&[&sum.amount], sum.style, amount_left, cell);
            self.flow.push(Flow::Strip(strip));
        }
    }

    fn rule(&mut self) {
        let mut strip = Strip {
            gap: GAP,
            height: LINE,
            ..Strip::default()
        };
        strip.rule(self.left, 0, self.width, LINE);
        self.flow.push(Flow::Strip(strip));
    }

    fn framed(&mut self, blocks: &[Block]) {
        self.flow.push(Flow::Open(self.left, self.width, PADDING));
        self.left += PADDING;
        self.width -= PADDING * 2;
        self.blocks(blocks);
        self.left -= PADDING;
        self.width += PADDING * 2;
        self.flow.push(Flow::Close);
    }

    /// How wide an amount is up to its last digit.
    fn to_last_digit(&self, amount: &str, style: Style) -> Length {
        let end = amount.rfind(|letter: char| letter.is_ascii_digit());
        let digits = amount.get(..end.map_or(0, |end| end + 1));
        self.faces.width(digits.unwrap_or(amount), style)
    }

    /// How wide what stands after its last digit is.
    fn hang(&self, amount: &str, style: Style) -> Length {
        self.faces.width(amount, style) - self.to_last_digit(amount, style)
    }
}

impl Strip {
    /// Lines from its top down.
    fn lines(&mut self, lines: &[&str], style: Style, left: Length, node: NodeId) {
        self.lines_at(0, lines, style, left, node);
    }

    /// Lines below all that it has.
    fn below(&mut self, lines: &[&str], style: Style, left: Length, node: NodeId) {
        self.lines_at(self.height, lines, style, left, node);
    }

    fn lines_at(
        &mut self,
        mut top: Length,
        lines: &[&str],
        style: Style,
        left: Length,
        node: NodeId,
    ) {
        for line in lines {
            if !line.is_empty() {
                self.marks.push(Mark {
                    left,
                    top: top + style.baseline(),
                    ink: Ink::Text((*line).to_owned(), style, Some(node)),
                });
            }
            top += style.line_height();
        }
        self.height = self.height.max(top);
    }

    fn rule(&mut self, left: Length, top: Length, width: Length, thickness: Length) {
        self.marks.push(Mark {
            left,
            top,
            ink: Ink::Rule(width, thickness),
        });
    }
}
