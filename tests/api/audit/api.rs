//! The trail over HTTP.

use kaifong::platform::audit::{self, Viewed};
use kaifong::platform::db::connect;
use kaifong::platform::tlog::Checkpoint;
use serde_json::Value;
use uuid::Uuid;

use super::{Folder, ORIGIN, at, officer, record};
use crate::support::{Call, TestDatabase, start_on};

async fn listed(database: TestDatabase, queries: &[String]) -> Vec<Value> {
    let app = start_on(database).await;
    let mut answers = Vec::new();
    for query in queries {
        let path = format!("/v1/audit/entries?{query}");
        answers.push(
            app.send(Call::get(&path).scope("audit:read"))
                .await
                .expect(200),
        );
    }
    answers
}

fn subjects(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["subject"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn entries_are_found_by_each_of_their_properties() {
    let database = TestDatabase::create();
    let mut conn = connect(database.url()).unwrap();
    let person = Uuid::now_v7();
    record(&mut conn, "first", "2026-11-19T15:59:59Z".parse().unwrap());
    record(&mut conn, "second", "2026-11-19T16:00:00Z".parse().unwrap());
    record(&mut conn, "third", "2026-11-20T15:59:59Z".parse().unwrap());
    let viewed = Viewed {
        person,
        household: Some("1000000018"),
        fields: &["hkid"],
        purpose: "enquiry",
        request: None,
    };
    let fourth = "2026-11-20T16:00:00Z".parse().unwrap();
    audit::viewed(&mut conn, &officer(), &viewed, fourth).unwrap();
    let id = person.to_string();
    let answers = listed(
        database,
        &[
            "actor=officer-7".to_owned(),
            "actor=officer-8".to_owned(),
            "subject=second".to_owned(),
            "action=record.viewed".to_owned(),
            format!("person={id}"),
            "from=2026-11-20&to=2026-11-20".to_owned(),
            "action=test.thing.done&from=2026-11-20".to_owned(),
        ],
    )
    .await;
    let expected: [&[&str]; 7] = [
        &[&id, "third", "second", "first"],
        &[],
        &["second"],
        &[&id],
        &[&id],
        &["third", "second"],
        &["third", "second"],
    ];
    for (answer, expected) in answers.iter().zip(expected) {
        assert_eq!(subjects(answer), expected);
    }
    let entry = &answers[3]["items"][0];
    assert_eq!(entry["fields"][0], "hkid");
    assert_eq!(entry["purpose"], "enquiry");
    assert_eq!(entry["sealed_detail"], false);
}

#[actix_web::test]
async fn pages_follow_each_other_even_among_entries_of_one_instant() {
    let app = start_on(TestDatabase::create()).await;
    let mut conn = connect(app.database.url()).unwrap();
    for number in 0..7 {
        record(&mut conn, &number.to_string(), at(number / 4));
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/audit/entries?limit=2{after}");
        let page = app
            .send(Call::get(&path).scope("audit:read"))
            .await
            .expect(200);
        seen.extend(subjects(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    let mut times: Vec<_> = seen
        .iter()
        .map(|text| text.parse::<u8>().unwrap() / 4)
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{seen:?}");
    times.dedup();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), times), (7, vec![1, 0]));
}

#[actix_web::test]
async fn questions_that_cannot_be_are_refused() {
    let app = start_on(TestDatabase::create()).await;
    // A place before any that PostgreSQL knows, and one that is no place.
    let far =
        "WyItMjYyMTQzLTAxLTAxVDAwOjAwOjAwWiIsIjAxOTQwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSJd";
    for query in [
        "actor=",
        "actor=%00",
        "subject=a%0Ab",
        &format!("action={}", "a".repeat(201)),
        "person=7",
        "from=2026-13-01",
        "to=-262143-01-01",
        "limit=0",
        "limit=101",
        "after=x",
        &format!("after={far}"),
        "name=Chan",
    ] {
        let path = format!("/v1/audit/entries?{query}");
        let answer = app.send(Call::get(&path).scope("audit:read")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.problem(), "malformed-request", "{query}");
    }
}

#[actix_web::test]
async fn everybody_may_read_the_newest_checkpoint() {
    let app = start_on(TestDatabase::create()).await;
    let none = app.send(Call::get("/v1/audit/checkpoint")).await;
    assert_eq!((none.status.as_u16(), none.problem()), (404, "not-found"));
    let folder = Folder::new();
    let sealer = audit::Sealer {
        signer: kaifong::platform::tlog::NoteSigner::generate(ORIGIN).unwrap(),
        folder: folder.path().join("checkpoints"),
    };
    let mut conn = connect(app.database.url()).unwrap();
    record(&mut conn, "one", at(0));
    // What is younger than a transaction of another test waits.
    while audit::seal(&mut conn, &sealer, at(1)).unwrap().size < 2 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }

    let answer = app.send(Call::get("/v1/audit/checkpoint")).await;

    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    let note = String::from_utf8(answer.bytes).unwrap();
    let read = Checkpoint::open(&note, &[sealer.signer.public().clone()]).unwrap();
    assert_eq!((read.origin.as_str(), read.size), (ORIGIN, 2));
}
