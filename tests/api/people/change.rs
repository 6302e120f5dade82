//! What is known of a person is corrected, read and unmasked.

use serde_json::json;

use super::{correcting, refused, searching, start_with_household};
use crate::support::{Call, count};

#[actix_web::test]
async fn a_correction_names_its_version_and_is_found_anew() {
    let (app, mut conn, home) = start_with_household().await;
    let change = json!({
        "name_en": "CHAN Tai Wai", "phone": "6123 4567", "email": null,
        "document": { "kind": "hkid", "number": "G123456(A)" },
    });
    let changed = app.send(correcting(&home.head, 1, change.clone())).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.expect(200);
    assert_eq!(changed["name_en"], "CHAN T** W**");
    assert_eq!(changed["document"]["number"], "G12****(*)");
    assert!(changed["email"].is_null());
    assert_eq!(changed["name_zh"], "陳*文");
    let stale = app.send(correcting(&home.head, 1, change)).await;
    refused(&stale, 412, "precondition-failed");

    let by = |kind: &str, number: &str| json!({ "document": { "kind": kind, "number": number } });
    let found = app
        .send(searching(by("hkid", "G123456(A)")))
        .await
        .expect(200);
    assert_eq!(found["items"][0]["person"]["id"], home.head);
    let before = app
        .send(searching(by("hkid", "A123456(3)")))
        .await
        .expect(200);
    assert_eq!(before["items"], json!([]));
    assert_eq!(
        count(&mut conn, "audit_entry WHERE action = 'people.corrected'"),
        1
    );
}

#[actix_web::test]
async fn a_document_that_another_bears_is_not_taken() {
    let (app, _conn, home) = start_with_household().await;
    let body = super::member(
        &super::person("LEE Mei", "AB987654(3)"),
        "authorised_member",
    );
    app.send(super::joining(home.code, "k", body))
        .await
        .expect(201);
    let taken = json!({ "document": { "kind": "hkid", "number": "AB987654(3)" } });
    let answer = app.send(correcting(&home.head, 1, taken)).await;
    refused(&answer, 409, "document-held");
}

#[actix_web::test]
async fn a_masked_field_is_seen_whole_for_a_reason_on_record() {
    let (app, mut conn, home) = start_with_household().await;
    let unmask = |body| {
        Call::post(&format!("/v1/people/{}/unmask", home.head))
            .scope("people:unmask")
            .json(body)
    };
    let seen = app
        .send(unmask(json!({
            "fields": ["document", "birth_date"], "reason": "identity_check",
            "note": "CHAN at counter 3",
        })))
        .await
        .expect(200);
    let whole = json!({
        "document": { "kind": "hkid", "number": "A123456(3)" }, "birth_date": "1980-05-06",
    });
    assert_eq!(seen, whole);
    let recorded = format!(
        "audit_entry WHERE person = '{}' AND fields = '{{document,birth_date}}' \
         AND purpose = 'identity_check'",
        home.head
    );
    assert_eq!(count(&mut conn, &recorded), 1);
    // The note is kept, and nobody reads it from the table.
    assert_eq!(count(&mut conn, "audit_entry WHERE detail IS NOT NULL"), 1);
    let plain = "audit_entry WHERE position('CHAN'::bytea IN detail) > 0";
    assert_eq!(count(&mut conn, plain), 0);

    for body in [
        json!({ "fields": [], "reason": "identity_check" }),
        json!({ "fields": ["document"] }),
        json!({ "fields": ["document"], "reason": "curiosity" }),
        json!({ "fields": ["revision"], "reason": "identity_check" }),
    ] {
        refused(&app.send(unmask(body)).await, 400, "malformed-request");
    }
}

#[actix_web::test]
async fn every_reading_is_on_record() {
    let (app, mut conn, home) = start_with_household().await;
    let views = "audit_entry WHERE fields IS NOT NULL";
    assert_eq!(count(&mut conn, views), 0);
    app.send(super::members(home.code)).await.expect(200);
    app.send(Call::get(&format!("/v1/people/{}", home.head)).scope("people:read"))
        .await
        .expect(200);
    app.send(searching(json!({ "phone": "91234567" })))
        .await
        .expect(200);
    app.send(searching(json!({ "phone": "61234567" })))
        .await
        .expect(200);
    assert_eq!(count(&mut conn, views), 3);
}
