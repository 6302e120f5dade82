//! Holds, and erasure by two people.

use kaifong::kernel::clock::Clock;
use kaifong::platform::db::execute;
use kaifong::platform::vault::KeyClass;
use serde_json::json;

use super::{change, claim, id, read, version};
use crate::people::{joining, leaving, member, person, refused, start_with_household};
use crate::support::{Call, count};

#[actix_web::test]
async fn nobody_is_erased_under_a_hold_or_as_a_member_or_on_one_persons_word() {
    let (app, mut owner, home) = start_with_household().await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let lee = app.send(joining(home.code, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap().to_owned();
    let path = format!("people/{lee}/erasure");
    let ask = |name: &str| change(name, &path, json!({ "reason": "purpose_over" }));
    let approve = |name: &str| {
        Call::post(&format!("/v1/privacy/{path}/approval"))
            .scope("privacy:write")
            .by(name)
            .key(&uuid::Uuid::now_v7().to_string())
    };
    app.send(claim(&lee)).await.expect(201);
    refused(&app.send(ask("one")).await, 409, "still-member");
    let out = json!({ "ends_on": "2026-11-20", "reason": "moved_out" });
    let left = leaving(home.code, &lee, "l", 1, out);
    app.send(left).await.expect(200);
    app.clock.set("2026-11-21T01:00:00Z");

    refused(&app.send(approve("other")).await, 409, "erasure-refused");
    app.send(ask("one")).await.expect(201);
    refused(&app.send(ask("third")).await, 409, "erasure-refused");
    refused(&app.send(approve("one")).await, 409, "erasure-refused");

    let because = json!({ "reason": "litigation", "case_ref": "HCA 1/2026" });
    let hold = change("one", &format!("people/{lee}/holds"), because);
    let hold = id(&app.send(hold).await.expect(201));
    refused(&app.send(approve("other")).await, 409, "legal-hold");
    let vault = app.database.vault(app.clock.now());
    let subject = lee.parse().unwrap();
    assert!(
        vault
            .keys(&mut owner, KeyClass::Identity, subject)
            .unwrap()
            .is_some()
    );
    let lift = |read| {
        version(
            change("one", &format!("holds/{hold}/lift"), json!({})),
            read,
        )
    };
    assert_eq!(app.send(lift(2)).await.status, 412);
    app.send(lift(1)).await.expect(200);
    refused(&app.send(lift(2)).await, 409, "hold-lifted");
    let holds = app.send(read(&format!("people/{lee}/holds"))).await;
    assert_eq!(holds.expect(200)[0]["lifted_by"], "one");

    // What the audit trail keeps sealed about them goes too.
    vault
        .create(&mut owner, KeyClass::Audit, subject, app.clock.now())
        .unwrap();
    app.send(approve("other")).await.expect(201);
    for class in [KeyClass::Identity, KeyClass::Audit] {
        assert!(vault.erased(&mut owner, class, subject).unwrap(), "{class}");
    }
    assert_eq!(
        count(&mut owner, "correction_request WHERE claim IS NOT NULL"),
        0
    );
    let buried = "key_tombstone WHERE approved_by = ARRAY['one', 'other']";
    assert_eq!(count(&mut owner, buried), 2);
    let shown = Call::get(&format!("/v1/people/{lee}")).scope("people:read");
    let shown = app.send(shown).await.expect(200);
    assert_eq!(shown["person"], json!({ "id": lee, "erased": true }));
    assert_eq!(shown["memberships"].as_array().unwrap().len(), 1);
    refused(&app.send(ask("one")).await, 409, "person-erased");
}

/// The database holds it too, whatever the program does.
#[actix_web::test]
async fn no_row_says_that_one_person_did_it_alone_or_later_than_the_clock_allows() {
    let (app, mut owner, home) = start_with_household().await;
    let head = &home.head;
    for row in [
        format!(
            "erasure_request VALUES (gen_random_uuid(), '{head}', 'court_order', 'one', now(), \
             'one', now())"
        ),
        format!(
            "data_access_request VALUES (gen_random_uuid(), '{head}', '2026-11-20', \
             '2026-12-31', 'one', 'received')"
        ),
        format!(
            "data_access_request VALUES (gen_random_uuid(), '{head}', '2026-11-20', \
             '2026-12-30', 'one', 'refused', NULL, 'one', now())"
        ),
    ] {
        assert!(
            execute(&mut owner, &format!("INSERT INTO {row}")).is_err(),
            "{row}"
        );
    }
    let conn = &mut kaifong::platform::db::connect(app.database.url()).unwrap();
    for forbidden in [
        "DELETE FROM legal_hold",
        "UPDATE legal_hold SET person = gen_random_uuid()",
        "UPDATE data_access_request SET due_on = due_on + 1",
        "UPDATE retention_rule SET keep_months = 12",
        "TRUNCATE matching_approval",
    ] {
        assert!(execute(conn, forbidden).is_err(), "{forbidden}");
    }
}
