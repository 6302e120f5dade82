//! The program, killed at random moments and run again: nothing is lost, nothing is doubled.
//!
//! A short version runs with every test; `./dev torture` (`TORTURE=1`) runs the long one.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::support::dice;

const MONTH: &str = "2026-11";

/// The program with a data folder and a private cluster of its own.
struct Program {
    folder: PathBuf,
}

impl Program {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaifong"));
        command
            .args(words)
            .env_remove("KAIFONG_DATABASE_URL")
            .env("KAIFONG_DATA_DIR", &self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Runs to the end; the output when all went well.
    #[track_caller]
    fn run(&self, words: &[&str]) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(words).output().unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned();
        let errors = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{words:?}: {status}\n{text}\n{errors}");
        text
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.run(words)).unwrap()
    }

    /// One number out of the database.
    fn number(&self, sql: &str) -> i64 {
        let query = format!(r#""${{KAIFONG_PG_BIN}}/psql" "$KAIFONG_DATABASE_URL" -Atc "{sql}""#);
        self.run(&["cluster", "run", "--", "sh", "-c", &query])
            .trim()
            .parse()
            .unwrap()
    }

    /// Starts the monthly charge and kills it after `wait`, with the whole cluster or without
    /// it. False when the charge was quicker.
    fn charge_and_kill(&self, wait: Duration, cluster_too: bool) -> bool {
        let mut child = self
            .command(&["rent-run", MONTH])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(wait);
        let _ = child.kill();
        if cluster_too && let Some(postmaster) = self.postmaster() {
            let _ = kill_process_group(postmaster, Signal::KILL);
            let _ = kill_process(postmaster, Signal::KILL);
        }
        child.wait().unwrap().signal() == Some(9)
    }

    fn postmaster(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.folder.join("cluster/postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.parse().ok()?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A failed test leaves a cluster behind; starting and stopping it cleans up.
        let _ = self.command(&["cluster", "run", "--", "true"]).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn torture_a_charge_killed_at_random_moments_is_finished_exactly_once() {
    let long = std::env::var_os("TORTURE").is_some();
    let (tenancies, kills) = if long { ("800000", 20) } else { ("10000", 4) };
    let program = Program::new("torture-charge");
    program.run(&[
        "generate",
        "--tenancies",
        tenancies,
        "--seed",
        "7",
        "--months",
        "1",
        "--until",
        "2026-10",
    ]);
    let started = Instant::now();
    let rehearsed = program.json(&["rent-run", MONTH, "--dry-run", "--json"]);
    let due = rehearsed["tenancies"].as_i64().unwrap();
    // A charge takes longer than its rehearsal, so most kills come while it is under way.
    let whole = u64::try_from(started.elapsed().as_millis()).unwrap();

    let mut roll = dice(20_261_121);
    let mut killed = 0;
    for round in 0..kills {
        let wait = Duration::from_millis(whole / 4 + roll(whole));
        let under_way = program.charge_and_kill(wait, round % 2 == 0);
        killed += i32::from(under_way);
        eprintln!("kill {}: after {wait:?}, under way: {under_way}", round + 1);
    }
    program.run(&["rent-run", MONTH]);

    assert!(killed > 0, "every charge was quicker than its kill");
    let charges = format!("FROM rent_charge WHERE month = '{MONTH}-01'");
    assert_eq!(program.number(&format!("SELECT count(*) {charges}")), due);
    assert_eq!(
        program.number(&format!("SELECT count(DISTINCT tenancy_id) {charges}")),
        due
    );
    let left = program.json(&["rent-run", MONTH, "--revise", "--dry-run", "--json"]);
    assert_eq!(left["tenancies"], 0, "{left}");
    program.run(&["verify"]);
}
