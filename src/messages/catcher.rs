//! A mail server and a gateway of our own, for development and tests: they take whatever comes,
//! and send nothing on. They listen where nobody else is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

/// Whoever says nothing for so long is cut off.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest line, and the longest letter, that is read.
const LONGEST: u64 = 256 * 1024;

/// What was caught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caught {
    pub medium: String,
    /// What a repetition is known by.
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// What is done with what comes.
pub trait Catch: Send + Sync {
    /// Whether nothing is taken for the address `to`.
    fn refuses(&self, to: &str) -> bool;
    fn caught(&self, caught: Caught);
}

/// Catches e-mail that comes to `listener`, for good.
pub fn catch_mail(listener: &TcpListener, catch: &Arc<dyn Catch>) {
    each(listener, catch, |stream, catch| {
        receive_mail(&stream, catch)
    });
}

/// Catches what a gateway is given that comes to `listener`, for good.
pub fn catch_messages(listener: &TcpListener, catch: &Arc<dyn Catch>) {
    each(listener, catch, |stream, catch| {
        receive_message(&stream, catch)
    });
}

fn each(
    listener: &TcpListener,
    catch: &Arc<dyn Catch>,
    receive: fn(TcpStream, &dyn Catch) -> std::io::Result<()>,
) {
    for stream in listener.incoming().flatten() {
        let catch = Arc::clone(catch);
        std::thread::spawn(move || {
            let patient = stream.set_read_timeout(Some(PATIENCE));
            // Whoever hangs up has said enough.
            let _ = patient.and_then(|()| receive(stream, &*catch));
        });
    }
}

/// One conversation of SMTP (RFC 5321).
fn receive_mail(stream: &TcpStream, catch: &dyn Catch) -> std::io::Result<()> {
    let (mut lines, mut out) = (BufReader::new(stream), stream);
    out.write_all(b"220 catcher\r\n")?;
    let mut to = String::new();
    while let Some(said) = line(&mut lines)? {
        let verb = said.get(..4).unwrap_or(&said).to_ascii_uppercase();
        let answer = match verb.as_str() {
            "RCPT" => {
                let address = said.split(['<', '>']).nth(1).unwrap_or_default();
                address.clone_into(&mut to);
                if catch.refuses(address) {
                    // As real ones do, it says whom it means.
                    format!("550 <{address}> is not here")
                } else {
                    "250 go on".to_owned()
                }
            }
            "DATA" => {
                out.write_all(b"354 end with a dot\r\n")?;
                let mut letter = Vec::new();
                while let Some(said) = line(&mut lines)?.filter(|said| said != ".") {
                    // A dot in front is doubled on its way.
                    letter.push(said.strip_prefix('.').map_or(said.clone(), str::to_owned));
                }
                catch.caught(read_letter(&to, &letter));
                "250 caught".to_owned()
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "250 go on".to_owned(),
        };
        out.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}

fn line(lines: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut said = String::new();
    let read = lines.take(LONGEST).read_line(&mut said)?;
    Ok((read > 0).then(|| said.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A letter as our own program writes it: folded headers, and a body in Base64.
fn read_letter(to: &str, lines: &[String]) -> Caught {
    let mut headers: Vec<String> = Vec::new();
    let mut rest = lines.iter();
    for line in rest.by_ref().take_while(|line| !line.is_empty()) {
        match headers.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => headers.push(line.clone()),
        }
    }
    let header = |name: &str| {
        let mut found = headers.iter().filter_map(|header| {
            let (named, value) = header.split_once(':')?;
            named.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        found.next().unwrap_or_default().to_owned()
    };
    let body: String = rest.map(String::as_str).collect();
    Caught {
        medium: "email".to_owned(),
        id: header("Message-ID"),
        to: to.to_owned(),
        subject: unfolded(&header("Subject")),
        text: decoded(&body).unwrap_or(body),
    }
}

/// A header as it was meant: of its words some are encoded, and what is between two of those is
/// nothing (RFC 2047).
fn unfolded(header: &str) -> String {
    let (mut text, mut after_encoded) = (String::new(), true);
    for word in header.split_whitespace() {
        let encoded = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|word| word.strip_suffix("?="))
            .and_then(decoded);
        let is_glued = after_encoded && encoded.is_some();
        if !is_glued && !text.is_empty() {
            text.push(' ');
        }
        after_encoded = encoded.is_some();
        text.push_str(encoded.as_deref().unwrap_or(word));
    }
    text
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

/// One `POST` of JSON.
fn receive_message(stream: &TcpStream, catch: &dyn Catch) -> std::io::Result<()> {
    let (mut lines, mut out) = (BufReader::new(stream), stream);
    let (mut length, mut key) = (0_u64, String::new());
    while let Some(head) = line(&mut lines)?.filter(|head| !head.is_empty()) {
        let (name, value) = head.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            "idempotency-key" => value.trim().clone_into(&mut key),
            _ => {}
        }
    }
    let mut body = Vec::new();
    lines.take(length.min(LONGEST)).read_to_end(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let field = |name: &str| {
        let value = body.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let caught = Caught {
        medium: field("medium"),
        id: key.clone(),
        to: field("to"),
        subject: field("title"),
        text: field("text"),
    };
    let (status, answer) = if catch.refuses(&caught.to) {
        ("422 Unprocessable Content", json!({}))
    } else {
        catch.caught(caught);
        (
            "202 Accepted",
            json!({ "receipt": format!("caught {key}") }),
        )
    };
    let answer = answer.to_string();
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{answer}",
        answer.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_with_its_folded_and_encoded_headers() {
        let lines = [
            "Message-ID: <a@b.hk>",
            "Subject: =?utf-8?b?5bey5pS25Yiw56ef6YeR?=",
            " Rent received",
            "",
            "56ef6YeR",
        ];
        let caught = read_letter("c@d.hk", &lines.map(str::to_owned));
        assert_eq!(caught.id, "<a@b.hk>");
        assert_eq!(caught.to, "c@d.hk");
        assert_eq!(caught.subject, "已收到租金 Rent received");
        assert_eq!(caught.text, "租金");
        let two = "Rent =?utf-8?b?56ef?= =?utf-8?b?6YeR?= of May";
        assert_eq!(unfolded(two), "Rent 租金 of May");
    }
}
