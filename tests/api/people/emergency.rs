//! Reading in an emergency: the subject and the fields of an access in force, and no more.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use diesel::prelude::*;
use kaifong::kernel::id::EstateId;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use serde_json::{Value, json};

use super::{Household, house, joining, member, person, refused, start_with_household};
use crate::support::{Answer, Call, TestApp, count};

const NOBODY: &str = "01940000-0000-7000-8000-000000000001";

trait Http<B>:
    Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error> + Sized
{
}
impl<S, B> Http<B> for S where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>
{
}

/// Asks for access, as the officer of another estate.
fn asking(token: &str, key: &str, subject: (&str, &str), fields: &Value) -> Call {
    Call::post("/v1/break-glass")
        .bearer(token)
        .key(key)
        .json(json!({
            subject.0: subject.1, "reason": "domestic_violence", "ticket": "INC-1",
            "fields": fields, "minutes": 20,
        }))
}

fn approving(token: &str, id: &str) -> Call {
    Call::post(&format!("/v1/break-glass/{id}/approval"))
        .bearer(token)
        .key(id)
}

fn reviewing(token: &str, id: &str) -> Call {
    let found = json!({ "outcome": "justified", "note": "as reported" });
    let review = Call::post(&format!("/v1/break-glass/{id}/review"));
    review.bearer(token).key(id).json(found)
}

fn reading(token: &str, id: &str) -> Call {
    Call::get(&format!("/v1/people/{id}")).bearer(token)
}

fn unmasking(token: &str, id: &str, fields: &Value) -> Call {
    let body = json!({ "fields": fields, "reason": "emergency" });
    Call::post(&format!("/v1/people/{id}/unmask"))
        .bearer(token)
        .json(body)
}

/// An access to `subject` for an officer of `elsewhere`, asked for and approved.
async fn access<S: Http<B>, B: MessageBody>(
    app: &TestApp<S>,
    elsewhere: EstateId,
    subject: (&str, &str),
    fields: &Value,
) -> String {
    let officer = app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    let manager = app.session(Role::EstateManager, Reach::nothing());
    let asked = app
        .send(asking(&officer, subject.1, subject, fields))
        .await
        .expect(201);
    let id = asked["id"].as_str().unwrap().to_owned();
    app.send(approving(&manager, &id)).await.expect(201);
    id
}

/// Another estate, with a household of LEE Mei; and the wife of the head of `home`.
async fn neighbours<S: Http<B>, B: MessageBody>(
    app: &TestApp<S>,
    owner: &mut PgConnection,
    home: &Household,
) -> (EstateId, String) {
    let (_, elsewhere) = house(app, owner).await;
    let wife = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let wife = app.send(joining(home.code, "w", wife)).await.expect(201);
    (elsewhere, wife["person_id"].as_str().unwrap().to_owned())
}

#[track_caller]
fn as_absent(answer: &Answer, absent: &Answer, what: &str) {
    assert_eq!(answer.status.as_u16(), 404, "{what}: {:?}", answer.body);
    assert_eq!(
        (answer.status, &answer.bytes),
        (absent.status, &absent.bytes),
        "{what}"
    );
}

/// Every reading is on record, by field and with the access's number.
fn on_record(owner: &mut PgConnection, id: &str, head: &str) {
    let of = format!(
        "audit_entry WHERE request = '{id}' AND purpose = 'break_glass' AND person = '{head}'"
    );
    assert_eq!(count(owner, &of), 2);
    assert_eq!(
        count(owner, &format!("{of} AND fields = '{{name_zh,phone}}'")),
        1
    );
    assert_eq!(count(owner, &format!("{of} AND fields = '{{phone}}'")), 1);
    assert_eq!(
        count(
            owner,
            "audit_entry WHERE purpose = 'one person' OR purpose = 'emergency'"
        ),
        0
    );
}

