//! From strips to pages: what does not fit goes on the next one.
//!
//! * A strip that holds the next one goes with it; a frame starts where it can stay whole, or
//!   at the top of a page.
//! * On a new page a table's rows come under its headings again.

use super::document::Style;
use super::layout::{Flow, Ink, MARGIN, Mark, PAGE_HEIGHT, PAGE_WIDTH, Strip};
use super::text::{Faces, Length, points};

const TOP: Length = MARGIN;
const BOTTOM: Length = PAGE_HEIGHT - MARGIN - points(12);
/// Where the footer's letters stand.
const FOOT: Length = PAGE_HEIGHT - points(40);
/// Above a frame, and between it and what follows.
const FRAME_GAP: Length = points(14);

/// What is drawn on one page, in reading order.
pub type Page = Vec<Mark>;

/// The strips on pages, each with a footer and its number.
pub fn paginate(flow: Vec<Flow>, footer: &str, faces: &Faces<'_>) -> Vec<Page> {
    let mut stack = Stack {
        pages: Vec::new(),
        page: Vec::new(),
        y: TOP,
        frame: None,
    };
    let mut rest = flow.into_iter();
    while let Some(item) = rest.next() {
        match item {
            Flow::Strip(strip) => stack.put(&strip, group(&strip, rest.as_slice())),
            Flow::Open(left, width, padding) => {
                let inside = framed(rest.as_slice());
                stack.open(Frame::new(left, width, padding), inside);
            }
            Flow::Close => stack.close(),
        }
    }
    let mut pages = stack.pages;
    pages.push(stack.page);
    number(&mut pages, footer, faces);
    pages
}

/// How high `strip` is with all that must stay on its page.
fn group(strip: &Strip, rest: &[Flow]) -> Length {
    let mut height = strip.height;
    let mut holds = strip.holds_next;
    for item in rest {
        match item {
            Flow::Strip(next) if holds => {
                height += next.gap + next.height;
                holds = next.holds_next;
            }
            _ => break,
        }
    }
    height
}

/// How high all is up to the end of the frame.
fn framed(rest: &[Flow]) -> Length {
    rest.iter()
        .map_while(|item| match item {
            Flow::Strip(strip) => Some(strip.gap + strip.height),
            Flow::Open(..) => Some(0),
            Flow::Close => None,
        })
        .sum()
}

/// A frame that is open.
struct Frame {
    left: Length,
    width: Length,
    padding: Length,
    top: Length,
}

impl Frame {
    fn new(left: Length, width: Length, padding: Length) -> Self {
        let top = TOP;
        Self {
            left,
            width,
            padding,
            top,
        }
    }
}

/// The finished pages, and the one being filled down to `y`.
struct Stack {
    pages: Vec<Page>,
    page: Page,
    y: Length,
    frame: Option<Frame>,
}

impl Stack {
    fn put(&mut self, strip: &Strip, group: Length) {
        let mut gap = self.gap(strip);
        if self.y + gap + group > self.bottom() && !self.is_at_top() {
            self.turn();
            gap = 0;
            if let Some(head) = &strip.repeats {
                self.draw(head);
            }
        }
        self.y += gap;
        self.draw(strip);
    }

    fn gap(&self, strip: &Strip) -> Length {
        if self.is_at_top() { 0 } else { strip.gap }
    }

    /// Above all else on the page, or in the frame.
    fn is_at_top(&self) -> bool {
        let top = self
            .frame
            .as_ref()
            .map_or(TOP, |frame| frame.top + frame.padding);
        self.y == top
    }

    fn bottom(&self) -> Length {
        BOTTOM - self.frame.as_ref().map_or(0, |frame| frame.padding)
    }

    fn draw(&mut self, strip: &Strip) {
        let (page, y) = (&mut self.page, self.y);
        page.extend(strip.marks.iter().cloned().map(|mark| Mark {
            top: mark.top + y,
            ..mark
        }));
        self.y += strip.height;
    }

    fn turn(&mut self) {
        let frame = self.frame.take();
        if let Some(frame) = &frame {
            self.draw_frame(frame);
        }
        self.pages.push(std::mem::take(&mut self.page));
        self.y = TOP;
        if let Some(frame) = frame {
            self.start(frame);
        }
    }

    fn open(&mut self, frame: Frame, inside: Length) {
        let height = FRAME_GAP + inside + frame.padding * 2;
        if self.y + height > BOTTOM && !self.is_at_top() {
            self.turn();
        }
        if !self.is_at_top() {
            self.y += FRAME_GAP;
        }
        self.start(frame);
    }

    fn start(&mut self, mut frame: Frame) {
        frame.top = self.y;
        self.y += frame.padding;
        self.frame = Some(frame);
    }

    fn close(&mut self) {
        if let Some(frame) = self.frame.take() {
            self.draw_frame(&frame);
            self.y += FRAME_GAP - points(8);
        }
    }

    fn draw_frame(&mut self, frame: &Frame) {
        self.y += frame.padding;
        self.page.push(Mark {
            left: frame.left,
            top: frame.top,
            ink: Ink::Frame(frame.width, self.y - frame.top),
        });
    }
}

fn number(pages: &mut [Page], footer: &str, faces: &Faces<'_>) {
    let count = pages.len();
    for (place, page) in pages.iter_mut().enumerate() {
        let number = format!("{} / {count}", place + 1);
        let right = PAGE_WIDTH - MARGIN - faces.width(&number, Style::Small);
        // One line: a footer that is too long is not worth a second.
        let footer = faces.wrap(footer, Style::Small, right - MARGIN - points(8));
        let footer = footer.first().copied().unwrap_or_default();
        for (left, text) in [(MARGIN, footer.to_owned()), (right, number)] {
            page.push(Mark {
                left,
                top: FOOT,
                ink: Ink::Text(text, Style::Small, None),
            });
        }
    }
}
