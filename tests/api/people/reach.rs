//! Who reaches whom, and how much each sees.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};

use super::{house, joining, member, person, start_with_household};
use crate::support::Call;

/// A call about a person and a household.
type Asked<'a> = &'a dyn Fn(&str, &str) -> Call;

#[actix_web::test]
async fn outside_the_reach_is_answered_as_absent() {
    let (app, mut conn, home) = start_with_household().await;
    let (other, elsewhere) = house(&app, &mut conn).await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "head");
    app.send(joining(other, "k", lee)).await.expect(201);

    let strangers = [
        Reach::Estates([elsewhere].into()),
        Reach::Household(other),
        Reach::nothing(),
    ];
    let code = home.code;
    for reach in strangers {
        let token = app.session(Role::EstateManager, reach.clone());
        let nobody = "01940000-0000-7000-8000-000000000001";
        let none = TenantCode::of(987_654_321).unwrap().to_string();
        let calls: [Asked; 6] = [
            &|_, code| Call::get(&format!("/v1/households/{code}/members")),
            &|id, _| Call::get(&format!("/v1/people/{id}")),
            &|id, _| {
                Call::new("PATCH", &format!("/v1/people/{id}"))
                    .header("If-Match", "\"1\"")
                    .json(json!({ "sex": "female" }))
            },
            &|id, code| {
                Call::post(&format!("/v1/households/{code}/members/{id}/end"))
                    .header("If-Match", "\"1\"")
                    .key("e")
                    .json(json!({ "ends_on": "2026-11-20", "reason": "death" }))
            },
            &|id, code| {
                Call::post(&format!("/v1/households/{code}/head"))
                    .key("h")
                    .json(json!({ "person_id": id, "starts_on": "2026-11-20" }))
            },
            &|_, code| {
                let new = member(&person("HO Ka", "E364912(5)"), "authorised_member");
                Call::post(&format!("/v1/households/{code}/members"))
                    .key("j")
                    .json(new)
            },
        ];
        for call in calls {
            let theirs = app
                .send(call(&home.head, &code.to_string()).bearer(&token))
                .await;
            let absent = app.send(call(nobody, &none).bearer(&token)).await;
            assert_eq!(theirs.status.as_u16(), 404, "{reach:?} {:?}", theirs.body);
            assert_eq!((theirs.status, theirs.bytes), (absent.status, absent.bytes));
        }
        let unmask = Call::post(&format!("/v1/people/{}/unmask", home.head))
            .json(json!({ "fields": ["document"], "reason": "emergency" }));
        let unmasked = app.send(unmask.bearer(&token)).await;
        assert!([403, 404].contains(&unmasked.status.as_u16()));
        for clue in [
            json!({ "document": { "kind": "hkid", "number": "A123456(3)" } }),
            json!({ "name_en": "CHAN" }),
            json!({ "name_zh": "陳大" }),
        ] {
            let call = Call::post("/v1/people/search").json(clue).bearer(&token);
            let found = app.send(call).await.expect(200);
            let found = found["items"].as_array().unwrap();
            let ours = |one: &&Value| one["person"]["id"] == home.head;
            assert!(!found.iter().any(|one| ours(&one)), "{reach:?}");
        }
    }
}

#[actix_web::test]
async fn the_estate_office_sees_masked_and_the_household_its_own_names() {
    let (app, _conn, home) = start_with_household().await;
    let path = format!("/v1/people/{}", home.head);
    let office = app.session(Role::EstateManager, home.office());
    let tenant = app.session(Role::Tenant, Reach::Household(home.code));

    let seen = app.send(Call::get(&path).bearer(&office)).await.expect(200);
    assert_eq!(seen["person"]["name_en"], "CHAN T** M**");
    assert_eq!(seen["memberships"][0]["tenant_code"], home.code.to_string());
    let own = app.send(Call::get(&path).bearer(&tenant)).await.expect(200);
    assert_eq!(own["person"]["name_en"], "CHAN Tai Man");
    assert_eq!(own["person"]["name_zh"], "陳大文");
    for seen in [seen, own] {
        assert_eq!(seen["person"]["document"]["number"], "A12****(*)");
        assert_eq!(seen["person"]["phone"], "*****567");
    }
    let unmask = |token: &str| {
        Call::post(&format!("{path}/unmask"))
            .json(json!({ "fields": ["document"], "reason": "emergency" }))
            .bearer(token)
    };
    app.send(unmask(&tenant)).await.expect(403);
    // Nor would a household's reach do, whatever scope came with it.
    let odd = app.session(Role::EstateManager, Reach::Household(home.code));
    app.send(unmask(&odd)).await.expect(403);
    let whole = app.send(unmask(&office)).await.expect(200);
    assert_eq!(whole["document"]["number"], "A123456(3)");
}

/// Whoever lives in two households is each office's for its own half.
#[actix_web::test]
async fn of_a_person_of_two_households_each_office_sees_its_own() {
    let (app, mut conn, home) = start_with_household().await;
    let (other, elsewhere) = house(&app, &mut conn).await;
    let same = member(&person("CHAN Tai Man", "A123456(3)"), "head");
    app.send(joining(other, "k", same)).await.expect(201);
    for (office, code) in [
        (home.office(), home.code),
        (Reach::Estates([elsewhere].into()), other),
    ] {
        let office = app.session(Role::EstateManager, office);
        let own = |stays: &Value| {
            let stays = stays.as_array().unwrap();
            assert_eq!(stays.len(), 1, "{stays:?}");
            assert_eq!(stays[0]["tenant_code"], code.to_string());
        };
        let path = format!("/v1/people/{}", home.head);
        let seen = app.send(Call::get(&path).bearer(&office)).await.expect(200);
        own(&seen["memberships"]);
        let clue = json!({ "document": { "kind": "hkid", "number": "A123456(3)" } });
        let call = Call::post("/v1/people/search").json(clue).bearer(&office);
        let found = app.send(call).await.expect(200);
        own(&found["items"][0]["memberships"]);
    }
}

#[actix_web::test]
async fn the_office_works_for_its_estate_until_the_tenancy_is_over() {
    let (app, mut conn, home) = start_with_household().await;
    let office = app.session(Role::EstateManager, home.office());
    let wife = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let join = Call::post(&format!("/v1/households/{}/members", home.code))
        .key("j")
        .json(wife)
        .bearer(&office);
    let wife = app.send(join).await.expect(201);
    let path = format!("/v1/people/{}", wife["person_id"].as_str().unwrap());
    app.send(Call::get(&path).bearer(&office)).await.expect(200);

    crate::support::world::end_tenancy(&mut conn, home.code, "2026-11-20", "2026-11-01T00:00:00Z");
    app.send(Call::get(&path).bearer(&office)).await.expect(200);
    app.clock.set("2026-11-20T16:00:00Z");
    let office = app.session(Role::EstateManager, home.office());
    app.send(Call::get(&path).bearer(&office)).await.expect(404);
}
