//! Every operation x role x relation: the answer is what the access table says.
//!
//! Without the scope 403, whatever the row. With it, a row outside the caller's reach is
//! answered byte for byte as one that does not exist, and a row within it is not.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use kaifong::access::{Post, Relation, Right, TABLE, grants, matrix};
use kaifong::app;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use serde_json::{Value, json};

use super::objects::{Kind, World, build};
use crate::support::{Answer, Call, TestDatabase, start_on};

/// Where a holder of `role` is posted in these tests.
fn post(world: &World, role: Role) -> Reach {
    match role {
        Role::Tenant | Role::Delegate => Reach::Household(world.near),
        _ => Reach::Estates([world.near_estate].into()),
    }
}

/// Whether a row of `kind` beside the caller is within `reach`.
fn near(kind: Kind, reach: &Reach) -> bool {
    kind != Kind::Estate || !matches!(reach, Reach::Household(_))
}

fn call(world: &World, cell: &kaifong::access::Cell, path: &str, key: &str) -> Call {
    // Operations with a parameter that they cannot do without.
    let path = match cell.operation.as_str() {
        "bring_payment_file" => format!("{path}?name=f"),
        "read_payment_channel_shares" => format!("{path}?month=2026-11"),
        _ => path.to_owned(),
    };
    let asked = Call::new(&cell.method, &path)
        .key(key)
        .header("If-Match", "\"1\"");
    match world.body(&cell.operation) {
        Some(body) => asked.json(body),
        None => asked,
    }
}

/// All of an answer but what differs from one request to the next.
fn told(answer: &Answer) -> (StatusCode, Vec<u8>, Vec<(String, String)>) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, answer.bytes.clone(), headers)
}

#[actix_web::test]
async fn every_cell_of_the_access_matrix_is_answered_as_the_table_says() {
    let database = TestDatabase::create();
    let world = build(&database);
    let app = start_on(database).await;
    let cells = matrix(&app::document());
    let mut tried = 0;
    for (number, cell) in cells.iter().enumerate() {
        let Some(scope) = cell.scope.as_deref() else {
            continue;
        };
        let places = world.places(&cell.path);
        let token = app.session(cell.role, post(&world, cell.role));
        let mut answers = Vec::new();
        for (place, path) in [
            ("near", &places.near),
            ("far", &places.far),
            ("absent", &places.absent),
        ] {
            let call = call(&world, cell, path, &format!("{number}-{place}"));
            answers.push((place, app.send(call.bearer(&token)).await));
            tried += 1;
        }
        let name = format!("{} {} as {}", cell.method, cell.path, cell.role);
        let granted = grants(&[Post {
            role: cell.role,
            at: post(&world, cell.role),
        }]);
        let Some(reach) = granted.get(scope) else {
            assert_eq!(cell.may, "no", "{name}");
            for (place, answer) in &answers {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}, {place}");
            }
            continue;
        };
        assert_ne!(cell.may, "no", "{name}");
        let [(_, here), (_, there), (_, nowhere)] = &answers[..] else {
            unreachable!()
        };
        for answer in [here, there, nowhere] {
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            assert!(
                !refused.contains(&answer.status),
                "{name}: {:?}",
                answer.body
            );
            assert!(
                !answer.status.is_server_error(),
                "{name}: {:?}",
                answer.body
            );
        }
        // A body that cannot be read would be refused before the row is looked at.
        assert_ne!(
            here.status,
            StatusCode::BAD_REQUEST,
            "{name}: {:?}",
            here.body
        );
        if places.kind == Kind::Nobodys {
            continue;
        }
        assert_eq!(
            nowhere.status,
            StatusCode::NOT_FOUND,
            "{name}, absent: {:?}",
            nowhere.body
        );
        assert_eq!(
            here.status != StatusCode::NOT_FOUND || is_about_an_entry(here, cell),
            near(places.kind, reach),
            "{name}, near: {} {:?}",
            here.status,
            here.body,
        );
        if reach.is_everywhere() {
            assert!(
                there.status != StatusCode::NOT_FOUND || is_about_an_entry(there, cell),
                "{name}, far: {:?}",
                there.body
            );
        } else {
            assert_eq!(
                told(there),
                told(nowhere),
                "{name}: far is not told as absent"
            );
        }
    }
    assert!(tried > 500, "{tried}");
}

/// The account is there, the entry to reverse is not.
fn is_about_an_entry(_: &Answer, cell: &kaifong::access::Cell) -> bool {
    cell.operation == "reverse_rent"
}

/// What no role holds for less than everything is of no use to whoever held it for less.
#[actix_web::test]
async fn work_of_the_whole_authority_is_refused_to_whoever_reaches_less() {
    let database = TestDatabase::create();
    let world = build(&database);
    let app = start_on(database).await;
    let whole: BTreeMap<&str, &Right> = TABLE
        .iter()
        .filter(|right| {
            let mut relations = right.holders.iter().map(|(_, relation)| relation);
            relations.all(|relation| *relation == Relation::Everywhere)
        })
        .map(|right| (right.scope, right))
        .collect();
    let mut tried = BTreeSet::new();
    for cell in matrix(&app::document()) {
        let right = cell.scope.as_deref().and_then(|scope| whole.get(scope));
        let Some(right) = right.filter(|_| tried.insert(cell.operation.clone())) else {
            continue;
        };
        for reach in [
            Reach::Estates([world.near_estate].into()),
            Reach::Household(world.near),
            Reach::nothing(),
        ] {
            let token = app.session_with(right.scope, reach);
            let path = world.places(&cell.path).near;
            let call = call(&world, &cell, &path, &cell.operation);
            let answer = app.send(call.bearer(&token)).await;
            let name = format!("{} {}: {:?}", cell.method, cell.path, answer.body);
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
        }
    }
    assert!(tried.len() > 30, "{tried:?}");
}

