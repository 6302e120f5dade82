//! What nobody sends but an enemy, or a line that broke.

use std::io::{self, BufReader, Read};

use crate::payments::files::tests::{STATEMENT_2, assert_refused, now, read_all};
use crate::payments::files::{FileError, Refusal, read};

#[test]
fn a_document_type_is_refused_before_anything_of_it_is_read() {
    let laughs = "<!DOCTYPE lolz [\n<!ENTITY a \"ha\">\n<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\n\
                  <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">\n]>\n<Document";
    let outside = "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<Document";
    for doctype in [laughs, outside, "<!DOCTYPE Document>\n<Document"] {
        assert_refused(
            STATEMENT_2,
            ("<Document", doctype),
            (2, 1),
            "a document type",
        );
    }
}

#[test]
fn only_the_five_entities_and_characters_are_known() {
    let text = STATEMENT_2.replacen("NOV 2026", "&lt;&gt;&quot;&apos;&amp;&#65;&#x90A8;", 1);
    assert!(read_all(text.as_bytes()).is_ok());
    for (word, what) in [
        ("&lol;", "one of &amp;"),
        ("&#xD800;", "one of &amp;"),
        ("&#0;", "one of &amp;"),
        ("&#7;", "a control character"),
        ("\u{7}", "a control character"),
        ("& ", "well-formed"),
    ] {
        let text = STATEMENT_2.replacen("NOV 2026", word, 1);
        let refusal = read_all(text.as_bytes()).unwrap_err();
        assert_eq!(refusal.line, 62, "{word:?}: {refusal}");
        assert!(refusal.what.contains(what), "{word:?}: {refusal}");
    }
}

#[test]
fn elements_in_elements_in_elements_are_refused() {
    let deep = format!("<GrpHdr>{}", "<x>".repeat(100_000));
    assert_refused(STATEMENT_2, ("<GrpHdr>", &deep), (4, 100), "not so deep");
    let name = format!("<GrpHdr><{}/>", "x".repeat(65));
    assert_refused(STATEMENT_2, ("<GrpHdr>", &name), (4, 13), "short names");
    let many: Vec<String> = (0..17).map(|number| format!(" a{number}=\"\"")).collect();
    let many = many.concat();
    assert_refused(
        STATEMENT_2,
        ("<GrpHdr>", &format!("<GrpHdr{many}>")),
        (4, 5),
        "16 attributes",
    );
    let twice = "<GrpHdr a=\"\" a=\"\">";
    assert_refused(STATEMENT_2, ("<GrpHdr>", twice), (4, 5), "16 attributes");
    let remittance = format!("<Ustrd>{}", "x".repeat(3_000));
    assert_refused(
        STATEMENT_2,
        ("<Ustrd>", &remittance),
        (62, 28),
        "2048 bytes",
    );
}

/// A golden statement up to some text, and from there on the same without end.
struct Endless {
    head: Vec<u8>,
    tail: &'static [u8],
    given: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let tail = self.tail.iter().cycle();
        let left = self.head.iter().skip(self.given);
        let ahead = self.given.saturating_sub(self.head.len()) % self.tail.len().max(1);
        let bytes = left.chain(tail.skip(ahead));
        buffer
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        self.given += buffer.len();
        Ok(buffer.len())
    }
}

/// Nothing without end is waited for: it is refused when some of it came.
#[test]
fn what_has_no_end_is_refused_in_time() {
    let long = "less than 65536 bytes";
    for (until, begun, tail, what) in [
        ("<GrpHdr>", "", &b" "[..], long),
        ("<MsgId>", "", b"x", long),
        ("<MsgId>", "", b"&#65;", long),
        ("<MsgId>", "", b"<![CDATA[x]]>", long),
        ("<GrpHdr", "", b" a", long),
        ("<Amt Ccy=\"", "", b"x", long),
        ("<GrpHdr>", "<", b"x", long),
        ("<GrpHdr>", "</", b"x", long),
        ("<GrpHdr>", "<!--", b"x", long),
        ("<GrpHdr>", "<?", b"x", long),
        ("<GrpHdr>", "<![CDATA[", b"x", long),
        ("<GrpHdr>", "<!DOCTYPE ", b"x", long),
        ("<GrpHdr>", "&", b"x", long),
        ("<GrpHdr>", "", b"<x>", "not so deep"),
        ("<RmtInf>", "", b"<Ustrd>1</Ustrd>", "2048 bytes"),
    ] {
        let end = STATEMENT_2.find(until).unwrap() + until.len();
        let mut source = Endless {
            head: [&STATEMENT_2[..end], begun].concat().into_bytes(),
            tail,
            given: 0,
        };
        let refusal = refused(BufReader::new(&mut source));
        let told = format!("{until}{begun}: {refusal}");
        assert!(refusal.what.contains(what), "{told}");
        assert!(source.given < 1_000_000, "{told}: {}", source.given);
    }
}

fn refused(source: BufReader<&mut Endless>) -> Refusal {
    match read(source, now(), |_| Ok::<_, FileError>(())) {
        Err(FileError::Refused(refusal)) => refusal,
        Err(FileError::Io(error)) => panic!("{error}"),
        Ok(_) => panic!("what has no end was read"),
    }
}

#[test]
fn a_message_cut_anywhere_is_refused() {
    let end = STATEMENT_2.trim_end().len();
    for cut in (1..end).step_by(7) {
        let refusal = read_all(&STATEMENT_2.as_bytes()[..cut]).unwrap_err();
        let known = ["ends within", "a message was", "was expected"];
        assert!(
            known.iter().any(|what| refusal.what.contains(what)),
            "{cut}: {refusal}"
        );
    }
}

#[test]
fn two_messages_are_not_one() {
    let bare = STATEMENT_2.split_once('\n').unwrap().1;
    for (second, what) in [
        (STATEMENT_2, "a second beginning"),
        (bare, "goes on after its end"),
        ("x", "goes on after its end"),
        ("&amp;", "goes on after its end"),
        ("</Document>", "well-formed"),
    ] {
        let text = [STATEMENT_2, second].concat();
        let refusal = read_all(text.as_bytes()).unwrap_err();
        assert_eq!((refusal.line, refusal.column), (96, 1), "{refusal}");
        assert!(refusal.what.contains(what), "{refusal}");
    }
}

#[test]
fn other_characters_than_utf8_are_refused_where_they_are() {
    let at = STATEMENT_2.find("NOV 2026").unwrap();
    let mut bytes = STATEMENT_2.as_bytes().to_vec();
    bytes[at] = 0xA4;
    let refusal = read_all(&bytes).unwrap_err();
    assert_eq!(refusal.line, 62, "{refusal}");
    assert!(refusal.what.contains("no UTF-8"), "{refusal}");
}
