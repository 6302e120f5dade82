//! What checking a token costs, and what hashing does to everyone else.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::platform::auth::{Issuer, Jwks, SessionClaims, Verifier};
use kaifong::platform::crypto::SigningKey;
use serde_json::{Value, json};
use uuid::Uuid;

use super::http::{Server, write_codes_of};
use super::tools::{Database, folder, median, timed};

const TOKENS: u32 = 5_000;
const ROUNDS: usize = 3;
/// Names that each kind of refusal is measured with.
const NAMES: i64 = 15;

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
            let claims = SessionClaims {
                sub: "staff:x",
                sid: Uuid::now_v7(),
                acr: "aal2",
                amr: &[],
            };
            issuer.mint_for_session(&key, &claims, now, 300)
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

/// A refusal must not tell by its time why: nobody has the name, the secret is wrong, or the
/// factor is closed. Medians, asked for in turn, of PINs and of passwords.
#[expect(clippy::too_many_lines, reason = "one measurement, told in order")]
pub fn refusals(history: &Database) {
    let token = history.kaifong(&["token", "--seconds", "7200"]);
    let (first, _) = write_codes_of(history);
    let server = Server::start(history, "127.0.0.1:18184");
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let code = |number: i64| TenantCode::of(number).unwrap().to_string();
    let pin = |code: String| json!({ "grant_type": "pin", "tenant_code": code, "pin": "192837" });
    let password = |name: String| {
        let secret = "not the battery staple";
        json!({ "grant_type": "password", "username": name, "password": secret, "otp": "000000" })
    };
    let refused = |body: &Value| {
        let (took, answer) = timed(|| {
            let url = format!("http://{}/v1/auth/token", server.address);
            let asked = agent.post(url).header("Content-Type", "application/json");
            asked.send(body.to_string()).unwrap()
        });
        assert_eq!(answer.status().as_u16(), 400);
        took.as_secs_f64() * 1000.0
    };
    for n in 0..2 * NAMES {
        let url = format!("http://{}/v1/tenant-pins", server.address);
        let body = json!({ "tenant_code": code(first + n), "pin": "481516" });
        let asked = agent.put(url).header("Content-Type", "application/json");
        let asked = asked.header("Authorization", format!("Bearer {}", token.trim()));
        assert_eq!(asked.send(body.to_string()).unwrap().status().as_u16(), 204);
        let login = format!("bench-{n}");
        let new = [
            "staff",
            "add",
            "--login",
            &login,
            "--role",
            "administrator",
            "--everywhere",
        ];
        history.kaifong(&new);
    }
    // The second half of the names is closed first.
    for n in NAMES..2 * NAMES {
        for _ in 0..5 {
            refused(&pin(code(first + n)));
            refused(&password(format!("bench-{n}")));
        }
    }
    let mut took = [const { vec![] }; 6];
    for n in 0..NAMES {
        let asked = [
            pin(code(TenantCode::LAST - n)),
            pin(code(first + n)),
            pin(code(first + NAMES + n)),
            password(format!("nobody-{n}")),
            password(format!("bench-{n}")),
            password(format!("bench-{}", NAMES + n)),
        ];
        for (took, body) in took.iter_mut().zip(&asked) {
            took.push(refused(body));
        }
    }
    let [pin_unknown, pin_wrong, pin_closed, unknown, wrong, closed] = took.map(median);
    println!("refusals, medians in ms: nobody has the name, wrong secret, closed (all alike)");
    println!("  PIN      {pin_unknown:.1}, {pin_wrong:.1}, {pin_closed:.1}");
    println!("  password {unknown:.1}, {wrong:.1}, {closed:.1}\n");
}

/// Guesses at the PINs of 250 households, from eight connections. At more names it would soon be
/// told to wait, and no PIN be hashed.
fn guess(address: &str) -> std::process::Child {
    let script = format!(
        "local codes = {{}}\n\
         for code in io.lines('{}') do\n\
           if #codes < 250 then codes[#codes + 1] = code end\n\
         end\n\
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
