//! Files to the bank, from order to bytes.

use kaifong::app;
use kaifong::kernel::clock::Clock;
use kaifong::platform::crypto::{hex, sha256};
use kaifong::platform::vault::{KeyClass, Outcome, Progress, Rotation, rotate};
use serde_json::json;

use super::{payer, propose, start_with, verify};
use crate::support::count;

#[actix_web::test]
async fn an_fps_file_is_xml_with_the_sum_of_its_debits() {
    let (app, codes) = start_with(2).await;
    let mut body = payer("fps_debit", "012-345678-901");
    body["holder"] = json!("LEE & SONS <HK>");
    let proposed = app.send(propose(codes[0], "k", body)).await.expect(201);
    app.send(verify(&proposed)).await.expect(200);
    app.mandate(codes[1], "autopay").await;

    let released = app.released("2026-12", "fps_debit").await;
    assert_eq!(
        (&released["lines"], &released["file"]),
        (&json!(1), &json!("ED20261201.xml"))
    );
    let file = app.file(&released).await;
    assert_eq!(file.header("content-type"), "application/xml");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"ED20261201.xml\""
    );
    assert!(file.header("content-digest").starts_with("sha-256=:"));
    assert_eq!(hex(&sha256(&[&file.bytes])), released["sha256"]);
    let text = String::from_utf8(file.bytes).unwrap();
    let sum = format!(
        "<CtrlSum>{}</CtrlSum>",
        released["amount"].as_str().unwrap()
    );
    for part in [
        "<MsgId>ED20261201</MsgId>",
        sum.as_str(),
        "<ReqdColltnDt>2026-12-01</ReqdColltnDt>",
        "<MndtId>DDA-1</MndtId>",
        "<Nm>LEE &amp; SONS &lt;HK&gt;</Nm>",
        "<Id>012345678901</Id>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("<DrctDbtTxInf>").count(), 1);
}

/// What a bank may read by machine is read back by another reader than our own writer.
#[actix_web::test]
async fn the_autopay_file_says_how_many_and_how_much() {
    let (app, codes) = start_with(3).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let released = app.released("2026-12", "autopay").await;
    let file = String::from_utf8(app.file(&released).await.bytes).unwrap();
    let rows: Vec<&str> = file.split_terminator("\r\n").collect();
    assert_eq!(&rows[0][64..71], "0000003");
    let cents = |field: &str| field.parse::<i64>().unwrap();
    let said = cents(&rows[0][71..88]);
    let found: i64 = rows[1..].iter().map(|row| cents(&row[43..60])).sum();
    assert_eq!(said, found);
    let whole = released["amount"].as_str().unwrap().replace('.', "");
    assert_eq!(found, cents(&whole));
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let told: Vec<&str> = rows[1..].iter().map(|row| row[60..95].trim_end()).collect();
    assert_eq!(told, codes);
}

/// Nobody watches.
struct Quiet;

impl Progress for Quiet {
    fn at(&self, _: &'static str, _: i64, _: i64) {}
}

#[actix_web::test]
async fn a_change_of_keys_changes_no_byte() {
    let (app, codes) = start_with(2).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let released = app.released("2026-11", "autopay").await;
    let before = app.file(&released).await.bytes;
    let vault = app.database.vault(app.clock.now());
    let rotation = Rotation {
        class: KeyClass::Finance,
        columns: &app::sealed_columns(),
        retire: true,
        now: app.clock.now(),
    };
    let done = rotate(app.database.url(), &vault, &rotation, &Quiet);
    assert_eq!(done.unwrap(), Outcome::Done);
    let old = "data_key WHERE class = 'finance' AND version = 1 AND wrapped <> ''";
    assert_eq!(count(&mut app.database.connect(), old), 0);
    assert_eq!(app.file(&released).await.bytes, before);
    // The accounts open too: the next file has them.
    let next = app.released("2026-12", "autopay").await;
    let file = String::from_utf8(app.file(&next).await.bytes).unwrap();
    assert_eq!(file.matches("123456789001").count(), 2);
}