#[actix_web::test]
async fn a_row_named_in_a_body_is_looked_at_as_one_in_a_path() {
    let database = TestDatabase::create();
    let world = build(&database);
    let app = start_on(database).await;
    for (scope, path, far, absent) in world.foreign_bodies() {
        let holders = Role::ALL.iter().filter(|role| {
            let post = Post {
                role: **role,
                at: post(&world, **role),
            };
            let granted = grants(&[post]);
            let reach = granted.get(scope.as_str());
            reach.is_some_and(|reach| !reach.is_everywhere())
        });
        for role in holders {
            let token = app.session(*role, post(&world, *role));
            let send = |body: &Value, key: &str| {
                let method = match path.as_str() {
                    "/v1/tenant-pins" => "PUT",
                    _ => "POST",
                };
                let call = Call::new(method, &path)
                    .key(key)
                    .header("If-Match", "\"1\"");
                app.send(call.json(body.clone()).bearer(&token))
            };
            let (there, nowhere) = (send(&far, "far").await, send(&absent, "absent").await);
            // For that it is not there, and for nothing that is looked at later.
            let problem = there.problem();
            assert!(
                problem.starts_with("no-such-") || problem == "not-found",
                "{path} as {role}: {:?}",
                there.body
            );
            assert_eq!(told(&there), told(&nowhere), "{path} as {role}");
        }
    }
}

/// An entry that is there, so that only the reach can be in the way.
#[actix_web::test]
async fn an_entry_of_a_far_account_is_not_reversed_from_here() {
    let database = TestDatabase::create();
    let world = build(&database);
    let app = start_on(database).await;
    let adjusted = Call::post(&world.places("/v1/rent-accounts/{code}/adjustments").far)
        .scope("rent:correct")
        .key("adjusted")
        .json(json!({ "amount": "10.00", "effective_on": "2026-11-20", "reason": "a test" }));
    let entry = app.send(adjusted).await.expect(201)["id"].clone();
    let places = world.places("/v1/rent-accounts/{code}/reversals");
    let reversed = |path: &str| {
        Call::post(path)
            .key(path)
            .json(json!({ "entry": entry, "reason": "a test" }))
    };
    let manager = app.session(Role::EstateManager, post(&world, Role::EstateManager));
    let far = app.send(reversed(&places.far).bearer(&manager)).await;
    let absent = app.send(reversed(&places.absent).bearer(&manager)).await;
    assert_eq!(far.status, StatusCode::NOT_FOUND, "{:?}", far.body);
    assert_eq!(told(&far), told(&absent));
    app.send(reversed(&places.far).scope("rent:correct"))
        .await
        .expect(201);
}

#[actix_web::test]
async fn lists_hold_what_is_within_reach_and_nothing_else() {
    let database = TestDatabase::create();
    let world = build(&database);
    let app = start_on(database).await;
    for (role, rows) in [
        (Role::EstateOfficer, 1),
        (Role::Tenant, 1),
        (Role::Auditor, 2),
    ] {
        let token = app.session(role, post(&world, role));
        let list = app.send(Call::get("/v1/tenancies").bearer(&token)).await;
        let list = list.expect(200);
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), rows, "{role}");
        assert!(
            items
                .iter()
                .any(|item| item["tenant_code"] == world.near.to_string())
        );
    }
}

#[actix_web::test]
async fn devices_are_listed_to_whoever_works_in_their_estate() {
    let database = TestDatabase::create();
    let world = build(&database);
    let app = start_on(database).await;
    let at = |estate| Reach::Estates([estate].into());
    for (reach, estates) in [
        (at(world.near_estate), vec![world.near_estate]),
        (at(world.far_estate), vec![world.far_estate]),
        (Reach::Household(world.near), vec![]),
    ] {
        let token = app.session_with("devices:read", reach);
        let list = app.send(Call::get("/v1/devices").bearer(&token)).await;
        let list = list.expect(200);
        let listed = list["items"].as_array().unwrap().iter();
        let listed: Vec<_> = listed.map(|item| item["estate"].clone()).collect();
        assert_eq!(json!(listed), json!(estates));
    }
}

#[actix_web::test]
async fn a_session_that_has_ended_and_an_unknown_one_are_no_one() {
    let database = TestDatabase::create();
    let world = build(&database);
    let app = start_on(database).await;
    let token = app.session(Role::Auditor, post(&world, Role::Auditor));
    app.send(Call::get("/v1/tenancies").bearer(&token))
        .await
        .expect(200);
    app.end_sessions();
    let answer = app.send(Call::get("/v1/tenancies").bearer(&token)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
