//! Published text made plain: no markup, no stray characters, one line a line.
//!
//! The English texts break lines with `<br>`, the Chinese with newlines, and links are
//! anchors. What we keep is text only, so nobody downstream has HTML to escape or trust.

/// Where the relative links of the dataset lead.
const PUBLISHER: &str = "https://www.housingauthority.gov.hk";

/// `text` as plain lines: spaces collapsed, invisible characters dropped, no blank line at
/// either end and never two together. A text of dashes alone means there is none.
pub(super) fn plain(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in unmarked(text).split('\n').map(tidy) {
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    let plain = lines.join("\n").trim_end().to_owned();
    let nothing = plain
        .chars()
        .all(|letter| matches!(letter, '-' | '–' | '—'));
    if nothing { String::new() } else { plain }
}

/// One line without what cannot be seen or stored, and with single spaces.
pub(super) fn tidy(line: &str) -> String {
    let visible: String = line
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| !letter.is_control() && !is_invisible(*letter))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Zero-width characters, direction overrides and the byte-order mark.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `text` with `<br>` as a newline and a link as its words and address. Other angle
/// brackets are the publisher's own punctuation and stay.
fn unmarked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut link: Option<String> = None;
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('<') {
        out.push_str(before);
        let Some((tag, after)) = tail.split_once('>') else {
            rest = tail;
            out.push('<');
            continue;
        };
        let word = tag.trim().trim_end_matches('/').trim_end();
        if word.eq_ignore_ascii_case("br") {
            out.push('\n');
        } else if word.eq_ignore_ascii_case("/a") {
            if let Some(address) = link.take() {
                out.push_str(" (");
                out.push_str(&address);
                out.push(')');
            }
        } else if let Some(attributes) = word.strip_prefix("a ") {
            link = address(attributes);
        } else {
            out.push('<');
            rest = tail;
            continue;
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where an anchor leads, when that is the web.
fn address(attributes: &str) -> Option<String> {
    let (_, value) = attributes.split_once("href=\"")?;
    let (address, _) = value.split_once('"')?;
    if address.starts_with("https://") || address.starts_with("http://") {
        Some(address.to_owned())
    } else if address.starts_with('/') {
        Some(format!("{PUBLISHER}{address}"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_lines_in_every_language() {
        for (published, expected) in [
            ("A  House <br>B House<BR/>", "A House\nB House"),
            ("甲樓 \n乙樓\n\n\n\n丙樓\n", "甲樓\n乙樓\n\n丙樓"),
            ("\t房屋署\u{a0}\u{3000}辦事處\u{200b}", "房屋署 辦事處"),
            ("a\u{0}b\u{202e}c", "abc"),
            ("1\u{2009}200", "1 200"),
            ("-", ""),
            ("--", ""),
            ("<br><br>", ""),
            ("<由業主立案法團委派> x", "<由業主立案法團委派> x"),
            ("1 < 2", "1 < 2"),
            ("a <", "a <"),
            ("<<br>>", "<\n>"),
        ] {
            assert_eq!(plain(published), expected, "{published:?}");
        }
    }

    #[test]
    fn a_link_is_its_words_and_where_it_leads() {
        for (published, expected) in [
            (
                r#"<a href="/en/x.pdf"target="_blank">Access </a>"#,
                "Access (https://www.housingauthority.gov.hk/en/x.pdf)",
            ),
            (
                r#"<a href="https://example.org/">Shop</a><br>x"#,
                "Shop (https://example.org/)\nx",
            ),
            (r#"<a href="javascript:alert(1)">Access</a>"#, "Access"),
            ("<a name=x>Access</a>", "Access"),
        ] {
            assert_eq!(plain(published), expected);
        }
    }
}
