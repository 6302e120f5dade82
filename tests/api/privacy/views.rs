//! Who viewed my record: kinds and purposes, never names.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::platform::db::execute;

use crate::people::{house, joining, member, person, start_with_household};
use crate::support::Call;

#[actix_web::test]
async fn a_household_learns_who_read_its_records_since_they_are_its_own() {
    let (app, mut owner, home) = start_with_household().await;
    let (other, _) = house(&app, &mut owner).await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "head");
    let lee = app.send(joining(other, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap().to_owned();
    let look = |id: &str| Call::get(&format!("/v1/people/{id}")).scope("people:read");
    for id in [&home.head, &lee] {
        app.send(look(id).by("officer-9")).await.expect(200);
    }
    app.clock.advance(60);
    let tenant = app.session(Role::Tenant, Reach::Household(home.code));
    let own = Call::get(&format!("/v1/people/{}", home.head)).bearer(&tenant);
    app.send(own).await.expect(200);
    // Before the head joined: somebody else's business.
    let before = format!(
        "INSERT INTO audit_entry (id, actor, action, subject, at, person, fields, purpose) VALUES \
         (gen_random_uuid(), 'officer-9', 'record.viewed', 'x', '2025-12-31 15:59Z', '{}', \
          '{{phone}}', 'earlier')",
        home.head
    );
    execute(&mut owner, &before).unwrap();

    let views = |query: &str| Call::get(&format!("/v1/self-service/views{query}")).bearer(&tenant);
    let answer = app.send(views("")).await;
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    assert!(
        !text.contains("officer") && !text.contains("earlier"),
        "{text}"
    );
    let all = answer.expect(200);
    let items = all["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{all}");
    assert!(items.iter().all(|one| one["person_id"] == home.head));
    assert_eq!(items[1]["by"], "staff");
    assert_eq!(items[1]["purpose"], "one person");
    assert_eq!(items[1]["fields"].as_array().unwrap().len(), 8);

    let first = app.send(views("?limit=1")).await.expect(200);
    assert_eq!(first["items"][0], items[0]);
    let next = first["next"].as_str().unwrap();
    let rest = app
        .send(views(&format!("?limit=1&after={next}")))
        .await
        .expect(200);
    assert_eq!(rest["items"][0], items[1]);
    assert_eq!(rest.get("next"), None);
}
