//! The head of a household changes.

use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};

use super::{joining, member, members, person, refused, start_with_household};
use crate::support::{Call, count};

fn heading(code: TenantCode, key: &str, body: Value) -> Call {
    Call::post(&format!("/v1/households/{code}/head"))
        .scope("people:write")
        .key(key)
        .json(body)
}

#[actix_web::test]
async fn a_member_becomes_the_head_in_one_step() {
    let (app, mut conn, home) = start_with_household().await;
    let wife = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let wife = app.send(joining(home.code, "k", wife)).await.expect(201);
    let wife = wife["person_id"].as_str().unwrap();
    let body = json!({ "person_id": wife, "starts_on": "2026-11-20" });

    let changed = app
        .send(heading(home.code, "h", body.clone()))
        .await
        .expect(200);
    assert_eq!(
        app.send(heading(home.code, "h", body.clone()))
            .await
            .expect(200),
        changed
    );

    let listed = app.send(members(home.code)).await.expect(200);
    let roles: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["person"]["id"].clone(),
                one["membership"]["role"].clone(),
            )
        })
        .collect();
    assert!(roles.contains(&(json!(wife), json!("head"))), "{roles:?}");
    assert!(
        roles.contains(&(json!(home.head), json!("authorised_member"))),
        "{roles:?}"
    );
    assert_eq!(roles.len(), 2);
    assert_eq!(count(&mut conn, "membership"), 4);
    assert_eq!(count(&mut conn, "tenancy WHERE household_size = 2"), 1);
    let again = app.send(heading(home.code, "h2", body)).await;
    refused(&again, 422, "people-refused");
}

#[actix_web::test]
async fn the_head_before_may_leave_in_the_same_step() {
    let (app, mut conn, home) = start_with_household().await;
    let wife = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let wife = app.send(joining(home.code, "k", wife)).await.expect(201);
    let body = json!({
        "person_id": wife["person_id"], "starts_on": "2026-11-20", "former_leaves": "death",
    });
    app.send(heading(home.code, "h", body)).await.expect(200);
    assert_eq!(
        count(
            &mut conn,
            "membership WHERE role = 'head' AND end_reason = 'death'"
        ),
        1
    );
    assert_eq!(count(&mut conn, "tenancy WHERE household_size = 1"), 1);
}

#[actix_web::test]
async fn who_cannot_be_head_changes_nothing() {
    let (app, mut conn, home) = start_with_household().await;
    let mut child = person("CHAN Ka", "AB987654(3)");
    child["birth_date"] = json!("2015-01-01");
    let child = app
        .send(joining(
            home.code,
            "k1",
            member(&child, "authorised_member"),
        ))
        .await;
    let helper = person("SANTOS Maria", "E364912(5)");
    let helper = app
        .send(joining(home.code, "k2", member(&helper, "domestic_helper")))
        .await;
    for joined in [child.expect(201), helper.expect(201)] {
        let body = json!({ "person_id": joined["person_id"], "starts_on": "2026-11-20" });
        refused(
            &app.send(heading(home.code, "h", body)).await,
            422,
            "people-refused",
        );
    }
    let nobody = json!({
        "person_id": "01940000-0000-7000-8000-000000000001", "starts_on": "2026-11-20",
    });
    refused(
        &app.send(heading(home.code, "h", nobody)).await,
        404,
        "not-found",
    );
    assert_eq!(count(&mut conn, "membership"), 3);
}
