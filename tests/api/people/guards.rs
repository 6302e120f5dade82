//! The second lines: what holds when a statement or a writer of the database is at fault.

use diesel::prelude::*;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::platform::db::DbError;
use kaifong::platform::db::{connect, execute, reach_in, transact};

use super::{house, joining, member, person, start_with_household};
use crate::support::{Call, count};

#[actix_web::test]
async fn without_a_reach_the_application_sees_nobody() {
    let (app, mut owner, home) = start_with_household().await;
    let (other, elsewhere) = house(&app, &mut owner).await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "head");
    app.send(joining(other, "k", lee)).await.expect(201);
    let mut conn = connect(app.database.url()).unwrap();
    let seen = |conn: &mut PgConnection| (count(conn, "person"), count(conn, "membership"));
    assert_eq!(seen(&mut owner), (2, 2));
    assert_eq!(seen(&mut conn), (0, 0));
    for (reach, rows) in [
        (Reach::Everywhere, 2),
        (home.office(), 1),
        (Reach::Estates([home.estate, elsewhere].into()), 2),
        (Reach::Household(other), 1),
        (Reach::Person(home.head.parse().unwrap()), 1),
        (Reach::nothing(), 0),
    ] {
        let within: Result<_, DbError> = transact(&mut conn, |conn| {
            reach_in(conn, &reach)?;
            Ok(seen(conn))
        });
        assert_eq!(within.unwrap(), (rows, rows), "{reach:?}");
        // And nothing of it is left for whoever has the connection next.
        assert_eq!(seen(&mut conn), (0, 0));
    }
    // A change out of reach is a silent nothing: the code must look at the rows.
    let changed = diesel::sql_query("UPDATE person SET revision = 9").execute(&mut conn);
    assert_eq!(changed.unwrap(), 0);
    assert!(execute(&mut conn, "DELETE FROM person").is_err());
    assert!(execute(&mut conn, "UPDATE membership SET role = 'head'").is_err());
    assert!(execute(&mut conn, "ALTER TABLE person DISABLE ROW LEVEL SECURITY").is_err());
}

#[actix_web::test]
async fn cells_moved_between_people_or_rolled_back_do_not_open() {
    let (app, mut owner, home) = start_with_household().await;
    let lee = member(&person("LEE Mei", "AB987654(3)"), "authorised_member");
    let lee = app.send(joining(home.code, "k", lee)).await.expect(201);
    let lee = lee["person_id"].as_str().unwrap();
    let read = |id: &str| Call::get(&format!("/v1/people/{id}")).scope("people:read");
    let columns = [
        "name_zh",
        "name_en",
        "document",
        "symbols",
        "birth_date",
        "sex",
        "phone",
        "email",
    ];
    for column in columns {
        let swap =
            format!("UPDATE person p SET {column} = o.{column} FROM person o WHERE o.id <> p.id");
        execute(&mut owner, &swap).unwrap();
        for id in [home.head.as_str(), lee] {
            let answer = app.send(read(id)).await;
            assert_eq!(answer.problem(), "integrity-error", "{column}");
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            assert!(!text.contains("CHAN") && !text.contains("LEE"), "{text}");
        }
        execute(&mut owner, &swap).unwrap();
        app.send(read(lee)).await.expect(200);
    }
    // One column in another's place.
    execute(
        &mut owner,
        "UPDATE person SET name_zh = name_en, name_en = name_zh",
    )
    .unwrap();
    assert_eq!(app.send(read(lee)).await.problem(), "integrity-error");
    execute(
        &mut owner,
        "UPDATE person SET name_zh = name_en, name_en = name_zh",
    )
    .unwrap();
    // The row as it was before a correction.
    execute(&mut owner, "CREATE TABLE before AS SELECT * FROM person").unwrap();
    let change = super::correcting(lee, 1, serde_json::json!({ "phone": "61234567" }));
    app.send(change).await.expect(200);
    let back = "UPDATE person p SET phone = b.phone FROM before b WHERE b.id = p.id";
    execute(&mut owner, back).unwrap();
    assert_eq!(app.send(read(lee)).await.problem(), "integrity-error");
    assert!(count(&mut owner, "audit_entry WHERE action = 'vault.unopenable'") >= 17);
}

#[actix_web::test]
async fn a_household_of_five_is_read_with_a_bounded_number_of_statements() {
    let (app, mut owner, home) = start_with_household().await;
    for (key, hkid) in [
        ("1", "AB987654(3)"),
        ("2", "E364912(5)"),
        ("3", "D288754(2)"),
        ("4", "G123456(A)"),
    ] {
        let one = member(&person("LEE Mei", hkid), "authorised_member");
        app.send(joining(home.code, key, one)).await.expect(201);
    }
    let office = app.session(Role::EstateOfficer, home.office());
    let path = format!("/v1/households/{}/members", home.code);
    let listed = app.send(Call::get(&path).bearer(&office)).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 5);
    // Of each person one entry, and all in the one transaction of the request.
    let views = "(SELECT DISTINCT written_by FROM audit_entry WHERE purpose = 'list of members') w";
    assert_eq!(count(&mut owner, views), 1);
}
