//! What is refused before anything is done.

use serde_json::{Value, json};

use super::{correcting, joining, member, person, refused, searching, start_with_household};
use crate::support::count;

#[actix_web::test]
async fn what_is_no_person_is_refused_and_leaves_nothing() {
    let (app, mut conn, home) = start_with_household().await;
    let audited = count(&mut conn, "audit_entry");
    let wrong: &[(&str, Value)] = &[
        ("name_zh", json!("陳\u{202E}文")),
        ("name_zh", json!("陳\u{0}文")),
        ("name_zh", json!("陳\u{E000}")),
        ("name_zh", json!("陳\u{200B}文")),
        ("name_en", json!("CHAN <b>")),
        ("name_en", json!("=CMD()")),
        ("name_en", json!("A".repeat(61))),
        (
            "document",
            json!({ "kind": "hkid", "number": "A123456(4)" }),
        ),
        ("document", json!({ "kind": "hkid", "number": "" })),
        ("document", json!({ "kind": "visa", "number": "A1234563" })),
        (
            "document",
            json!({ "kind": "passport", "number": "123456789" }),
        ),
        (
            "document",
            json!({ "kind": "hkid", "number": "A1234563", "country": "GBR" }),
        ),
        (
            "document",
            json!({ "kind": "hkid", "number": "A1234563", "extra": 1 }),
        ),
        ("symbols", json!("**")),
        ("birth_date", json!("1889-12-31")),
        ("birth_date", json!("2000-02-30")),
        ("birth_date", json!(20_000_101)),
        ("birth_date", json!(null)),
        ("sex", json!("m")),
        ("phone", json!("12345678")),
        ("phone", json!("999 12345")),
        ("email", json!("a@b")),
        ("hkid", json!("A123456(3)")),
    ];
    for (field, value) in wrong {
        let mut body = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
        body["person"][*field] = value.clone();
        let answer = app.send(joining(home.code, "k", body)).await;
        refused(&answer, 400, "malformed-request");
    }
    let unborn = ("birth_date", json!("2026-11-21"));
    let nameless = ("name_en", json!(null));
    let without_card = (
        "document",
        json!({ "kind": "passport", "number": "123456789", "country": "GBR" }),
    );
    for (field, value) in [unborn, nameless, without_card] {
        let mut body = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
        body["person"]["name_zh"] = json!(null);
        body["person"][field] = value;
        let answer = app.send(joining(home.code, "k", body)).await;
        refused(&answer, 422, "people-refused");
    }
    for (field, value) in [
        ("starts_on", json!("1953-12-31")),
        ("starts_on", json!("2027-11-21")),
    ] {
        let mut body = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
        body[field] = value;
        let answer = app.send(joining(home.code, "k", body)).await;
        refused(&answer, 422, "people-refused");
    }
    assert_eq!(
        (count(&mut conn, "person"), count(&mut conn, "audit_entry")),
        (1, audited)
    );
}

#[actix_web::test]
async fn an_answer_never_repeats_what_was_personal() {
    let (app, _conn, home) = start_with_household().await;
    let mut body = member(&person("LEE Mei", "AB987654(4)"), "authorised_member");
    let answer = app.send(joining(home.code, "k", body.clone())).await;
    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
    assert!(!text.contains("987654"), "{text}");
    body["person"] = person("LEE Mei", "A123456(3)");
    body["person"]["birth_date"] = json!("1999-01-01");
    let answer = app.send(joining(home.code, "k", body)).await;
    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
    assert_eq!(answer.status.as_u16(), 409);
    assert!(!text.contains("CHAN") && !text.contains("1980"), "{text}");
}

#[actix_web::test]
async fn searches_and_corrections_are_checked_too() {
    let (app, _conn, home) = start_with_household().await;
    for body in [
        json!({}),
        json!({ "phone": "91234567", "name_en": "CHAN" }),
        json!({ "name": "CHAN" }),
        json!({ "document": { "kind": "hkid", "number": "A123456(9)" } }),
        json!({ "name_en": "CHAN", "after": "nonsense" }),
        json!([]),
    ] {
        refused(&app.send(searching(body)).await, 400, "malformed-request");
    }
    let short = app.send(searching(json!({ "name_zh": "陳" }))).await;
    refused(&short, 422, "people-refused");
    for body in [
        json!({ "birth_date": null }),
        json!({ "document": null }),
        json!({ "revision": 7 }),
        json!({ "name_en": 7 }),
    ] {
        refused(
            &app.send(correcting(&home.head, 1, body)).await,
            400,
            "malformed-request",
        );
    }
    let nameless = json!({ "name_en": null, "name_zh": null });
    refused(
        &app.send(correcting(&home.head, 1, nameless)).await,
        422,
        "people-refused",
    );
}
