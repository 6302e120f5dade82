//! What a thief of the database, of its log, of Redis or of our logs finds: nobody.

mod forms;
mod planted;
mod server_log;

use std::fs;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::platform::db::{connect_as_owner, execute};
use kaifong::platform::vault::{FileRoot, Vault};
use serde_json::{Value, json};

use crate::support::fixture;
use crate::support::program::Program;
use crate::support::redis::Redis;
use crate::support::serving::Serving;
use forms::Search;
use planted::Planted;

/// How many come over HTTP; the others are loaded in bulk, and read over HTTP.
const BY_HTTP: u32 = 400;
/// A household has so many.
const A_HOUSE: u32 = 20;

/// Where something may have slipped out, what is there, and what must be there: a haystack that
/// does not have that was never filled.
struct Haystack {
    name: &'static str,
    bytes: Vec<u8>,
    marker: &'static str,
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn ten_thousand_people_are_found_in_no_dump_log_metric_or_redis() {
    let program = Program::new("leaks");
    let held = program.hold();
    let run = |words: &[&str]| {
        let output = program
            .command(words)
            .env("KAIFONG_DATABASE_URL", &held.url)
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    run(&["keys", "init"]);
    run(&["migrate"]);
    let token = run(&["token"]);
    let mut conn = connect_as_owner(&held.url).unwrap();
    let houses = load(&mut conn, program.folder());

    let redis = Redis::start();
    let mut settings = vec![("KAIFONG_LOG", "info,kaifong=trace")];
    let url = redis.as_ref().map(Redis::url);
    settings.extend(url.as_deref().map(|url| ("KAIFONG_REDIS_URL", url)));
    let serving = program.serve(&held.url, &settings);
    let own = join(&serving, &token, &mut conn);
    read(&serving, &token, houses.iter().chain(&own));
    search_and_unmask(&serving, &token, own[0]);
    guess(&serving);
    break_things((&serving, &token), &held.url, own[0]);

    let answer = serving.get("/healthz", "");
    assert!(
        !answer.headers.contains_key("server"),
        "{:?}",
        answer.headers
    );
    let metrics = serving.get("/metrics", "").text;
    let mut haystacks = vec![
        haystack(
            "metrics",
            metrics.into_bytes(),
            "/v1/households/{code}/members",
        ),
        haystack(
            "program's log",
            serving.stop().into_bytes(),
            "/v1/households/{code}/members",
        ),
        haystack("dump", Program::shell_beside(&held.url, DUMP), "membership"),
    ];
    haystacks.extend(redis.map(|redis| haystack("Redis", redis.everything(), "kaifong:limit:")));
    drop((conn, held));
    let log = fs::read(program.folder().join("cluster.log")).unwrap();
    haystacks.push(haystack("database's log", log, "planted_once"));

    let search = Search::of(planted::needles());
    for Haystack {
        name,
        bytes,
        marker,
    } in &haystacks
    {
        let marker = Search::of([(*marker).to_owned()]);
        assert!(
            marker.first(bytes).is_some(),
            "what was done did not get into the {name}: {}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(4_000)])
        );
    }
    let found: Vec<_> = haystacks
        .iter()
        .filter_map(|haystack| Some((haystack.name, search.first(&haystack.bytes)?)))
        .collect();
    assert!(found.is_empty(), "somebody is found: {found:#?}");
    // The search itself finds who is there.
    let somebody = Planted::number(4_711);
    for text in [
        somebody.hkid.printed(),
        somebody.zh,
        somebody.en,
        somebody.phone,
        somebody.email,
    ] {
        assert!(search.first(text.as_bytes()).is_some(), "{text}");
    }
}

const DUMP: &str = r#""$KAIFONG_PG_BIN/pg_dump" "$KAIFONG_DATABASE_URL""#;

fn haystack(name: &'static str, bytes: Vec<u8>, marker: &'static str) -> Haystack {
    Haystack {
        name,
        bytes,
        marker,
    }
}

/// Loads all but the first in bulk.
fn load(conn: &mut PgConnection, folder: &Path) -> Vec<TenantCode> {
    let now = SystemClock.now();
    let keys = folder.join("keys");
    let root = FileRoot::load_or_make(&keys.join("root.key")).unwrap();
    let vault = Vault::open(conn, Box::new(root), &keys, now).unwrap();
    planted::load(conn, &vault, BY_HTTP, now)
}

/// The first join households over HTTP.
fn join(serving: &Serving, token: &str, conn: &mut PgConnection) -> Vec<TenantCode> {
    let mut codes = Vec::new();
    for number in 0..BY_HTTP {
        if number % A_HOUSE == 0 {
            let flat = fixture::flat(conn, "35.50");
            let body = json!({
                "flat_id": flat, "kind": "prh", "starts_on": "2026-01-01", "household_size": 1,
            });
            let begun = serving.post(
                "/v1/tenancies",
                (token, &flat.to_string()),
                &body.to_string(),
            );
            let begun = begun.expect(201);
            codes.push(begun["tenant_code"].as_str().unwrap().parse().unwrap());
        }
        let role = if number % A_HOUSE == 0 {
            "head"
        } else {
            "authorised_member"
        };
        let body = member(&Planted::number(number).body(), role);
        let path = format!("/v1/households/{}/members", codes.last().unwrap());
        serving
            .post(&path, (token, &format!("p{number}")), &body)
            .expect(201);
    }
    codes
}

fn member(person: &Value, role: &str) -> String {
    json!({ "person": person, "role": role, "starts_on": "2026-01-01" }).to_string()
}

/// Every one of them is opened by the program.
fn read<'a>(serving: &Serving, token: &str, houses: impl Iterator<Item = &'a TenantCode>) {
    let mut seen = 0;
    for code in houses {
        let listed = serving
            .get(&format!("/v1/households/{code}/members"), token)
            .expect(200);
        seen += listed["items"].as_array().unwrap().len();
    }
    assert_eq!(seen, usize::try_from(planted::ALL).unwrap());
}

fn search_and_unmask(serving: &Serving, token: &str, house: TenantCode) {
    for number in (0..planted::ALL).step_by(997) {
        let Planted {
            hkid,
            zh,
            en,
            phone,
            ..
        } = Planted::number(number);
        for clue in [
            json!({ "document": { "kind": "hkid", "number": hkid.printed() } }),
            json!({ "phone": format!("+{phone}") }),
            json!({ "name_zh": zh }),
            json!({ "name_en": en }),
        ] {
            serving
                .post("/v1/people/search", (token, ""), &clue.to_string())
                .expect(200);
        }
    }
    let listed = serving
        .get(&format!("/v1/households/{house}/members"), token)
        .expect(200);
    for (number, item) in (0..).zip(listed["items"].as_array().unwrap()) {
        let note = format!("{} at the counter", Planted::number(number).en);
        let body = json!({
            "fields": ["document", "name_en", "phone"], "reason": "emergency", "note": note,
        });
        let path = format!(
            "/v1/people/{}/unmask",
            item["person"]["id"].as_str().unwrap()
        );
        serving
            .post(&path, (token, ""), &body.to_string())
            .expect(200);
    }
}

/// Who signs in types a name, an address or a card's number where another word belongs.
fn guess(serving: &Serving) {
    // Each refusal waits for the beat.
    for number in 0..4 {
        let Planted {
            hkid,
            en,
            phone,
            email,
            ..
        } = Planted::number(number);
        for typed in [hkid.printed(), hkid.reveal().to_owned(), en, phone, email] {
            let staff = json!({
                "grant_type": "password", "username": typed, "password": typed, "otp": "000000",
            });
            let pin = json!({ "grant_type": "pin", "tenant_code": typed, "pin": typed });
            for body in [staff, pin] {
                let heard = serving.post("/v1/auth/token", ("", ""), &body.to_string());
                assert!((400..500).contains(&heard.status), "{}", heard.text);
            }
            let heard = serving.get("/v1/auth/sessions", &typed.replace(' ', "."));
            assert_eq!(heard.status, 401);
        }
    }
}

/// Refusals, paths that are not there, and failures of the database.
fn break_things((serving, token): (&Serving, &str), url: &str, house: TenantCode) {
    let conn = &mut connect_as_owner(url).unwrap();
    let path = format!("/v1/households/{house}/members");
    let Planted {
        hkid,
        zh,
        en,
        phone,
        email,
    } = Planted::number(1);
    let unread = member(&Planted::number(BY_HTTP + 1).body(), &en);
    let again = member(&Planted::number(2).body(), "head");
    for body in [
        unread,
        again,
        zh.clone(),
        format!("{{\"{en}\": \"{phone}\"}}"),
    ] {
        let heard = serving.post(&path, (token, "refused"), &body);
        assert!((400..500).contains(&heard.status), "{}", heard.text);
    }
    for lost in [hkid.reveal(), &phone, &email] {
        assert_eq!(
            serving
                .get(&format!("/v1/nowhere/{lost}?of={lost}"), token)
                .status,
            404
        );
        let heard = serving.get(&format!("/v1/people/{lost}?of={lost}"), token);
        assert!((400..500).contains(&heard.status), "{}", heard.text);
    }
    execute(conn, "ALTER TABLE membership RENAME TO gone").unwrap();
    let broken = member(&Planted::number(BY_HTTP).body(), "head");
    serving.post(&path, (token, "broken"), &broken).expect(500);
    execute(conn, "ALTER TABLE gone RENAME TO membership").unwrap();
    // What a constraint refuses, with the values it refuses.
    execute(
        conn,
        "CREATE TABLE planted_once (zh text, phone text, UNIQUE (zh, phone))",
    )
    .unwrap();
    let insert = || {
        diesel::sql_query("INSERT INTO planted_once VALUES ($1, $2)")
            .bind::<Text, _>(&zh)
            .bind::<Text, _>(&phone)
    };
    // As a session does that does not see to it: the server's own settings are tried.
    let mut bare = PgConnection::establish(url).unwrap();
    insert().execute(&mut bare).unwrap();
    insert().execute(&mut bare).unwrap_err();
    execute(conn, "DROP TABLE planted_once").unwrap();
}
