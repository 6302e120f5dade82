//! The report as a chart (SVG): two bars a category, each with its figure beside it.
//!
//! * What is seen is also said: title and description hold every figure, for those who have it read
//!   to them.
//! * Nothing is told by colour alone: one bar is plain, the other hatched, and both are labelled.

use std::fmt::Write as _;

use super::model::Shares;
use super::words;
use crate::kernel::language::Language;
use crate::rent::{Words, hkd};

const WIDTH: usize = 760;
/// Where bars begin, and how long one of 100% is.
const LEFT: usize = 190;
const LONGEST: usize = 480;
/// Where the first category begins, and how high each is.
const TOP: usize = 84;
const HEIGHT: usize = 58;
const BAR: usize = 20;

/// The chart of `shares`.
pub fn svg(shares: &Shares, language: Language) -> String {
    let height = TOP + HEIGHT * shares.categories.len() + 34;
    let month = Words(language).month(shares.month);
    let title = words::title(&month, language);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\" \
         xml:lang=\"{}\" font-family=\"sans-serif\" font-size=\"15\" fill=\"#111\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <defs><pattern id=\"hatched\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fff\"/>\
         <rect width=\"3\" height=\"6\" fill=\"#1f4e79\"/></pattern></defs>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"30\" font-size=\"19\" font-weight=\"bold\">{}</text>\n",
        language.tag(),
        escaped(&title),
        escaped(&description(shares, language)),
        escaped(&title),
    );
    legend(&mut text, language);
    for (place, one) in shares.categories.iter().enumerate() {
        let y = TOP + HEIGHT * place;
        let name = escaped(words::of_category(one.category, language));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>",
            LEFT - 12,
            y + BAR + 6
        );
        bar(&mut text, y, one.part.amount_share, "#1f4e79");
        bar(
            &mut text,
            y + BAR + 2,
            one.part.payments_share,
            "url(#hatched)",
        );
    }
    let all = words::total(&shares.all, &hkd(shares.all.amount), language);
    let _ = write!(
        text,
        "<text x=\"{LEFT}\" y=\"{}\">{}</text>\n</svg>\n",
        height - 14,
        escaped(&all)
    );
    text
}

fn legend(text: &mut String, language: Language) {
    for (x, fill, word) in [
        (LEFT, "#1f4e79", words::by_amount(language)),
        (LEFT + 240, "url(#hatched)", words::by_payments(language)),
    ] {
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"46\" width=\"26\" height=\"14\" fill=\"{fill}\" \
             stroke=\"#1f4e79\"/><text x=\"{}\" y=\"58\">{}</text>",
            x + 34,
            escaped(word)
        );
    }
}

/// A bar of so many tenths of a per cent, and its figure.
fn bar(text: &mut String, y: usize, share: u16, fill: &str) {
    let long = LONGEST * usize::from(share) / 1_000;
    let _ = writeln!(
        text,
        "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{long}\" height=\"{BAR}\" fill=\"{fill}\" \
         stroke=\"#1f4e79\"/><text x=\"{}\" y=\"{}\">{}</text>",
        LEFT + long + 8,
        y + 15,
        words::percent(share)
    );
}

/// All of it in words.
fn description(shares: &Shares, language: Language) -> String {
    let mut sentences: Vec<String> = shares
        .categories
        .iter()
        .map(|one| {
            let name = words::of_category(one.category, language);
            words::sentence(name, &one.part, language)
        })
        .collect();
    let electronic = words::electronic(language);
    sentences.push(words::sentence(electronic, &shares.electronic, language));
    words::joined(&sentences, language)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
