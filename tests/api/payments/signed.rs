//! Settlement files of channels that sign them.

use std::fs;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use kaifong::kernel::clock::{Clock, SystemClock, hong_kong_date};
use kaifong::payments::files::{Characters, Line, write};
use kaifong::payments::{Channel, PaymentError};
use kaifong::platform::auth::signed_file;
use kaifong::platform::auth::signed_request::Headers;
use kaifong::platform::crypto::{hex, sha256};
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::notices::Program;
use super::office::{Office, file, line};
use crate::support::{Call, count, start, world};

/// From `day` on the stores' files are signed.
fn must_sign(conn: &mut PgConnection, day: &str) {
    let signs = format!(
        "RESET ROLE; UPDATE payment_channel SET valid_to = date '{day}' - 1 WHERE channel = 'store'; \
         INSERT INTO payment_channel (channel, working_days_only, lead_days, at_most, payee_name, \
             signs, valid_from, recorded_at, source, assumed) \
         VALUES ('store', false, 3, 5000, 'HK Housing Authority', true, '{day}', now(), 'a test', true)"
    );
    execute(conn, &signs).unwrap();
}

fn signature(program: &Program, bytes: &[u8], now: DateTime<Utc>) -> Headers {
    let id = program.id.to_string();
    signed_file::sign(&sha256(&[bytes]), &id, now, |base| program.key.sign(base))
}

fn bring(bytes: &[u8], signature: Option<&Headers>) -> Call {
    let call = Call::post("/v1/payment-files?name=takings.txt").scope("payment-file:write");
    let call = match signature {
        Some(signed) => call
            .header("Content-Digest", &signed.content_digest)
            .header("Signature-Input", &signed.signature_input)
            .header("Signature", &signed.signature),
        None => call,
    };
    call.bytes(bytes)
}

fn takings(number: u32, reference: &str, account: &impl ToString) -> Vec<u8> {
    file(
        Channel::Store,
        number,
        &[line(1, reference, account, "10.00")],
    )
}

#[actix_web::test]
async fn a_file_of_a_channel_that_signs_is_taken_signed_and_says_by_which_key() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let conn = &mut app.database.connect();
    let stores = Program::of(conn);
    let now = app.clock.now();
    let told = |id: &Value| {
        let path = format!("/v1/payment-files/{}", id.as_str().unwrap());
        app.send(Call::get(&path).scope("payment-file:read"))
    };
    // Nobody must sign, and one who does not is taken.
    let bytes = takings(1, "S-1", &code);
    let brought = app.send(bring(&bytes, None)).await.expect(201);
    assert_eq!(
        told(&brought["id"]).await.expect(200)["signature"],
        Value::Null
    );

    must_sign(conn, "2026-11-01");
    let terms = Call::get("/v1/payment-channels?channel=store&on=2026-11-20");
    assert_eq!(app.send(terms).await.expect(200)[0]["signs"], true);
    let bytes = takings(2, "S-2", &code);
    let signed = signature(&stores, &bytes, now);
    let brought = app.send(bring(&bytes, Some(&signed))).await.expect(201);
    let shown = told(&brought["id"]).await.expect(200)["signature"].clone();
    let jwk = format!(
        r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(stores.key.public())
    );
    assert_eq!(
        shown,
        json!({
            "client": stores.id, "key": URL_SAFE_NO_PAD.encode(sha256(&[jwk.as_bytes()])),
            "signed_at": "2026-11-20T12:00:00Z", "signature_input": signed.signature_input,
            "signature": signed.signature,
        })
    );
    app.work();
    let entered = "payment WHERE reference IN ('S-1', 'S-2')";
    assert_eq!(count(conn, entered), 2);
    // It is the same file whenever it comes, and once it is known its signature adds nothing.
    app.clock.set("2026-11-27T12:00:00Z");
    let again = app.send(bring(&bytes, Some(&signed))).await.expect(200);
    assert_eq!(again["id"], brought["id"]);
    assert_eq!(count(conn, "payment_file_signature"), 1);
    // A wrong one is refused even so.
    let wrong = signature(&stores, b"H|", now);
    let refused = app.send(bring(&bytes, Some(&wrong))).await;
    assert_eq!(refused.problem(), "file-signature-refused");
}

