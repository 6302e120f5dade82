//! Somebody joins a household.

use serde_json::json;

use super::{house, joining, leaving, member, members, person, refused, start_with_household};
use crate::support::{Call, count};

#[actix_web::test]
async fn a_member_joins_masked_and_the_size_follows() {
    let (app, mut conn, home) = start_with_household().await;
    let mut wife = person("LEE Mei", "AB987654(3)");
    wife["phone"] = json!("+44 20 7946 0958");
    let joined = app
        .send(joining(home.code, "k", member(&wife, "authorised_member")))
        .await;
    let place = joined.header("location").to_owned();
    let joined = joined.expect(201);
    assert_eq!(
        place,
        format!("/v1/people/{}", joined["person_id"].as_str().unwrap())
    );

    let listed = app.send(members(home.code)).await.expect(200);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let wife = items
        .iter()
        .find(|one| one["membership"]["role"] == "authorised_member")
        .unwrap();
    let wife = &wife["person"];
    assert_eq!(wife["name_zh"], "陳*文");
    assert_eq!(wife["name_en"], "LEE M**");
    assert_eq!(
        wife["document"],
        json!({ "kind": "hkid", "number": "AB98****(*)" })
    );
    assert_eq!(wife["birth_date"], "1980-**-**");
    assert_eq!(wife["phone"], "*****958");
    assert_eq!(wife["email"], "c***@example.com");
    assert_eq!(wife["erased"], false);
    assert_eq!(count(&mut conn, "tenancy WHERE household_size = 2"), 1);
}

#[actix_web::test]
async fn helpers_and_guests_do_not_count_and_may_have_an_end() {
    let (app, mut conn, home) = start_with_household().await;
    for (role, hkid, ends_on) in [
        ("domestic_helper", "E364912(5)", json!("2027-12-31")),
        ("conditional_temporary_stay", "D288754(2)", json!(null)),
    ] {
        let mut body = member(&person("SANTOS Maria", hkid), role);
        body["ends_on"] = ends_on;
        app.send(joining(home.code, role, body)).await.expect(201);
    }
    assert_eq!(count(&mut conn, "tenancy WHERE household_size = 1"), 1);
    let mut named = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    named["ends_on"] = json!("2027-12-31");
    let answer = app.send(joining(home.code, "k", named)).await;
    refused(&answer, 422, "people-refused");
}

#[actix_web::test]
async fn the_same_request_joins_once_and_its_key_serves_no_other() {
    let (app, mut conn, home) = start_with_household().await;
    let wife = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let first = app
        .send(joining(home.code, "k", wife.clone()))
        .await
        .expect(201);
    let again = app
        .send(joining(home.code, "k", wife.clone()))
        .await
        .expect(201);
    assert_eq!(first, again);
    let mut other = wife;
    other["person"]["birth_date"] = json!("1980-05-07");
    let answer = app.send(joining(home.code, "k", other)).await;
    refused(&answer, 422, "idempotency-key-reused");
    assert_eq!(count(&mut conn, "membership"), 2);
}

#[actix_web::test]
async fn somebody_known_joins_another_household_as_the_same_person() {
    let (app, mut conn, home) = start_with_household().await;
    let (other, _) = house(&app, &mut conn).await;
    let chan = person("CHAN Tai Man", "ａ１２３４５６（３）");
    let joined = app
        .send(joining(other, "k", member(&chan, "head")))
        .await
        .expect(201);
    assert_eq!(joined["person_id"], home.head);
    assert_eq!(count(&mut conn, "person"), 1);

    // The same card, another birthday: somebody is mistaken.
    let mut stranger = chan.clone();
    stranger["birth_date"] = json!("1981-05-06");
    let answer = app
        .send(joining(other, "k2", member(&stranger, "authorised_member")))
        .await;
    refused(&answer, 409, "document-held");
    // One number as a certificate of birth is another document.
    let mut child = chan;
    child["document"]["kind"] = json!("birth_certificate");
    child["symbols"] = json!(null);
    app.send(joining(other, "k3", member(&child, "authorised_member")))
        .await
        .expect(201);
    assert_eq!(count(&mut conn, "person"), 2);
}

