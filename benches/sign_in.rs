//! What checking a token costs, and what hashing does to everyone else.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::platform::auth::{Issuer, Jwks, SessionClaims, Verifier};
use kaifong::platform::crypto::SigningKey;
use uuid::Uuid;

use super::http::{Server, write_codes_of};
use super::tools::{Database, folder, median, timed};

const TOKENS: u32 = 5_000;
const ROUNDS: usize = 3;

/// Each token is checked once, so none is remembered.
pub fn tokens() {
    let (key, clock) = (SigningKey::generate().unwrap(), Arc::new(SystemClock));
    let issuer = Issuer {
        issuer: "kaifong".to_owned(),
        audience: "kaifong".to_owned(),
    };
    let now = clock.now().timestamp();
    let verifier = Verifier::new(issuer.clone(), Jwks::of(&key), clock);
    let tokens: Vec<_> = (0..TOKENS)
        .map(|_| {
            let session = SessionClaims {
                sub: "staff:x",
                sid: Uuid::now_v7(),
                acr: "aal2",
                amr: &[],
            };
            issuer.mint_for_session(&key, &session, now, 300)
        })
        .collect::<Result<_, _>>()
        .unwrap();
    let (took, good) = timed(|| {
        let checked = tokens.iter().map(|token| verifier.claims(token));
        checked.flatten().count()
    });
    assert_eq!(good, tokens.len());
    println!(
        "a token that was not seen before: {:.1} us (less than 100)\n",
        took.as_secs_f64() * 1e6 / f64::from(TOKENS)
    );
}

/// Reads of rent accounts at an even, low rate, alone and beside guesses at PINs.
pub fn hashing(history: &Database) {
    let token = history.kaifong(&["token", "--scope", "rent:read", "--seconds", "7200"]);
    write_codes_of(history);
    let server = Server::start(history, "127.0.0.1:18183");
    let _ = server.tail(&token);
    let (mut idle, mut loaded) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        idle.push(server.tail(&token));
        let mut guessing = guess(server.address);
        loaded.push(server.tail(&token));
        let _ = guessing.kill();
        let _ = guessing.wait();
    }
    let (idle, loaded) = (median(idle), median(loaded));
    println!(
        "99% of reads: {idle:.2} ms idle, {loaded:.2} ms beside guesses at PINs: ratio {:.2} (at most 2)\n",
        loaded / idle
    );
}

/// Guesses at the PINs of many households, from eight connections.
fn guess(address: &str) -> std::process::Child {
    let script = format!(
        "local codes = {{}}\n\
         for code in io.lines('{}') do codes[#codes + 1] = code end\n\
         local n = 0\n\
         request = function()\n\
           n = n % #codes + 1\n\
           local body = 'grant_type=pin&pin=192837&tenant_code=' .. codes[n]\n\
           local form = 'application/x-www-form-urlencoded'\n\
           return wrk.format('POST', '/v1/auth/token', {{ ['Content-Type'] = form }}, body)\n\
         end\n",
        folder().join("codes").display()
    );
    let file = folder().join("guesses.lua");
    fs::write(&file, script).unwrap();
    Command::new("wrk")
        .args(["-t1", "-c", "8", "-d", "60", "-s"])
        .arg(file)
        .arg(format!("http://{address}"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}