#[actix_web::test]
async fn an_access_shows_its_fields_of_its_person_while_it_is_in_force() {
    let (app, mut owner, home) = start_with_household().await;
    let (elsewhere, wife) = neighbours(&app, &mut owner, &home).await;
    let officer = || app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    let absent = app.send(reading(&officer(), NOBODY)).await;
    as_absent(
        &app.send(reading(&officer(), &home.head)).await,
        &absent,
        "before",
    );

    let fields = json!(["phone", "name_zh"]);
    let ask = asking(&officer(), "k", ("person", &home.head), &fields);
    let id = app.send(ask).await.expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    as_absent(
        &app.send(reading(&officer(), &home.head)).await,
        &absent,
        "not approved",
    );
    let manager = app.session(Role::EstateManager, Reach::nothing());
    app.send(approving(&manager, &id)).await.expect(201);

    let seen = app.send(reading(&officer(), &home.head)).await.expect(200);
    assert_eq!(
        seen["person"],
        json!({ "id": home.head, "name_zh": "陳*文", "phone": "*****567", "erased": false })
    );
    assert_eq!(seen["memberships"][0]["tenant_code"], home.code.to_string());
    let whole = app
        .send(unmasking(&officer(), &home.head, &json!(["phone"])))
        .await
        .expect(200);
    assert_eq!(whole, json!({ "phone": "+85291234567" }));
    for fields in [json!(["document"]), json!(["phone", "document"])] {
        let more = app.send(unmasking(&officer(), &home.head, &fields)).await;
        let none = app.send(unmasking(&officer(), NOBODY, &fields)).await;
        as_absent(&more, &none, &fields.to_string());
    }
    // Nobody else, nothing else and no one else's.
    as_absent(
        &app.send(reading(&officer(), &wife)).await,
        &absent,
        "the wife",
    );
    let members = Call::get(&format!("/v1/households/{}/members", home.code));
    as_absent(
        &app.send(members.bearer(&officer())).await,
        &absent,
        "the household",
    );
    let change = Call::new("PATCH", &format!("/v1/people/{}", home.head))
        .header("If-Match", "\"1\"")
        .json(json!({ "phone": "61234567" }));
    as_absent(
        &app.send(change.bearer(&officer())).await,
        &absent,
        "a change",
    );
    let search = Call::post("/v1/people/search")
        .json(json!({ "document": { "kind": "hkid", "number": "A123456(3)" } }));
    let found = app.send(search.bearer(&officer())).await.expect(200);
    assert_eq!(found["items"], json!([]));
    let other = app.session(Role::EstateManager, Reach::Estates([elsewhere].into()));
    as_absent(
        &app.send(reading(&other, &home.head)).await,
        &absent,
        "another officer",
    );

    on_record(&mut owner, &id, &home.head);

    app.clock.advance(20 * 60 - 1);
    app.send(reading(&officer(), &home.head)).await.expect(200);
    app.clock.advance(1);
    as_absent(
        &app.send(reading(&officer(), &home.head)).await,
        &absent,
        "over",
    );
}

#[actix_web::test]
async fn an_access_to_a_household_is_to_its_members() {
    let (app, mut owner, home) = start_with_household().await;
    let (elsewhere, wife) = neighbours(&app, &mut owner, &home).await;
    let (third, _) = house(&app, &mut owner).await;
    let ho = member(&person("HO Ka", "E364912(5)"), "head");
    let ho = app.send(joining(third, "h", ho)).await.expect(201);
    let code = home.code.to_string();
    let id = access(&app, elsewhere, ("tenant_code", &code), &json!(["phone"])).await;

    let officer = app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    let list = Call::get(&format!("/v1/households/{code}/members"));
    let listed = app.send(list.bearer(&officer)).await.expect(200);
    let shown = |one: &Value| json!({ "id": one, "phone": "*****567", "erased": false });
    let items = listed["items"].as_array().unwrap();
    let people: Vec<&Value> = items.iter().map(|one| &one["person"]).collect();
    assert_eq!(people.len(), 2, "{listed}");
    for one in [&home.head, &wife] {
        assert!(people.contains(&&shown(&json!(one))), "{listed}");
        app.send(reading(&officer, one)).await.expect(200);
        app.send(unmasking(&officer, one, &json!(["phone"])))
            .await
            .expect(200);
    }
    assert_eq!(
        count(
            &mut owner,
            &format!("audit_entry WHERE request = '{id}' AND fields = '{{phone}}'")
        ),
        6
    );
    let stranger = ho["person_id"].as_str().unwrap();
    app.send(reading(&officer, stranger)).await.expect(404);
    let list = Call::get(&format!("/v1/households/{third}/members"));
    app.send(list.bearer(&officer)).await.expect(404);
}

