//! Everybody's keys replaced while row-level security guards their rows: all of them are sealed
//! anew, and what was sealed before is worth nothing.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use kaifong::app;
use kaifong::cli::import::{How, Import};
use kaifong::kernel::clock::Clock;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::Unwatched;
use kaifong::platform::db::execute;
use kaifong::platform::vault::{KeyClass, Outcome, Progress, Rotation, rotate};
use kaifong::population::{self, Order};
use kaifong::rent;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{members, refused};
use crate::support::{Call, FixedClock, TestDatabase, count, start_on};

struct Quiet;

impl Progress for Quiet {
    fn at(&self, _: &'static str, _: i64, _: i64) {}
}

/// A database with a small population.
fn populated() -> TestDatabase {
    let database = TestDatabase::create();
    let now = FixedClock::at("2026-11-20T01:00:00Z").now();
    let import = Import::Reference {
        how: How::default(),
    };
    import.run(database.url(), now).unwrap();
    rent::assume_rates(&mut database.connect(), now).unwrap();
    let order = Order {
        months: 1,
        ..Order::new(25, 3, now)
    };
    let vault = database.vault(now);
    population::generate(database.url(), &vault, &order, now, &Unwatched).unwrap();
    database
}

fn seeing(person: Uuid) -> Call {
    let body = json!({
        "fields": ["document", "birth_date"], "reason": "identity_check",
    });
    Call::post(&format!("/v1/people/{person}/unmask"))
        .scope("people:unmask")
        .json(body)
}

#[actix_web::test]
async fn everybody_reads_the_same_under_new_keys_and_nothing_under_the_old() {
    let app = start_on(populated()).await;
    let mut owner = app.database.connect();
    let numbers: Vec<i64> = diesel::dsl::sql::<BigInt>("SELECT number FROM household ORDER BY 1")
        .load(&mut owner)
        .unwrap();
    let codes: Vec<_> = numbers
        .iter()
        .map(|number| TenantCode::of(*number).unwrap())
        .collect();
    let people: Vec<Uuid> = diesel::dsl::sql::<SqlUuid>("SELECT id FROM person ORDER BY 1")
        .load(&mut owner)
        .unwrap();
    assert!(codes.len() >= 25 && people.len() > codes.len());
    let read = async || {
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        for code in &codes {
            let answer = app.send(members(*code)).await.expect(200);
            all.insert(code.to_string(), answer);
        }
        for person in people.iter().take(20) {
            let answer = app.send(seeing(*person)).await.expect(200);
            all.insert(person.to_string(), answer);
        }
        all
    };
    let before = read().await;
    execute(&mut owner, "CREATE TABLE before AS SELECT * FROM person").unwrap();

    let vault = app.database.vault(app.clock.now());
    let rotation = Rotation {
        class: KeyClass::Identity,
        columns: &app::sealed_columns(),
        retire: true,
        now: app.clock.now(),
    };
    let done = rotate(app.database.url(), &vault, &rotation, &Quiet);
    assert_eq!(done.unwrap(), Outcome::Done);

    let whole = i64::try_from(people.len()).unwrap();
    let keys = "data_key WHERE class = 'identity' AND";
    for (from, rows) in [
        ("version = 1 AND wrapped = ''", whole),
        ("version = 2 AND state = 'active'", whole),
    ] {
        assert_eq!(count(&mut owner, &format!("{keys} {from}")), rows, "{from}");
    }
    for column in kaifong::people::SEALED {
        let name = column.column;
        let still_old = format!("person WHERE get_byte({name}, 3) <> 2");
        assert_eq!(count(&mut owner, &still_old), 0, "{name}");
        let lost = format!(
            "person p JOIN before b USING (id) WHERE (p.{name} IS NULL) <> (b.{name} IS NULL) \
             OR length(p.{name}) <> length(b.{name}) OR p.revision <> b.revision"
        );
        assert_eq!(count(&mut owner, &lost), 0, "{name}");
    }
    let after = read().await;
    assert_eq!(before, after);
    assert_eq!(vault.unopenable().get(), 0);

    let back = "UPDATE person p SET document = b.document, name_en = b.name_en, \
        name_zh = b.name_zh, birth_date = b.birth_date FROM before b WHERE b.id = p.id";
    execute(&mut owner, back).unwrap();
    for person in people.iter().take(20) {
        refused(&app.send(seeing(*person)).await, 500, "integrity-error");
    }
}
