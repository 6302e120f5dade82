//! The program, killed at random moments and run again: nothing is lost, nothing is doubled.
//!
//! A short version runs with every test; `./dev torture` (`TORTURE=1`) runs the long one.

use std::time::{Duration, Instant};

use crate::support::dice;
use crate::support::program::Program;

const MONTH: &str = "2026-11";

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
        let under_way = program.run_and_kill(&["rent-run", MONTH], wait, round % 2 == 0);
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