#[actix_web::test]
async fn a_file_whose_signature_does_not_hold_is_refused_kept_and_recorded() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let conn = &mut app.database.connect();
    let (stores, pps) = (Program::of(conn), Program::speaking_for(conn, "pps"));
    let suspended = Program::of(conn);
    let unknown = Program {
        id: uuid::Uuid::new_v4(),
        ..Program::of(conn)
    };
    let suspend = format!(
        "UPDATE client SET state = 'suspended' WHERE id = '{}'",
        suspended.id
    );
    execute(conn, &format!("RESET ROLE; {suspend}")).unwrap();
    must_sign(conn, "2026-11-01");
    let now = app.clock.now();
    let bytes = takings(1, "S-1", &code);
    let good = signature(&stores, &bytes, now);
    let without = |field: &str| {
        let mut partly = good.clone();
        match field {
            "digest" => partly.content_digest.clear(),
            "input" => partly.signature_input.clear(),
            _ => partly.signature.clear(),
        }
        partly
    };
    let as_stores = Headers {
        signature_input: signature(&pps, &bytes, now)
            .signature_input
            .replace(&pps.id.to_string(), &stores.id.to_string()),
        ..signature(&pps, &bytes, now)
    };
    let cases = [
        (
            "none",
            None,
            "line 1 of the signature, Content-Digest: the channel signs",
        ),
        (
            "another file's",
            Some(signature(&stores, b"H|", now)),
            "line 1 of",
        ),
        (
            "another channel's",
            Some(signature(&pps, &bytes, now)),
            "line 2 of",
        ),
        (
            "a suspended program's",
            Some(signature(&suspended, &bytes, now)),
            "line 2 of",
        ),
        (
            "an unknown program's",
            Some(signature(&unknown, &bytes, now)),
            "line 2 of",
        ),
        ("another key's", Some(as_stores), "line 3 of"),
        (
            "of tomorrow",
            Some(signature(&stores, &bytes, now + TimeDelta::days(1))),
            "line 2 of",
        ),
        ("no digest", Some(without("digest")), "line 1 of"),
        ("no input", Some(without("input")), "line 2 of"),
        ("no signature", Some(without("signature")), "line 3 of"),
    ];
    let tried = cases.len();
    for (name, signed, said) in cases {
        let refused = app.send(bring(&bytes, signed.as_ref())).await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem()),
            (422, "file-signature-refused"),
            "{name}"
        );
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(
            detail.starts_with(said) && detail.ends_with("; ask the channel to sign the file anew"),
            "{name}: {detail}"
        );
    }
    for table in [
        "payment_file",
        "payment_line",
        "payment",
        "payment_file_signature",
    ] {
        assert_eq!(count(conn, table), 0, "{table}");
    }
    // What came is there for whoever asks the channel about it.
    let name = hex(&sha256(&[&bytes]));
    let kept = app.database.folder().join("payment-files").join(&name);
    assert!(kept.exists());
    let recorded = format!(
        "audit_entry WHERE action = 'payments.file.signature_refused' AND subject = '{name}'"
    );
    assert_eq!(count(conn, &recorded), i64::try_from(tried).unwrap());
    // Signed as it should be, it is taken after all.
    app.send(bring(&bytes, Some(&good))).await.expect(201);
}

#[actix_web::test]
async fn nobody_gets_round_signing_by_an_old_date() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let conn = &mut app.database.connect();
    must_sign(conn, "2026-11-20");
    let of = |day: &str, number| {
        let lines = [Line {
            instructed_at: "2026-11-10T02:00:00Z".parse().unwrap(),
            ..line(1, &format!("S-{number}"), &code, "10.00")
        }];
        let header = (Channel::Store, day.parse().unwrap(), number);
        write(header, Characters::Utf8, &lines).unwrap()
    };
    // Of a day on which nobody signed: it comes today.
    let refused = app.send(bring(&of("2026-11-10", 1), None)).await;
    assert_eq!(refused.problem(), "file-signature-refused");
    // The day before it was not asked for yet.
    app.clock.set("2026-11-19T12:00:00Z");
    app.send(bring(&of("2026-11-10", 1), None))
        .await
        .expect(201);
}

