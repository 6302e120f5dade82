//! The program changing keys, killed at random moments: nobody becomes unreadable.
//!
//! A short version runs with every test; `./dev torture` (`TORTURE=1`) runs the long one.

use std::time::{Duration, Instant};

use super::people::all;
use crate::support::dice;
use crate::support::program::Program;

const ROTATE: [&str; 5] = ["keys", "rotate", "--class", "identity", "--retire"];
const REWRAP: [&str; 4] = ["keys", "rewrap", "--class", "identity"];

/// How many cells an older data key sealed, or one that is gone.
const OLD_CELLS: &str = "SELECT count(*) FROM person p JOIN data_key k ON k.class = 'identity' \
    AND k.subject = p.id AND k.state = 'active' WHERE k.version <> ANY (ARRAY[\
    get_byte(name_en, 3), get_byte(document, 3)]) AND num_nonnulls(name_en, document) = 2";

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap()
}

#[test]
fn torture_keys_changed_by_a_program_killed_at_random_moments_open_every_person() {
    let long = std::env::var_os("TORTURE").is_some();
    let (tenancies, kills) = if long { ("100000", 20) } else { ("2500", 4) };
    let program = Program::new("torture-keys");
    program.run(&["generate", "--tenancies", tenancies, "--months", "1"]);
    let before = all(&program);
    let people = program.number("SELECT count(*) FROM person");
    assert!(people > 2_500 && before.len() > 5_000, "{people}");
    // Each once to its end, to know how long it takes.
    let changes = [&ROTATE[..], &REWRAP[..]].map(|words| {
        let started = Instant::now();
        program.run(words);
        (words, milliseconds(started))
    });

    let mut roll = dice(20_261_121);
    let mut killed = 0;
    for round in 0..kills {
        // Two of three are rotations, which have more to lose.
        let (words, whole) = changes[usize::from(round % 3 == 2)];
        let wait = Duration::from_millis(whole / 4 + roll(whole * 3 / 4));
        let under_way = program.run_and_kill(words, wait, round % 2 == 0);
        killed += i32::from(under_way);
        eprintln!("kill {}: after {wait:?}, under way: {under_way}", round + 1);
        assert!(all(&program) == before, "after kill {}", round + 1);
    }
    assert!(killed > 0, "every change was quicker than its kill");
    // One that was killed goes on, and one that was not has another go.
    program.run(&ROTATE);
    program.run(&REWRAP);

    assert!(all(&program) == before, "after all");
    let status = program.json(&["keys", "status", "--json"]);
    let classes = status["classes"].as_array().unwrap();
    let identity = classes.iter().find(|one| one["class"] == "identity");
    let identity = identity.unwrap();
    assert_eq!(identity["subjects"], people, "{identity}");
    assert_eq!(identity["data_keys"], people, "{identity}");
    assert_eq!(identity["wrapped_before"], 0, "{identity}");
    assert!(identity["rotation"].is_null(), "{identity}");
    assert_eq!(identity["erased"], 0, "{identity}");
    assert_eq!(program.number(OLD_CELLS), 0);
    program.run(&["verify"]);
}
