//! What a thief of the database or a reader of the logs finds: nobody.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use kaifong::kernel::hkid::Hkid;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::{house, joining, member, members, person, searching, start_with_household};
use crate::support::Call;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every form in which a text may have slipped out, in the hexadecimal of a dump too.
fn forms(text: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
    let (big5, _, unmapped) = encoding_rs::BIG5.encode(text);
    let mut plain: Vec<Vec<u8>> = vec![
        text.as_bytes().to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    if !unmapped {
        plain.push(big5.into_owned());
    }
    plain.push(STANDARD_NO_PAD.encode(text).into_bytes());
    let hex = |bytes: &Vec<u8>| {
        bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    };
    let hexed: Vec<Vec<u8>> = plain.iter().map(|bytes| hex(bytes).into_bytes()).collect();
    plain.extend(hexed);
    plain
}

#[actix_web::test]
async fn neither_the_dump_nor_the_logs_tell_who_anybody_is() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (app, mut conn, home) = start_with_household().await;
    let mut planted = vec![
        "A1234563".to_owned(),
        "A123456(3)".to_owned(),
        "CHAN Tai Man".to_owned(),
        "陳大文".to_owned(),
    ];
    let mut code = home.code;
    for number in 0..1_000_u32 {
        if number % 25 == 0 {
            (code, _) = house(&app, &mut conn).await;
        }
        let hkid = Hkid::of("K", 104_729_u32.wrapping_mul(number + 7) % 1_000_000).unwrap();
        let (zh, en) = (
            format!("龐{}", char::from_u32(0x5000 + number).unwrap()),
            format!("PONG Planted {}", letters(number)),
        );
        // Fifteen digits: eight of them would turn up in the hexadecimal of any dump this long.
        let phone = format!("447{:012}", u64::from(number + 11) * 918_273_645);
        let mut one = person(&en, &hkid.printed());
        one["name_zh"] = json!(format!("{zh}植"));
        one["phone"] = json!(format!("+{phone}"));
        one["email"] = json!(format!("planted{number}@example.com"));
        let role = if number % 25 == 0 {
            "head"
        } else {
            "authorised_member"
        };
        app.send(joining(code, &format!("p{number}"), member(&one, role)))
            .await
            .expect(201);
        planted.extend([
            hkid.reveal().to_owned(),
            hkid.printed(),
            en,
            format!("{zh}植"),
            phone,
        ]);
        planted.push(format!("planted{number}@example.com"));
    }
    // Readings, refusals and a failure of the database.
    app.send(members(code)).await.expect(200);
    app.send(searching(json!({ "name_zh": "陳大" })))
        .await
        .expect(200);
    app.send(searching(
        json!({ "document": { "kind": "hkid", "number": planted[4] } }),
    ))
    .await
    .expect(200);
    let taken = member(&person("PONG Planted A", "A123456(3)"), "head");
    app.send(joining(code, "taken", taken)).await;
    let unmask =
        json!({ "fields": ["document", "name_en"], "reason": "emergency", "note": "CHAN Tai Man" });
    let path = format!("/v1/people/{}/unmask", home.head);
    app.send(Call::post(&path).scope("people:unmask").json(unmask))
        .await
        .expect(200);
    kaifong::platform::db::execute(&mut conn, "ALTER TABLE membership RENAME TO gone").unwrap();
    let broken = member(&person("CHAN Tai Man", "G123456(A)"), "head");
    app.send(joining(code, "broken", broken)).await.expect(500);
    kaifong::platform::db::execute(&mut conn, "ALTER TABLE gone RENAME TO membership").unwrap();

    let folder = std::env::var_os("KAIFONG_PG_BIN")
        .map(PathBuf::from)
        .unwrap_or_default();
    let dump = Command::new(folder.join("pg_dump"))
        .args(["--data-only", "--dbname", app.database.url()])
        .output()
        .unwrap();
    assert!(dump.status.success() && dump.stdout.len() > 1_000_000);
    // What this thread logged; beside other tests that may be nothing.
    let logs = captured.0.lock().unwrap().clone();
    let needles: Vec<Vec<u8>> = planted.iter().flat_map(|text| forms(text)).collect();
    let searcher = aho_corasick::AhoCorasick::new(&needles).unwrap();
    for (name, haystack) in [("dump", dump.stdout), ("logs", logs)] {
        if let Some(found) = searcher.find(&haystack) {
            let needle = String::from_utf8_lossy(&needles[found.pattern().as_usize()]).into_owned();
            let around =
                &haystack[found.start().saturating_sub(80)..(found.end() + 40).min(haystack.len())];
            panic!(
                "the {name} has {needle:?}: {}",
                String::from_utf8_lossy(around)
            );
        }
    }
    // The search itself finds what is there.
    assert!(searcher.is_match(b"...PONG Planted A..."));
}

/// A number in letters: names have no digits.
fn letters(mut number: u32) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'A' + u8::try_from(number % 26).unwrap()));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}