#[test]
fn the_signature_beside_a_file_is_looked_at() {
    let office = Office::open();
    let conn = &mut office.database.connect();
    let stores = Program::of(conn);
    must_sign(conn, "2026-11-01");
    let bytes = takings(1, "S-1", &office.codes[0]);
    let beside = office.database.folder().join("takings.txt.sig");
    let refused = |text: Option<&str>| {
        match text {
            Some(text) => fs::write(&beside, text).unwrap(),
            None => drop(fs::remove_file(&beside)),
        }
        let error = office.receive("takings.txt", &bytes).unwrap_err();
        assert!(matches!(error, PaymentError::Signature(_)), "{error}");
        error.to_string()
    };
    assert!(refused(None).starts_with("line 1 of the signature"));
    assert!(refused(Some("")).starts_with("line 1 of the signature"));
    let good = signed_file::write(&signature(&stores, &bytes, office.now));
    let other = good.replace("Signature: sig=:", "Signature: sig=:AAAA");
    assert!(refused(Some(&other)).starts_with("line 3 of the signature"));
    assert_eq!(office.count("payment_file"), 0);
    let recorded = "audit_entry WHERE action = 'payments.file.signature_refused'";
    assert_eq!(office.count(recorded), 3);
    fs::write(&beside, good).unwrap();
    let (taken, is_new) = office.receive("takings.txt", &bytes).unwrap();
    assert!(is_new);
    let kept = format!(
        "payment_file_signature WHERE file = '{}' AND client = '{}'",
        taken.id, stores.id
    );
    assert_eq!(office.count(&kept), 1);
}

/// Runs the program beside the office's database.
fn kaifong(office: &Office, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kaifong"))
        .args(words)
        .env("KAIFONG_DATABASE_URL", office.database.url())
        .env("KAIFONG_ROOT_KEY", office.database.root_key())
        .env("KAIFONG_DATA_DIR", office.database.folder())
        .output()
        .unwrap()
}

#[test]
fn what_the_command_line_signs_it_takes_in() {
    let office = Office::open();
    let conn = &mut office.database.connect();
    let client = Program::of(conn).id;
    let yesterday = SystemClock.now() - TimeDelta::days(1);
    let lines = [Line {
        instructed_at: yesterday,
        ..line(1, "S-1", &office.codes[0], "10.00")
    }];
    let header = (Channel::Store, hong_kong_date(yesterday), 1);
    let bytes = write(header, Characters::Big5, &lines).unwrap();
    let path = office.database.folder().join("store.txt");
    fs::write(&path, &bytes).unwrap();
    must_sign(conn, &hong_kong_date(yesterday).to_string());
    let run = |words: &[&str]| kaifong(&office, words);
    let path = path.to_str().unwrap();
    let unsigned = run(&["ingest", path]);
    let errors = String::from_utf8_lossy(&unsigned.stderr);
    assert!(!unsigned.status.success());
    assert!(errors.contains("line 1 of the signature"), "{errors}");

    let key = office.database.folder().join("store.pk8");
    let (client, key) = (client.to_string(), key.to_str().unwrap().to_owned());
    let signed = run(&[
        "payment-file",
        "sign",
        path,
        "--client",
        &client,
        "--key",
        &key,
    ]);
    assert!(signed.status.success(), "{signed:?}");
    let said = String::from_utf8(signed.stdout).unwrap();
    let (told, public) = said.trim_end().split_once(" with ").unwrap();
    assert_eq!(told, format!("{path}.sig: signed by {client}"));
    // Another key than the one it was enrolled by, until it is enrolled by this one.
    assert!(!run(&["ingest", path]).status.success());
    let enrol = format!("UPDATE client SET public_key = '{public}' WHERE id = '{client}'");
    execute(conn, &enrol).unwrap();
    let taken = run(&["ingest", path]);
    assert!(taken.status.success(), "{taken:?}");
    assert_eq!(office.count("payment_file_signature"), 1);
    is_given_back(&office, &bytes);
}

/// It is given back as it came, refused or not, and that is recorded.
fn is_given_back(office: &Office, bytes: &[u8]) {
    let run = |words: &[&str]| kaifong(office, words);
    let digest = hex(&sha256(&[bytes]));
    let back = run(&["payment-file", "take", &digest]);
    assert_eq!(back.stdout, bytes, "{back:?}");
    let copy = office.database.folder().join("copy.txt");
    let to = [
        "payment-file",
        "take",
        &digest,
        "--to",
        copy.to_str().unwrap(),
    ];
    assert!(run(&to).status.success());
    assert_eq!(fs::read(&copy).unwrap(), bytes);
    assert!(
        !run(&to).status.success(),
        "what is there is not written over"
    );
    assert_eq!(
        office.count("audit_entry WHERE action = 'payments.file.read'"),
        2
    );
    let absent = "00".repeat(32);
    assert_eq!(
        run(&["payment-file", "take", &absent]).status.code(),
        Some(2)
    );
}
