//! The program that the tests try is the one that is shipped: what only tests depend on switches no
//! feature of its own dependencies on, or each would be built twice, in two ways.

use std::collections::BTreeSet;
use std::process::Command;

/// Every crate that is built, with its features; those of the tests too when `edges` says so.
fn crates(edges: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none"])
        .args(["--format", "{p} {f}", "--edges", edges])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let lines = String::from_utf8(tree.stdout).unwrap();
    let lines = lines.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_program_is_built_with_the_same_features_for_tests() {
    let shipped = crates("normal,build");
    assert!(shipped.len() > 100, "{shipped:?}");
    let tried = crates("normal,build,dev");

    let otherwise: Vec<_> = shipped.difference(&tried).collect();

    assert!(otherwise.is_empty(), "built otherwise: {otherwise:?}");
}
