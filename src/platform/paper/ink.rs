//! Pages drawn as PDF: the one place that speaks to the PDF library, in its floats.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "the PDF library's coordinates are f32; no amount of money comes here as a number"
)]

use std::num::NonZeroU16;

use chrono::{Datelike, NaiveDate};
use krilla::color::luma;
use krilla::configure::{Accessibility, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, ListNumbering, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{SerializeSettings, tagging};

use super::PaperError;
use super::document::{Document, Style};
use super::layout::{Ink, MARGIN, Mark, PAGE_HEIGHT, PAGE_WIDTH};
use super::pages::Page;
use super::text::{Face, Faces, Length};
use super::tree::{NodeId, Role, Tree};

/// The pages as a PDF file that says it meets PDF/UA, if it does: a character without a glyph
/// forbids that claim, not the paper.
pub fn write(
    document: &Document,
    pages: &[Page],
    tree: &Tree,
    faces: &Faces<'_>,
) -> Result<Vec<u8>, PaperError> {
    let unwritable = |error: KrillaError| PaperError::Unwritable(error.to_string());
    let accessible = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| PaperError::Unwritable(format!("{error:?}")))?;
    match draw(accessible, document, pages, tree, faces) {
        Err(KrillaError::Validation(_)) => {
            draw(Configuration::default(), document, pages, tree, faces).map_err(unwritable)
        }
        done => done.map_err(unwritable),
    }
}

fn draw(
    configuration: Configuration,
    document: &Document,
    pages: &[Page],
    tree: &Tree,
    faces: &Faces<'_>,
) -> Result<Vec<u8>, KrillaError> {
    let mut file = krilla::Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut pen = Pen {
        faces,
        drawn: tree.iter().map(|_| Vec::new()).collect(),
    };
    let mut outline = Outline::new();
    let size = (float(PAGE_WIDTH), float(PAGE_HEIGHT));
    for (number, page) in pages.iter().enumerate() {
        let settings = PageSettings::from_wh(size.0, size.1).unwrap_or_default();
        let mut sheet = file.start_page_with(settings);
        let mut surface = sheet.surface();
        for mark in page {
            pen.mark(&mut surface, mark);
        }
        surface.finish();
        sheet.finish();
        for (title, top) in headings(page, tree) {
            let place = Point::from_xy(float(MARGIN), float(top));
            outline.push_child(OutlineNode::new(title, XyzDestination::new(number, place)));
        }
    }
    file.set_outline(outline);
    file.set_tag_tree(pen.tag_tree(tree, document));
    file.set_metadata(metadata(document));
    file.finish()
}

fn metadata(document: &Document) -> Metadata {
    Metadata::new()
        .title(document.title.clone())
        .language(document.language.tag().to_owned())
        .creator("Kaifong".to_owned())
        .creation_date(date(document.dated))
}

fn date(date: NaiveDate) -> DateTime {
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    DateTime::new(u16::try_from(date.year()).unwrap_or_default())
        .month(part(date.month()))
        .day(part(date.day()))
}

/// The headings that begin on `page`, with where.
fn headings(page: &Page, tree: &Tree) -> Vec<(String, Length)> {
    let mut found: Vec<(NodeId, String, Length)> = Vec::new();
    for mark in page {
        if let Ink::Text(_, style, Some(id)) = &mark.ink
            && let Some(Role::Heading(_, title)) = tree.get(*id).map(|node| &node.role)
            && found.last().is_none_or(|(last, ..)| last != id)
        {
            found.push((*id, title.clone(), mark.top - style.line_height()));
        }
    }
    let place = |(_, title, top)| (title, top);
    found.into_iter().map(place).collect()
}

/// Draws, and remembers what it drew for each node of the tree.
struct Pen<'f> {
    faces: &'f Faces<'f>,
    drawn: Vec<Vec<tagging::Node>>,
}

