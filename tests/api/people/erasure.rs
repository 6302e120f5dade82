//! Nothing is left of somebody who is erased, and the trail stays.

use kaifong::kernel::clock::Clock;
use kaifong::kernel::reach::Reach;
use kaifong::people::{self, By, PeopleError};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, reach_in, transact};
use serde_json::json;

use super::{joining, leaving, member, person, searching, start_with_household};
use crate::support::{Call, count};

#[actix_web::test]
async fn somebody_who_left_is_erased_on_two_peoples_word() {
    let (app, mut owner, home) = start_with_household().await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let lee = app.send(joining(home.code, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap().to_owned();
    let vault = app.database.vault(app.clock.now());
    let erase = |approved_by: [&str; 2]| {
        let approved_by = approved_by.map(Actor::named);
        let by = By {
            vault: &vault,
            actor: &approved_by[0],
            reach: &Reach::Everywhere,
            access: None,
            now: app.clock.now(),
        };
        let mut conn = connect(app.database.url()).unwrap();
        transact(&mut conn, |conn| {
            reach_in(conn, by.reach)?;
            let word = ("case 7", [&approved_by[0], &approved_by[1]]);
            people::erase(conn, by, lee.parse().unwrap(), word)
        })
    };
    assert!(matches!(
        erase(["one", "other"]),
        Err(PeopleError::StillMember)
    ));
    let out = json!({ "ends_on": "2026-11-20", "reason": "moved_out" });
    app.send(leaving(home.code, &lee, "l", 1, out))
        .await
        .expect(200);
    app.clock.set("2026-11-21T01:00:00Z");
    assert!(matches!(erase(["one", "one"]), Err(PeopleError::Vault(_))));
    erase(["one", "other"]).unwrap();

    let read = Call::get(&format!("/v1/people/{lee}")).scope("people:read");
    let read = app.send(read).await.expect(200);
    assert_eq!(read["person"], json!({ "id": lee, "erased": true }));
    assert_eq!(read["memberships"].as_array().unwrap().len(), 1);
    let card = json!({ "document": { "kind": "hkid", "number": "AB987654(3)" } });
    assert_eq!(
        app.send(searching(card)).await.expect(200)["items"],
        json!([])
    );
    assert_eq!(
        count(
            &mut owner,
            "person WHERE erased_at IS NOT NULL AND document IS NULL"
        ),
        1
    );
    assert_eq!(count(&mut owner, "data_key WHERE state = 'destroyed'"), 1);
    assert!(matches!(erase(["one", "other"]), Err(PeopleError::Erased)));
    // Should they come back, they come as somebody new.
    let again = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let again = app.send(joining(home.code, "k9", again)).await.expect(201);
    assert_ne!(again["person_id"], lee);
}
