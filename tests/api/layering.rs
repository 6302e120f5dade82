//! Who may import whom. One crate cannot ask the compiler, so it asks here.
//!
//! It reads the sources as text: it catches accidents, not malice.

use std::fs;
use std::path::{Path, PathBuf};

/// The slices, lowest first, and the slices each may use.
const SLICES: &[(&str, &[&str])] = &[
    ("audit_trail", &[]),
    ("break_glass", &[]),
    ("estates", &[]),
    ("tenancy", &["estates"]),
    ("people", &["break_glass", "estates", "tenancy"]),
    ("ledger", &[]),
    ("rent", &["estates", "tenancy", "ledger"]),
    ("sign_in", &["tenancy"]),
    ("payments", &["tenancy", "ledger", "rent", "sign_in"]),
    (
        "messages",
        &["tenancy", "people", "ledger", "rent", "payments"],
    ),
    ("cssa", &["tenancy", "rent", "payments"]),
    (
        "autopay",
        &["tenancy", "ledger", "rent", "payments", "cssa"],
    ),
    ("autopay", &["tenancy", "ledger", "rent", "payments"]),
    ("counter", &["estates", "tenancy", "ledger", "payments"]),
    (
        "receipts",
        &[
            "estates", "tenancy", "ledger", "rent", "payments", "counter",
        ],
    ),
    ("due_lists", &["tenancy", "rent", "payments"]),
    (
        "population",
        &["estates", "tenancy", "people", "ledger", "rent"],
    ),
    (
        "privacy",
        &[
            "break_glass",
            "tenancy",
            "people",
            "ledger",
            "rent",
            "payments",
            "messages",
            "cssa",
            "autopay",
            "counter",
            "sign_in",
        ],
    ),
];

/// For each kind of file: what it must never name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("kernel/", &["actix_web", "crate::platform", "crate::app"]),
    ("platform/", &["crate::app", "crate::cli", "crate::system"]),
    (
        "platform/db/",
        &[
            "actix_web",
            "crate::platform::auth",
            "crate::platform::http",
        ],
    ),
    (
        "/model.rs",
        &[
            "actix_web",
            "crate::platform::http",
            "crate::app",
            "PgConnection",
            "Clock",
        ],
    ),
    (
        "/rules",
        &[
            "actix_web",
            "diesel::",
            "crate::app",
            "crate::platform",
            "PgConnection",
            "Clock",
        ],
    ),
    (
        "/store",
        &["actix_web", "crate::app", "crate::platform::http"],
    ),
    (
        "/commands",
        &[
            "actix_web",
            "crate::app",
            "crate::platform::http",
            "db::schema",
        ],
    ),
    ("/api", &["diesel::", "db::schema"]),
];

/// The layers above the slices: what no slice, kernel or platform file may name.
const ABOVE: &[&str] = &["crate::cli"];

#[test]
fn every_file_imports_only_what_its_layer_may() {
    let mut offences = Vec::new();
    for (path, text) in sources() {
        for (layer, names) in FORBIDDEN.iter().filter(|(layer, _)| path.contains(layer)) {
            for name in names.iter().filter(|name| text.contains(*name)) {
                offences.push(format!("{path} is {layer} and names {name}"));
            }
        }
        let owner = path.split('/').next().unwrap().trim_end_matches(".rs");
        let slice = SLICES.iter().find(|(slice, _)| *slice == owner);
        if ["app", "cli", "main", "lib"].contains(&owner) {
            continue;
        }
        for name in ABOVE.iter().filter(|name| text.contains(*name)) {
            offences.push(format!("{path} names {name}, which is above it"));
        }
        let may_use = slice.map_or(&[][..], |(_, slices)| slices);
        let named = SLICES
            .iter()
            .filter(|(other, _)| text.contains(&format!("crate::{other}::")));
        for (other, _) in named.filter(|(other, _)| *other != owner && !may_use.contains(other)) {
            offences.push(format!("{path} may not use the slice {other}"));
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

/// What only one file may call, for it asks first what must be asked.
const GUARDED: &[(&str, &str)] = &[
    ("people::blank", "privacy/erasure.rs"),
    ("people::erasable", "privacy/erasure.rs"),
    ("vault.erase(", "privacy/erasure.rs"),
];

#[test]
fn nobody_is_erased_but_by_the_guarded_way() {
    for (name, owner) in GUARDED {
        let callers: Vec<_> = sources()
            .filter(|(_, text)| text.contains(name))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(callers, [*owner], "{name}");
    }
}

#[test]
fn slices_depend_only_downwards() {
    for (place, (slice, uses)) in SLICES.iter().enumerate() {
        for other in *uses {
            assert!(
                SLICES[..place].iter().any(|(lower, _)| lower == other),
                "{slice} uses {other}, which is not below it"
            );
        }
    }
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    let silent: Vec<_> = sources()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long: Vec<_> = sources()
        .filter(|(path, text)| !path.ends_with("schema.rs") && text.lines().count() > 400)
        .map(|(path, _)| path)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

pub fn sources() -> impl Iterator<Item = (String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    files(&root).into_iter().map(move |path| {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        (name, fs::read_to_string(path).unwrap())
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
