//! Tables: columns as wide as what they hold, and the rows under them.

use std::rc::Rc;

use super::{Flow, GAP, Ink, LINE, Length, Setter, Strip, points};
use crate::platform::paper::document::{Cell, Column, Row, Style, Table};
use crate::platform::paper::tree::{NodeId, Role};

/// Between columns.
const GUTTER: Length = points(10);
/// Between a row's text and its rule.
const ROW_PADDING: Length = points(3);
/// No column of prose is narrower.
const NARROWEST: Length = points(60);

/// Where a column stands.
struct Place {
    left: Length,
    width: Length,
    /// How far the words after an amount reach beyond its last digit.
    hang: Length,
}

impl Setter<'_> {
    pub fn table(&mut self, table: &Table) {
        let places = self.places(table);
        let node = self.tree.add(None, Role::Table);
        let head = self.head(table, &places, node);
        let repeats = Rc::new(Strip {
            marks: head.marks.iter().cloned().map(without_node).collect(),
            height: head.height,
            ..Strip::default()
        });
        self.flow.push(Flow::Strip(head));
        for row in &table.rows {
            let row_node = self.tree.add(Some(node), Role::Row);
            let mut strip = self.row(table, row, &places, row_node);
            strip.repeats = Some(Rc::clone(&repeats));
            self.flow.push(Flow::Strip(strip));
        }
    }

    /// Each column gets what its widest cell needs, and one of prose what is left over.
    fn places(&self, table: &Table) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for (number, column) in table.columns.iter().enumerate() {
            let (width, hang) = self.needs(column, number, &table.rows);
            let left = 0;
            places.push(Place { left, width, hang });
        }
        let gutters = GUTTER * Length::try_from(places.len().saturating_sub(1)).unwrap_or(0);
        let needed: Length = places.iter().map(|place| place.width).sum();
        let spare = self.width - gutters - needed;
        let prose = |column: &&Column| column.cell == Cell::Prose;
        let shares = table.columns.iter().filter(prose).count();
        let each = spare / Length::try_from(shares.max(1)).unwrap_or(1);
        let mut left = self.left;
        for (place, column) in places.iter_mut().zip(&table.columns) {
            if column.cell == Cell::Prose {
                place.width += each.max(0);
            }
            place.left = left;
            left += place.width + GUTTER;
        }
        places
    }

    /// How wide a column must be, and how far its amounts' words hang.
    fn needs(&self, column: &Column, number: usize, rows: &[Row]) -> (Length, Length) {
        if column.cell == Cell::Prose {
            return (NARROWEST, 0);
        }
        let cells = || {
            let cell = |row: &'_ Row| row.cells.get(number).map(|cell| (cell.clone(), row.style));
            rows.iter().filter_map(cell)
        };
        let hang = match column.cell {
            Cell::Amount => cells().map(|(text, style)| self.hang(&text, style)).max(),
            Cell::Text | Cell::Prose => None,
        };
        let hang = hang.unwrap_or(0);
        let body = cells().map(|(text, style)| match column.cell {
            Cell::Amount => self.to_last_digit(&text, style) + hang,
            Cell::Text | Cell::Prose => self.faces.width(&text, style),
        });
        // A long heading breaks into two lines rather than widen its column much.
        let heading = self
            .faces
            .width(&column.heading, Style::Strong)
            .min(points(70));
        (body.max().unwrap_or(0).max(heading), hang)
    }

    fn head(&mut self, table: &Table, places: &[Place], node: NodeId) -> Strip {
        let row = self.tree.add(Some(node), Role::Row);
        let mut strip = Strip {
            gap: GAP,
            holds_next: true,
            ..Strip::default()
        };
        for (column, place) in table.columns.iter().zip(places) {
            let cell = self.tree.add(Some(row), Role::ColumnHead);
            let lines = self.faces.wrap(&column.heading, Style::Strong, place.width);
            let mut top = 0;
            for line in lines {
                let used = self.faces.width(line.trim_end(), Style::Strong);
                let left = match column.cell {
                    Cell::Amount => place.left + place.width - used,
                    Cell::Text | Cell::Prose => place.left,
                };
                strip.lines_at(top, &[line], Style::Strong, left, cell);
                top += Style::Strong.line_height();
            }
        }
        strip.height += ROW_PADDING;
        strip.rule(self.left, strip.height, self.width, LINE);
        strip.height += LINE;
        strip
    }

    fn row(&mut self, table: &Table, row: &Row, places: &[Place], node: NodeId) -> Strip {
        let mut strip = Strip {
            height: ROW_PADDING,
            ..Strip::default()
        };
        let empty = String::new();
        for (number, (column, place)) in table.columns.iter().zip(places).enumerate() {
            let text = row.cells.get(number).unwrap_or(&empty);
            let cell = self.tree.add(Some(node), Role::Cell);
            let (left, lines) = match column.cell {
                Cell::Amount => {
                    let edge = place.left + place.width - place.hang;
                    (
                        edge - self.to_last_digit(text, row.style),
                        vec![text.as_str()],
                    )
                }
                Cell::Text | Cell::Prose => {
                    (place.left, self.faces.wrap(text, row.style, place.width))
                }
            };
            strip.lines_at(ROW_PADDING, &lines, row.style, left, cell);
        }
        strip.height += ROW_PADDING;
        strip.rule(self.left, strip.height, self.width, LINE / 2);
        strip.height += LINE / 2;
        strip
    }
}

/// A repeated heading decorates: one who hears the table has heard it.
fn without_node(mut mark: super::Mark) -> super::Mark {
    if let Ink::Text(_, _, node) = &mut mark.ink {
        *node = None;
    }
    mark
}
