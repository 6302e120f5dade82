//! Requests to see and to correct: asked, decided once, and answered with everything.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use serde_json::{Value, json};

use super::{CLAIM, ask_access, change, claim, id, read, version};
use crate::people::{house, joining, member, person, refused, start_with_household};
use crate::support::{Call, count};

fn decide(id: &str, read: i32, body: Value) -> Call {
    let call = Call::new("PATCH", &format!("/v1/privacy/access-requests/{id}"));
    version(call.scope("privacy:write").json(body), read)
}

#[actix_web::test]
async fn a_request_is_due_in_forty_days_and_decided_once() {
    let (app, _owner, home) = start_with_household().await;
    let ask = || ask_access(&home.head).scope("privacy:request");
    let asked = app.send(ask()).await.expect(201);
    assert_eq!(asked["received_on"], "2026-11-20");
    assert_eq!(asked["due_on"], "2026-12-30");
    let one = id(&asked);
    app.clock.set("2026-11-25T01:00:00Z");
    let later = id(&app.send(ask()).await.expect(201));

    let list = async |query: &str| {
        let found = app.send(read(&format!("access-requests?{query}"))).await;
        let found = found.expect(200);
        let items = found["items"].as_array().unwrap();
        let next = found["next"].as_str().map(str::to_owned);
        (items.iter().map(id).collect::<Vec<_>>(), next)
    };
    assert_eq!(list("").await.0, [one.as_str(), later.as_str()]);
    assert_eq!(list("due_by=2027-01-03").await.0, [one.as_str()]);
    let (first, next) = list("limit=1").await;
    assert_eq!(first, [one.as_str()]);
    let rest = list(&format!("limit=1&after={}", next.unwrap())).await;
    assert_eq!(rest, (vec![later.clone()], None));

    let bare = Call::new("PATCH", &format!("/v1/privacy/access-requests/{one}"));
    let bare = bare.scope("privacy:write").json(json!({}));
    assert_eq!(app.send(bare).await.status, 428);
    assert_eq!(app.send(decide(&one, 2, json!({}))).await.status, 412);
    let odd = decide(&one, 1, json!({ "refusal": "accurate" }));
    refused(&app.send(odd).await, 422, "privacy-refused");
    let decided = app.send(decide(&one, 1, json!({}))).await.expect(200);
    assert_eq!(decided["state"], "answered");
    refused(
        &app.send(decide(&one, 2, json!({}))).await,
        409,
        "request-decided",
    );
    let no = decide(&later, 1, json!({ "refusal": "repeated" }));
    let no = app.send(no).await.expect(200);
    assert_eq!(
        (&no["state"], &no["refusal"]),
        (&json!("refused"), &json!("repeated"))
    );
    assert_eq!(list("state=refused").await.0, [later.as_str()]);
    assert_eq!(list("state=received").await.0, Vec::<String>::new());
}

