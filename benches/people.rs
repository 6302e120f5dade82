//! `POST /v1/people/search` by identity card through HTTP keep-alive with a checked token,
//! beside pgbench running the statements of that search, the entry in the audit trail included,
//! in one transaction, prepared, with as many connections.
//!
//! The cards are the generator's own. What one looks like in the blind index only the vault
//! knows, so pgbench asks for indexes that it finds in the table.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use kaifong::population;

use super::http::{CONNECTIONS, ROUNDS, SECONDS, Server, rate};
use super::tools::{Database, finished, folder, median, pg};

/// People asked for; enough to defeat caches of single rows.
const PEOPLE: u64 = 200_000;
/// The seed of the generated people.
const SEED: u64 = 1;

pub fn bench(history: &Database) {
    let people: u64 = history
        .psql("SELECT count(*) FROM person")
        .trim()
        .parse()
        .unwrap();
    write_cards(people);
    history.psql(
        "CREATE TABLE bench_person AS SELECT row_number() OVER () AS n, document_index, id \
         FROM person ORDER BY md5(id::text) LIMIT 200000; \
         ALTER TABLE bench_person ADD PRIMARY KEY (n); \
         GRANT SELECT ON bench_person TO kaifong_app; ANALYZE bench_person",
    );
    let token = history.kaifong(&["token", "--scope", "people:search", "--seconds", "7200"]);
    let program = Server::start(history, "127.0.0.1:18183");
    // Not counted: caches fill, statements are prepared.
    let _ = (load(&program, &token), pgbench(history));
    let (mut served, mut bare) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        bare.push(pgbench(history));
        served.push(load(&program, &token));
    }
    let (served, bare) = (median(served), median(bare));
    println!(
        "POST /v1/people/search by card over {people} people, {CONNECTIONS} connections, {SECONDS} s, {ROUNDS} rounds:"
    );
    println!(
        "  kaifong {served:.0}/s, pgbench {bare:.0}/s: ratio {:.2} (at least 0.40)\n",
        served / bare
    );
    history.psql("DROP TABLE bench_person");
}

/// A script for wrk that asks for cards of people here and there among all.
fn write_cards(people: u64) {
    let mut cards = String::new();
    let step = (people / PEOPLE.min(people)).max(1);
    for which in (0..people).step_by(usize::try_from(step).unwrap()) {
        let card = population::card(SEED, which).unwrap();
        writeln!(cards, "{}", card.reveal()).unwrap();
    }
    fs::write(folder().join("cards"), cards).unwrap();
    let script = format!(
        "local cards = {{}}\n\
         for card in io.lines('{}') do cards[#cards + 1] = card end\n\
         local n = 0\n\
         wrk.headers['Content-Type'] = 'application/json'\n\
         request = function()\n\
           n = (n + 7919) % #cards\n\
           return wrk.format('POST', '/v1/people/search', nil,\n\
             '{{\"document\":{{\"kind\":\"hkid\",\"number\":\"' .. cards[n + 1] .. '\"}}}}')\n\
         end\n\
         done = function(summary)\n\
           if summary.errors.status > 0 then print('REFUSED ' .. summary.errors.status) end\n\
         end\n",
        folder().join("cards").display()
    );
    fs::write(folder().join("cards.lua"), script).unwrap();
}

fn load(program: &Server, token: &str) -> f64 {
    program.run("cards.lua", token).0
}

/// Searches a second.
fn pgbench(database: &Database) -> f64 {
    let script = "\\set n random(1, 200000)\n\
        BEGIN;\n\
        SET LOCAL ROLE kaifong_app;\n\
        SELECT set_config('kaifong.reach', 'everywhere', true);\n\
        SELECT p.* FROM person p WHERE document_index = (SELECT document_index FROM bench_person WHERE n = :n) ORDER BY id LIMIT 500;\n\
        SELECT * FROM data_key WHERE class = 'identity' AND subject = (SELECT id FROM bench_person WHERE n = :n);\n\
        INSERT INTO audit_entry (id, actor, action, subject, at, person, fields, purpose) \
          SELECT gen_random_uuid(), 'pgbench', 'viewed', id::text, now(), id, ARRAY['document'], 'search' FROM bench_person WHERE n = :n;\n\
        SELECT * FROM membership WHERE person = (SELECT id FROM bench_person WHERE n = :n) ORDER BY starts_on, id;\n\
        END;\n";
    let file = folder().join("search.pgbench");
    fs::write(&file, script).unwrap();
    let said = finished(
        Command::new(pg("pgbench"))
            .args([
                "-n",
                "-M",
                "prepared",
                "-c",
                CONNECTIONS,
                "-j",
                "1",
                "-T",
                SECONDS,
                "-f",
            ])
            .arg(&file)
            .arg(&database.url),
    );
    rate(&said)
}