#[actix_web::test]
async fn one_head_a_day_and_nobody_twice() {
    let (app, mut conn, home) = start_with_household().await;
    let second = member(&person("LEE Mei", "AB987654(3)"), "head");
    let answer = app.send(joining(home.code, "k", second)).await;
    refused(&answer, 409, "head-exists");
    let again = member(&person("CHAN Tai Man", "A123456(3)"), "authorised_member");
    let answer = app.send(joining(home.code, "k", again)).await;
    refused(&answer, 409, "member-already");
    let mut young = person("LEE Mei", "AB987654(3)");
    young["birth_date"] = json!("2015-01-01");
    let (other, _) = house(&app, &mut conn).await;
    let answer = app.send(joining(other, "k", member(&young, "head"))).await;
    refused(&answer, 422, "people-refused");
    assert_eq!(
        (count(&mut conn, "person"), count(&mut conn, "membership")),
        (1, 1)
    );
}

#[actix_web::test]
async fn two_officers_adding_one_person_at_once_add_one_person() {
    let (app, mut conn, home) = start_with_household().await;
    let wife = || member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let (one, other) = futures_util::future::join(
        app.send(joining(home.code, "k1", wife())),
        app.send(joining(home.code, "k2", wife())),
    )
    .await;
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!(count(&mut conn, "person"), 2);
    assert_eq!(count(&mut conn, "tenancy WHERE household_size = 2"), 1);
}

#[actix_web::test]
async fn a_member_leaves_for_a_reason_and_the_head_last() {
    let (app, mut conn, home) = start_with_household().await;
    let wife = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let wife = app.send(joining(home.code, "k", wife)).await.expect(201);
    let wife = wife["person_id"].as_str().unwrap();
    let out = json!({ "ends_on": "2026-11-20", "reason": "moved_out" });

    let answer = app
        .send(leaving(home.code, &home.head, "k1", 1, out.clone()))
        .await;
    refused(&answer, 409, "head-leaves");
    let answer = app
        .send(leaving(home.code, wife, "k2", 2, out.clone()))
        .await;
    refused(&answer, 412, "precondition-failed");
    let ahead = json!({ "ends_on": "2026-11-21", "reason": "moved_out" });
    let answer = app.send(leaving(home.code, wife, "k3", 1, ahead)).await;
    refused(&answer, 422, "people-refused");
    app.send(leaving(home.code, wife, "k4", 1, out.clone()))
        .await
        .expect(200);
    assert_eq!(count(&mut conn, "tenancy WHERE household_size = 1"), 1);

    app.clock.set("2026-11-21T01:00:00Z");
    let now = app.send(members(home.code)).await.expect(200);
    assert_eq!(now["items"].as_array().unwrap().len(), 1);
    let path = format!("/v1/households/{}/members?past=true", home.code);
    let ever = app
        .send(Call::get(&path).scope("people:read"))
        .await
        .expect(200);
    assert_eq!(ever["items"].as_array().unwrap().len(), 2);
    let answer = app.send(leaving(home.code, wife, "k5", 2, out)).await;
    refused(&answer, 404, "not-found");
    // The last one may leave; the tenancy ends by itself, not by this.
    let died = json!({ "ends_on": "2026-11-20", "reason": "death" });
    app.send(leaving(home.code, &home.head, "k6", 1, died))
        .await
        .expect(200);
    assert_eq!(count(&mut conn, "tenancy WHERE household_size = 1"), 1);
}

#[actix_web::test]
async fn members_come_in_pages() {
    let (app, _conn, home) = start_with_household().await;
    for (key, hkid) in [
        ("k1", "AB987654(3)"),
        ("k2", "E364912(5)"),
        ("k3", "D288754(2)"),
    ] {
        let body = member(&person("LEE Mei", hkid), "authorised_member");
        app.send(joining(home.code, key, body)).await.expect(201);
    }
    let path = format!("/v1/households/{}/members?limit=3", home.code);
    let first = app
        .send(Call::get(&path).scope("people:read"))
        .await
        .expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let path = format!("{path}&after={}", first["next"].as_str().unwrap());
    let second = app
        .send(Call::get(&path).scope("people:read"))
        .await
        .expect(200);
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert!(second["next"].is_null());
}