impl Pen<'_> {
    fn mark(&mut self, surface: &mut Surface<'_>, mark: &Mark) {
        match &mark.ink {
            Ink::Text(text, style, Some(node)) => {
                let tag = ContentTag::Span(SpanTag::empty());
                let drawn = surface.start_tagged(tag);
                self.text(surface, mark, text, *style);
                surface.end_tagged();
                if let Some(of_node) = self.drawn.get_mut(node.place()) {
                    of_node.push(drawn.into());
                }
            }
            Ink::Text(text, style, None) => {
                decorate(surface, ArtifactType::PaginationOther, |surface| {
                    self.text(surface, mark, text, *style);
                });
            }
            Ink::Rule(width, height) => decorate(surface, ArtifactType::Layout, |surface| {
                fill_rectangle(surface, mark, *width, *height);
            }),
            Ink::Frame(width, height) => decorate(surface, ArtifactType::Layout, |surface| {
                frame_rectangle(surface, mark, *width, *height);
            }),
        }
    }

    fn text(&self, surface: &mut Surface<'_>, mark: &Mark, text: &str, style: Style) {
        let face = self.faces.get(style);
        surface.set_stroke(None);
        surface.set_fill(Some(gray(if style == Style::Small { 70 } else { 0 })));
        surface.draw_glyphs(
            Point::from_xy(float(mark.left), float(mark.top)),
            &glyphs(face, text),
            face.ink.clone(),
            text,
            f32::from(style.size()),
            false,
        );
    }

    /// Children are older than their parents' younger siblings, so from the youngest node up,
    /// each finds its own children complete.
    fn tag_tree(mut self, tree: &Tree, document: &Document) -> TagTree {
        let language = document.language.tag().to_owned();
        let mut root: Vec<tagging::Node> = Vec::new();
        for (id, node) in tree.iter().rev() {
            let mut children = match self.drawn.get_mut(id.place()) {
                Some(drawn) => std::mem::take(drawn),
                None => Vec::new(),
            };
            // Children came youngest first; content that was drawn has none.
            if has_nodes(&node.role) {
                children.reverse();
            }
            let group = TagGroup::with_children(tag(&node.role), children);
            match node
                .parent
                .and_then(|parent| self.drawn.get_mut(parent.place()))
            {
                Some(siblings) => siblings.push(group.into()),
                None => root.push(group.into()),
            }
        }
        let mut tags = TagTree::new().with_lang(Some(language));
        for group in root.into_iter().rev() {
            tags.push(group);
        }
        tags
    }
}

/// Whether its children are nodes, not texts.
fn has_nodes(role: &Role) -> bool {
    matches!(role, Role::List | Role::Item | Role::Table | Role::Row)
}

fn tag(role: &Role) -> TagKind {
    match role {
        Role::Heading(level, title) => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(title.clone())).into()
        }
        Role::Paragraph => Tag::P.into(),
        Role::List => Tag::L(ListNumbering::None).into(),
        Role::Item => Tag::LI.into(),
        Role::Label => Tag::Lbl.into(),
        Role::ItemBody => Tag::LBody.into(),
        Role::Table => Tag::Table.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Role::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Role::Cell => Tag::TD.into(),
    }
}

fn decorate(surface: &mut Surface<'_>, kind: ArtifactType, draw: impl FnOnce(&mut Surface<'_>)) {
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
    draw(surface);
    surface.end_tagged();
}

fn glyphs(face: &Face<'_>, text: &str) -> Vec<KrillaGlyph> {
    let units = f32::from(face.units());
    let drawn = face.glyphs(text).into_iter().map(|glyph| {
        let id = GlyphId::new(u32::from(glyph.id));
        let advance = f32::from(glyph.advance) / units;
        KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, glyph.range, None)
    });
    drawn.collect()
}

fn fill_rectangle(surface: &mut Surface<'_>, mark: &Mark, width: Length, height: Length) {
    surface.set_stroke(None);
    surface.set_fill(Some(gray(150)));
    rectangle(surface, mark, width, height);
}

fn frame_rectangle(surface: &mut Surface<'_>, mark: &Mark, width: Length, height: Length) {
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke {
        paint: luma::Color::new(0).into(),
        width: 1.2,
        ..Stroke::default()
    }));
    rectangle(surface, mark, width, height);
}

fn rectangle(surface: &mut Surface<'_>, mark: &Mark, width: Length, height: Length) {
    let (left, top) = (float(mark.left), float(mark.top));
    let mut path = PathBuilder::new();
    if let Some(area) = Rect::from_xywh(left, top, float(width), float(height)) {
        path.push_rect(area);
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn gray(lightness: u8) -> Fill {
    Fill {
        paint: luma::Color::new(lightness).into(),
        ..Fill::default()
    }
}

/// A length in points; a page is far smaller than the largest.
fn float(length: Length) -> f32 {
    let whole = i16::try_from(length / 1000).unwrap_or(i16::MAX);
    let thousandths = i16::try_from(length % 1000).unwrap_or(0);
    f32::from(whole) + f32::from(thousandths) / 1000.0
}
