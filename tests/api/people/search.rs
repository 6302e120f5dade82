//! People are found by a document, a telephone number or a part of the name.

use serde_json::{Value, json};

use super::{house, joining, member, person, searching, start_with_household};

fn names(found: &Value) -> Vec<String> {
    let items = found["items"].as_array().unwrap().iter();
    let mut names: Vec<String> = items
        .map(|one| one["person"]["name_en"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[actix_web::test]
async fn a_document_however_written_and_a_telephone_find_their_holder() {
    let (app, _conn, home) = start_with_household().await;
    for clue in [
        json!({ "document": { "kind": "hkid", "number": "A123456(3)" } }),
        json!({ "document": { "kind": "hkid", "number": "ａ１２３４５６（３）" } }),
        json!({ "document": { "kind": "hkid", "number": " a 123456 [3]" } }),
        json!({ "phone": "91234567" }),
        json!({ "phone": "+852 9123-4567" }),
    ] {
        let found = app.send(searching(clue)).await.expect(200);
        assert_eq!(found["items"][0]["person"]["id"], home.head);
        assert_eq!(found["items"][0]["memberships"][0]["role"], "head");
        assert!(found["next"].is_null());
    }
    let other = json!({ "document": { "kind": "birth_certificate", "number": "A123456(3)" } });
    assert_eq!(
        app.send(searching(other)).await.expect(200)["items"],
        json!([])
    );
}

#[actix_web::test]
async fn a_part_of_a_name_finds_those_whose_name_begins_so() {
    let (app, mut conn, _home) = start_with_household().await;
    let (other, _) = house(&app, &mut conn).await;
    for (key, zh, en, hkid, role) in [
        ("1", "陳大明", "CHAN Tai Ming", "AB987654(3)", "head"),
        (
            "2",
            "陳小文",
            "CHAN Siu Man",
            "E364912(5)",
            "authorised_member",
        ),
        (
            "3",
            "𨋢大文",
            "CHANG Tai",
            "D288754(2)",
            "authorised_member",
        ),
    ] {
        let mut one = person(en, hkid);
        one["name_zh"] = json!(zh);
        app.send(joining(other, key, member(&one, role)))
            .await
            .expect(201);
    }
    for (clue, expected) in [
        (
            json!({ "name_en": "chan" }),
            vec!["CHAN S** M**", "CHAN T** M**", "CHAN T** M**"],
        ),
        (
            json!({ "name_en": "CHAN Tai" }),
            vec!["CHAN T** M**", "CHAN T** M**"],
        ),
        (
            json!({ "name_en": "CHAN T" }),
            vec!["CHAN T** M**", "CHAN T** M**"],
        ),
        (json!({ "name_en": "CHAN, Siu-man" }), vec![]),
        (json!({ "name_en": "CHANG" }), vec!["CHANG T**"]),
        (
            json!({ "name_zh": "陳大" }),
            vec!["CHAN T** M**", "CHAN T** M**"],
        ),
        (json!({ "name_zh": "𨋢大" }), vec!["CHANG T**"]),
        (json!({ "name_zh": "大文" }), vec![]),
    ] {
        let found = app.send(searching(clue.clone())).await.expect(200);
        assert_eq!(names(&found), expected, "{clue}");
    }
}
