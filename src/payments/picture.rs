//! Pictures of what is scanned: QR codes and bar codes as SVG, PNG or characters.
//!
//! A code is a grid of dark and light modules with a quiet zone around it; every picture is
//! drawn from the grid. No text is drawn: whoever shows a code says beside it what it is.

use std::fmt::Write as _;

use barcoders::sym::code128::Code128;
use qrcode::{Color, EcLevel, QrCode};

/// A text has no such code: it is too long, or has a character that the code has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text does not fit this kind of code")]
pub struct Unfit;

/// Dark and light modules, the quiet zone included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    rows: Vec<Vec<bool>>,
    /// How many times a row is drawn: bars are high.
    height: usize,
}

/// The light modules around a QR code (ISO/IEC 18004), and beside a bar code (ISO/IEC 15417).
const QR_QUIET: usize = 4;
const BAR_QUIET: usize = 10;
/// How high bars are, in modules.
const BAR_HEIGHT: usize = 30;
/// How large a module is in a PNG, in pixels.
const PIXELS: usize = 8;

impl Modules {
    /// The QR code of `text`; a fifteenth of it may be soiled.
    pub fn qr(text: &str) -> Result<Self, Unfit> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| Unfit)?;
        let colors = code.to_colors();
        let rows = colors.chunks(code.width()).map(|row| {
            let dark = row.iter().map(|color| *color == Color::Dark);
            quiet(dark, QR_QUIET)
        });
        let blank = || std::iter::repeat_n(vec![false; code.width() + 2 * QR_QUIET], QR_QUIET);
        Ok(Self {
            rows: blank().chain(rows).chain(blank()).collect(),
            height: 1,
        })
    }

    /// The Code 128 bar code of `digits`, two of them to a symbol.
    pub fn bars(digits: &str) -> Result<Self, Unfit> {
        if digits.is_empty() {
            return Err(Unfit);
        }
        // The letter begins the code in set C, that of pairs of digits.
        let code = Code128::new(format!("\u{0106}{digits}")).map_err(|_| Unfit)?;
        let dark = code.encode().into_iter().map(|module| module == 1);
        Ok(Self {
            rows: vec![quiet(dark, BAR_QUIET)],
            height: BAR_HEIGHT,
        })
    }

    fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// As SVG, one unit a module: it is as large as whoever shows it wants.
    #[must_use]
    pub fn svg(&self) -> String {
        let (width, height) = (self.width(), self.rows.len() * self.height);
        let mut path = String::new();
        for (y, row) in self.rows.iter().enumerate() {
            for (x, length) in runs(row) {
                let (y, high) = (y * self.height, self.height);
                // Writing to a String cannot fail.
                let _ = write!(path, "M{x} {y}h{length}v{high}h-{length}z");
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{width}v{height}H0z\"/>\
             <path d=\"{path}\"/></svg>\n"
        )
    }

    /// As PNG, black and white.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let side = |modules: usize| u32::try_from(modules * PIXELS).unwrap_or(u32::MAX);
        let mut bytes = Vec::new();
        let mut picture = png::Encoder::new(
            &mut bytes,
            side(self.width()),
            side(self.rows.len() * self.height),
        );
        picture.set_color(png::ColorType::Grayscale);
        picture.set_depth(png::BitDepth::Eight);
        let mut writer = picture.write_header()?;
        writer.write_image_data(&self.pixels())?;
        writer.finish()?;
        Ok(bytes)
    }

    fn pixels(&self) -> Vec<u8> {
        let mut pixels = Vec::new();
        for row in &self.rows {
            let line = row.iter().flat_map(|dark| {
                let shade = if *dark { 0 } else { u8::MAX };
                std::iter::repeat_n(shade, PIXELS)
            });
            let line: Vec<u8> = line.collect();
            for _ in 0..self.height * PIXELS {
                pixels.extend_from_slice(&line);
            }
        }
        pixels
    }

    /// As characters for a light screen or paper, two rows to a line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let light = vec![false; self.width()];
        for pair in self.rows.chunks(2) {
            let upper = pair.first().unwrap_or(&light);
            let lower = if self.height > 1 {
                upper
            } else {
                pair.get(1).unwrap_or(&light)
            };
            text.extend(upper.iter().zip(lower).map(|halves| match halves {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }));
            text.push('\n');
        }
        text
    }
}

fn quiet(modules: impl Iterator<Item = bool>, zone: usize) -> Vec<bool> {
    let light = || std::iter::repeat_n(false, zone);
    light().chain(modules).chain(light()).collect()
}

/// Where dark modules begin, and how many follow each other.
fn runs(row: &[bool]) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut at = 0;
    for run in row.chunk_by(|one, other| one == other) {
        if run.first() == Some(&true) {
            runs.push((at, run.len()));
        }
        at += run.len();
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_shows_the_same_modules() {
        let code = Modules::qr("RENT").unwrap();
        let side = code.width();
        assert_eq!((side, code.rows.len()), (21 + 8, 21 + 8));
        let text = code.text();
        assert_eq!(text.lines().count(), side.div_ceil(2));
        for (place, line) in text.lines().enumerate() {
            let read: Vec<(bool, bool)> = line
                .chars()
                .map(|letter| (matches!(letter, '█' | '▀'), matches!(letter, '█' | '▄')))
                .collect();
            let upper: Vec<bool> = read.iter().map(|halves| halves.0).collect();
            assert_eq!(upper, code.rows[2 * place], "{place}");
        }
        let dark: usize = code.rows.iter().flatten().filter(|dark| **dark).count();
        let drawn: usize = code
            .rows
            .iter()
            .flat_map(|row| runs(row))
            .map(|run| run.1)
            .sum();
        assert_eq!(drawn, dark);
        let runs: usize = code.rows.iter().map(|row| runs(row).len()).sum();
        assert_eq!(code.svg().matches('M').count() - 1, runs);
    }

    #[test]
    fn a_png_is_black_and_white_and_as_large_as_it_says() {
        for code in [Modules::qr("RENT"), Modules::bars("1000000018")] {
            let code = code.unwrap();
            let bytes = code.png().unwrap();
            let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
                .read_info()
                .unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert_eq!(pixels, code.pixels());
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(Modules::qr(&"9".repeat(8_000)), Err(Unfit));
        for text in ["123", "12a4", ""] {
            assert_eq!(Modules::bars(text), Err(Unfit), "{text:?}");
        }
    }
}