#[actix_web::test]
async fn a_tenant_asks_for_the_own_household_and_nobody_else() {
    let (app, mut owner, home) = start_with_household().await;
    let (other, _) = house(&app, &mut owner).await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "head");
    let lee = app.send(joining(other, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap();
    let tenant = app.session(Role::Tenant, Reach::Household(home.code));
    app.send(ask_access(&home.head).bearer(&tenant))
        .await
        .expect(201);
    app.send(ask_access(lee).bearer(&tenant)).await.expect(404);
    let list = Call::get("/v1/privacy/access-requests").bearer(&tenant);
    app.send(list).await.expect(403);
    assert_eq!(count(&mut owner, "data_access_request"), 1);
}

#[actix_web::test]
async fn the_bundle_holds_everything_and_names_no_member_of_staff() {
    let (app, mut owner, home) = start_with_household().await;
    let look = Call::get(&format!("/v1/people/{}", home.head));
    app.send(look.scope("people:read").by("officer-9"))
        .await
        .expect(200);
    let correction = id(&app.send(claim(&home.head)).await.expect(201));
    let asked = ask_access(&home.head).scope("privacy:request");
    let asked = id(&app.send(asked).await.expect(201));
    let path = format!("access-requests/{asked}/bundle");
    let answer = app.send(read(&path).by("officer-9")).await;
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    assert!(!text.contains("officer-"), "{text}");
    let bundle = answer.expect(200);
    let known = &bundle["particulars"];
    assert_eq!(known["document"]["number"], "A123456(3)");
    assert_eq!(known["name_en"], "CHAN Tai Man");
    assert_eq!(known["email"], "chan@example.com");
    assert_eq!(
        bundle["memberships"][0]["tenant_code"],
        home.code.to_string()
    );
    assert_eq!(bundle["access_requests"][0]["id"], asked);
    let corrections = &bundle["correction_requests"][0];
    assert_eq!(corrections["request"]["id"], correction);
    assert_eq!(corrections["claim"], CLAIM);
    let views = bundle["views"].as_array().unwrap();
    let purposes: Vec<_> = views
        .iter()
        .map(|view| view["purpose"].as_str().unwrap())
        .collect();
    assert_eq!(purposes, ["data_access_request", "one person"]);
    // Both readings are on record: of the particulars and of the claim.
    let on_record = "audit_entry WHERE purpose = 'data_access_request' AND fields IS NOT NULL";
    assert_eq!(count(&mut owner, on_record), 2);

    let paper = read(&path).header("Accept", "application/pdf");
    let paper = app.send(paper.header("Accept-Language", "en")).await;
    assert_eq!(paper.status, 200);
    assert!(paper.bytes.starts_with(b"%PDF"));
    let gone = read("access-requests/01940000-0000-7000-8000-000000000001/bundle");
    app.send(gone).await.expect(404);
}

#[actix_web::test]
async fn a_correction_is_made_or_refused_and_what_was_said_is_kept_sealed() {
    let (app, mut owner, home) = start_with_household().await;
    let one = id(&app.send(claim(&home.head)).await.expect(201));
    let two = id(&app.send(claim(&home.head)).await.expect(201));
    let plain = "correction_request WHERE position('Mann'::bytea IN claim) > 0";
    assert_eq!(count(&mut owner, plain), 0);
    let in_keys = "idempotency_key WHERE answer::text LIKE '%Mann%'";
    assert_eq!(count(&mut owner, in_keys), 0);
    let shown = app.send(read(&format!("correction-requests/{one}"))).await;
    assert_eq!(shown.header("etag"), "\"1\"");
    let shown = shown.expect(200);
    assert_eq!(shown["claim"], CLAIM);
    assert_eq!(shown["request"]["due_on"], "2026-12-30");

    let make = |read: i32, person_version: i32| {
        let change_it = json!({ "name_en": "CHAN Tai Mann" });
        let body = json!({ "person_version": person_version, "change": change_it });
        version(
            change(
                "officer-1",
                &format!("correction-requests/{one}/correction"),
                body,
            ),
            read,
        )
    };
    assert_eq!(app.send(make(2, 1)).await.status, 412);
    assert_eq!(app.send(make(1, 2)).await.status, 412, "the person changed");
    let made = app.send(make(1, 1)).await.expect(200);
    assert_eq!(made["state"], "made");
    refused(&app.send(make(2, 2)).await, 409, "request-decided");
    let unmask = Call::post(&format!("/v1/people/{}/unmask", home.head))
        .scope("people:unmask")
        .json(json!({ "fields": ["name_en"], "reason": "tenancy_matter" }));
    assert_eq!(
        app.send(unmask).await.expect(200)["name_en"],
        "CHAN Tai Mann"
    );

    let refuse = |reason: &str| {
        let path = format!("correction-requests/{two}/refusal");
        version(change("officer-1", &path, json!({ "refusal": reason })), 1)
    };
    refused(&app.send(refuse("repeated")).await, 422, "privacy-refused");
    let no = app.send(refuse("accurate")).await.expect(200);
    assert_eq!(no["refusal"], "accurate");
    let kept = app.send(read(&format!("correction-requests/{two}"))).await;
    assert_eq!(kept.expect(200)["claim"], CLAIM);
}
