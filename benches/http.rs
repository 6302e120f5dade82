//! `GET /v1/rent-accounts/{code}` through HTTP keep-alive with a checked token, beside pgbench
//! running the same statement, prepared, with as many connections.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kaifong::kernel::tenant_code::TenantCode;

use super::tools::{Database, finished, folder, median, pg};

pub const CONNECTIONS: &str = "32";
pub const SECONDS: &str = "10";
pub const ROUNDS: usize = 3;
/// Accounts asked for, at random; enough to defeat caches of single rows.
const CODES: i64 = 200_000;

pub fn bench(history: &Database, short: &Database) {
    // Every code is of a household that both have.
    let (first, last) = write_codes_of(short);
    let token = history.kaifong(&["token", "--scope", "rent:read", "--seconds", "7200"]);
    let long = Server::start(history, "127.0.0.1:18181");
    let brief = Server::start(short, "127.0.0.1:18182");
    // Not counted: caches fill, statements are prepared.
    let _ = (
        long.load(&token),
        brief.load(&token),
        pgbench(history, first, last),
    );
    let (mut served, mut bare, mut brief_served, mut tails) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        bare.push(pgbench(history, first, last));
        let (rate, tail) = long.load(&token);
        served.push(rate);
        tails.push(tail);
        brief_served.push(brief.load(&token).0);
    }
    let (served, bare, brief_served) = (median(served), median(bare), median(brief_served));
    println!(
        "GET /v1/rent-accounts/{{code}}, {CONNECTIONS} connections, {SECONDS} s, {ROUNDS} rounds:"
    );
    println!(
        "  kaifong {served:.0}/s, pgbench {bare:.0}/s: ratio {:.2} (at least 0.40)",
        served / bare
    );
    println!("  latency 99%: {}", tails.join(", "));
    println!(
        "  full history {served:.0}/s, two months {brief_served:.0}/s: ratio {:.2} (at least 0.90)\n",
        served / brief_served
    );
}

/// Writes codes of households to ask for; the first and the last number of `database`.
pub fn write_codes_of(database: &Database) -> (i64, i64) {
    let (first, last) = households(database);
    write_codes(first, last);
    (first, last)
}

/// The numbers of the first and the last household.
fn households(database: &Database) -> (i64, i64) {
    let ends = database.psql("SELECT min(number) || ' ' || max(number) FROM household");
    let (first, last) = ends.trim().split_once(' ').unwrap();
    (first.parse().unwrap(), last.parse().unwrap())
}

fn write_codes(first: i64, last: i64) {
    let mut codes = String::new();
    let mut state = 88_172_645_463_325_252_u64;
    for _ in 0..CODES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let number = first + i64::try_from(state >> 2).unwrap() % (last - first + 1);
        writeln!(codes, "{}", TenantCode::of(number).unwrap()).unwrap();
    }
    fs::write(folder().join("codes"), codes).unwrap();
    let script = format!(
        "local codes = {{}}\n\
         for code in io.lines('{}') do codes[#codes + 1] = code end\n\
         local n = 0\n\
         request = function()\n\
           n = n % #codes + 1\n\
           return wrk.format('GET', '/v1/rent-accounts/' .. codes[n])\n\
         end\n\
         done = function(summary)\n\
           if summary.errors.status > 0 then print('REFUSED ' .. summary.errors.status) end\n\
         end\n",
        folder().join("codes").display()
    );
    fs::write(folder().join("accounts.lua"), script).unwrap();
}

pub struct Server {
    child: Child,
    pub address: &'static str,
}

impl Server {
    pub fn start(database: &Database, address: &'static str) -> Self {
        let child = database
            .command(&["serve", "--no-work"])
            .env("KAIFONG_LISTEN", address)
            .env("KAIFONG_LOG", "warn")
            .env("KAIFONG_OPERATOR_TOKENS", "on")
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let server = Self { child, address };
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not listen on {address}");
    }

    /// The latency that 99 of 100 reads stayed below, in milliseconds, over two connections.
    pub fn tail(&self, token: &str) -> f64 {
        let said = self.wrk("accounts.lua", token, "2");
        let line = said
            .lines()
            .find_map(|line| line.trim().strip_prefix("99%"));
        let text = line.unwrap_or_else(|| panic!("{said}")).trim();
        let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).unwrap());
        let milliseconds = match unit {
            "us" => 0.001,
            "ms" => 1.0,
            _ => 1000.0,
        };
        number.parse::<f64>().unwrap() * milliseconds
    }

    /// Requests a second, and the latency that 99 of 100 stayed below.
    fn load(&self, token: &str) -> (f64, String) {
        self.run("accounts.lua", token)
    }

    /// The same of what the script asks for.
    pub fn run(&self, script: &str, token: &str) -> (f64, String) {
        let said = self.wrk(script, token, CONNECTIONS);
        let after = |name: &str| {
            let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_else(|| panic!("{said}")).trim().to_owned()
        };
        (after("Requests/sec:").parse().unwrap(), after("99%"))
    }

    fn wrk(&self, script: &str, token: &str, connections: &str) -> String {
        let said = finished(
            Command::new("wrk")
                .args(["-t1", "-c", connections, "-d", SECONDS, "--latency", "-H"])
                .arg(format!("Authorization: Bearer {}", token.trim()))
                .arg("-s")
                .arg(folder().join(script))
                .arg(format!("http://{}", self.address)),
        );
        assert!(!said.contains("REFUSED"), "{said}");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Statements a second.
fn pgbench(database: &Database, first: i64, last: i64) -> f64 {
    let statement = include_str!("../src/rent/store/standing.sql")
        .replace("$1", ":household")
        .replace("$2", "'2026-11-01'");
    let script = format!("\\set household random({first}, {last})\n{statement};\n");
    let file = folder().join("standing.pgbench");
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

/// Transactions a second, as pgbench said.
pub fn rate(said: &str) -> f64 {
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "));
    line.and_then(|line| line.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{said}"))
}