#[actix_web::test]
async fn a_review_by_a_third_ends_an_access_at_once() {
    let (app, mut owner, home) = start_with_household().await;
    let (elsewhere, _) = neighbours(&app, &mut owner, &home).await;
    let id = access(&app, elsewhere, ("person", &home.head), &json!(["phone"])).await;
    let officer = app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    app.send(reading(&officer, &home.head)).await.expect(200);

    // Whoever approved it, should they come to review as well.
    let approver = Call::post(&format!("/v1/break-glass/{id}/review"))
        .scope("break_glass:review")
        .by("estate_manager")
        .key("own")
        .json(json!({ "outcome": "justified", "note": "mine" }));
    refused(&app.send(approver).await, 409, "break-glass-refused");
    app.send(reading(&officer, &home.head)).await.expect(200);
    let privacy = app.session(Role::PrivacyOfficer, Reach::nothing());
    app.send(reviewing(&privacy, &id)).await.expect(201);
    app.send(reading(&officer, &home.head)).await.expect(404);
    app.send(unmasking(&officer, &home.head, &json!(["phone"])))
        .await
        .expect(404);
}

/// The access of Friday was not reviewed by the end of Monday: that of Monday night is cut off
/// at midnight in Hong Kong.
#[actix_web::test]
async fn an_access_that_waits_for_its_review_cuts_off_the_others() {
    let (app, mut owner, home) = start_with_household().await;
    let (elsewhere, wife) = neighbours(&app, &mut owner, &home).await;
    let first = access(&app, elsewhere, ("person", &wife), &json!(["phone"])).await;
    app.clock.set("2026-11-23T15:50:00Z");
    access(&app, elsewhere, ("person", &home.head), &json!(["phone"])).await;
    let officer = || app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    app.clock.set("2026-11-23T15:59:59Z");
    app.send(reading(&officer(), &home.head)).await.expect(200);
    app.clock.set("2026-11-23T16:00:00Z");
    app.send(reading(&officer(), &home.head)).await.expect(404);
    let fields = json!(["phone"]);
    let again = asking(&officer(), "again", ("person", &home.head), &fields);
    refused(&app.send(again).await, 409, "break-glass-suspended");

    let privacy = app.session(Role::PrivacyOfficer, Reach::nothing());
    app.send(reviewing(&privacy, &first)).await.expect(201);
    app.send(reading(&officer(), &home.head)).await.expect(200);
}

#[actix_web::test]
async fn the_household_sees_that_it_was_an_emergency_and_not_which() {
    let (app, mut owner, home) = start_with_household().await;
    let (elsewhere, _) = neighbours(&app, &mut owner, &home).await;
    let id = access(&app, elsewhere, ("person", &home.head), &json!(["phone"])).await;
    let officer = app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    app.send(unmasking(&officer, &home.head, &json!(["phone"])))
        .await
        .expect(200);
    let office = app.session(Role::EstateOfficer, home.office());
    app.clock.advance(1);
    app.send(reading(&office, &home.head)).await.expect(200);

    let tenant = app.session(Role::Tenant, Reach::Household(home.code));
    let answer = app
        .send(Call::get("/v1/self-service/views").bearer(&tenant))
        .await;
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    for secret in ["domestic", "INC-1", &id, "estate_officer"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let views = answer.expect(200);
    let told = |view: &Value| (view["purpose"].clone(), view["emergency"].clone());
    assert_eq!(
        told(&views["items"][0]),
        (json!("one person"), json!(false))
    );
    assert_eq!(
        told(&views["items"][1]),
        (json!("break_glass"), json!(true))
    );
    assert_eq!(views["items"][1]["fields"], json!(["phone"]));
}
