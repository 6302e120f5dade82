//! A dataset onto the register: once, again, changed, by the command.

use std::fs;
use std::path::PathBuf;

use kaifong::cli::import::{How, Import, ImportError, Outcome};
use kaifong::estates::REFERENCE;
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::{A_YEAR_LATER, AT, import, records};
use crate::support::{TestDatabase, count};

#[test]
fn a_second_import_changes_nothing() {
    let database = TestDatabase::create();
    let first = import(&database, &records(), AT);
    assert_eq!(
        (first.added.len(), first.changed.len(), first.unchanged),
        (24, 0, 0)
    );

    let dump = |database: &TestDatabase| {
        let mut conn = database.connect();
        ["estate", "block", "audit_entry"].map(|table| count(&mut conn, table))
    };
    let before = dump(&database);
    assert_eq!(before, [24, 173, 24]);
    let second = import(&database, &records(), A_YEAR_LATER);
    assert_eq!(
        (second.added.len(), second.changed.len(), second.unchanged),
        (0, 0, 24)
    );
    assert_eq!(dump(&database), before);
    let untouched = "estate WHERE version = 1 AND imported_at = '2026-11-20T01:00:00Z'";
    assert_eq!(count(&mut database.connect(), untouched), 24);
}

#[test]
fn a_changed_record_says_what_changed() {
    let database = TestDatabase::create();
    import(&database, &records(), AT);
    let mut newer = records();
    newer[0].rental_flats = Some(8_300);
    newer[0].details.website = Some("example.org".into());
    newer[0].blocks.swap(0, 1);
    let gone = newer[1].blocks.pop().unwrap();

    let report = import(&database, &newer, A_YEAR_LATER);
    let changed: Vec<_> = report
        .changed
        .iter()
        .map(|changed| (changed.estate.as_str(), changed.fields.clone()))
        .collect();
    assert_eq!(
        changed,
        [
            ("Tak Long Estate", vec!["rental_flats", "website", "blocks"]),
            ("Choi Fook Estate", vec!["blocks"]),
        ]
    );
    assert_eq!((report.added.len(), report.unchanged), (0, 22));
    let mut conn = database.connect();
    assert_eq!(count(&mut conn, "estate WHERE version = 2"), 2);
    let withdrawn = format!(
        "block WHERE withdrawn_on = '2027-11-20' AND name ->> 'en' = '{}'",
        gone.en
    );
    assert_eq!(count(&mut conn, &withdrawn), 1);
    assert_eq!(count(&mut conn, "block WHERE withdrawn_on IS NOT NULL"), 1);

    let back = import(&database, &records(), A_YEAR_LATER);
    assert_eq!(back.changed.len(), 2);
    assert_eq!(count(&mut conn, "block WHERE withdrawn_on IS NOT NULL"), 0);
    assert_eq!(count(&mut conn, "block"), 173);
}

#[test]
fn two_imports_at_once_are_one_after_the_other() {
    let database = TestDatabase::create();
    let added: Vec<usize> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| import(&database, &records(), AT).added.len()))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(added.iter().sum::<usize>(), 24, "{added:?}");
}

#[test]
fn a_record_digested_by_an_older_program_is_unchanged() {
    let database = TestDatabase::create();
    import(&database, &records(), AT);
    let mut conn = database.connect();
    execute(
        &mut conn,
        "UPDATE estate SET dataset_digest = sha256('older')",
    )
    .unwrap();
    assert_eq!(import(&database, &records(), A_YEAR_LATER).unchanged, 24);
    assert_eq!(
        count(
            &mut conn,
            "estate WHERE dataset_digest = sha256('older') OR version > 1"
        ),
        0
    );
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn run(database: &TestDatabase, import: &Import) -> Result<Outcome, ImportError> {
    import.run(database.url(), AT.parse().unwrap())
}

/// Twenty-three good records, one of them odd, and a malformed one.
fn faulty(name: &str) -> PathBuf {
    let mut values: Vec<Value> = serde_json::from_slice(REFERENCE).unwrap();
    values[3]["Estate Name"] = json!(7);
    values[5]["No. of Blocks"] = json!("3");
    file(name, &serde_json::to_vec(&values).unwrap())
}

#[test]
fn a_dry_run_tells_and_keeps_nothing() {
    let database = TestDatabase::create();
    let file = faulty("dry.json");
    let how = How {
        dry_run: true,
        json: false,
    };
    let outcome = run(&database, &Import::Estates { file, how }).unwrap();
    assert!(outcome.refused);
    for told in [
        "23 estates read, 1 refused: 23 added, 0 changed, 0 unchanged (a dry run: nothing is kept)\n",
        "\nrefused (1)\n  record 4, Estate Name: the value is not an object of texts\n",
        "\nwarning block-count (1)\n  record 6 (Mei Tung Estate), Name of Block(s): 3 stated",
    ] {
        assert!(outcome.report.contains(told), "{}", outcome.report);
    }
    assert_eq!(count(&mut database.connect(), "estate"), 0);
}

#[test]
fn the_command_imports_what_is_good_and_tells_the_rest() {
    let database = TestDatabase::create();
    let file = faulty("faulty.json");
    let how = How {
        dry_run: false,
        json: true,
    };
    let outcome = run(&database, &Import::Estates { file, how }).unwrap();
    assert!(outcome.refused);
    let report: Value = serde_json::from_str(&outcome.report).unwrap();
    assert_eq!(
        (&report["records"], &report["refused"]),
        (&json!(23), &json!(1))
    );
    assert_eq!(report["added"].as_array().unwrap().len(), 23);
    let findings = report["findings"].as_array().unwrap();
    let refusal = findings
        .iter()
        .find(|found| found["severity"] == "error")
        .unwrap();
    assert_eq!(
        (&refusal["record"], &refusal["kind"]),
        (&json!(4), &json!("wrong-type"))
    );
    assert_eq!(count(&mut database.connect(), "estate"), 23);
}

#[test]
fn the_reference_mends_what_a_faulty_file_left() {
    let database = TestDatabase::create();
    let file = faulty("mended.json");
    let how = How::default();
    run(&database, &Import::Estates { file, how }).unwrap();
    let outcome = run(&database, &Import::Reference { how }).unwrap();
    assert!(!outcome.refused);
    for told in [
        "24 estates read, 0 refused: 1 added, 1 changed, 22 unchanged\n",
        "\nadded (1)\n  Yue Wan Estate\n",
        "\nchanged (1)\n  Mei Tung Estate: stated_blocks\n",
    ] {
        assert!(outcome.report.contains(told), "{}", outcome.report);
    }
}

#[test]
fn a_file_that_is_not_there_or_no_dataset_imports_nothing() {
    let database = TestDatabase::create();
    let how = How::default();
    let missing = run(
        &database,
        &Import::Estates {
            file: "/nowhere".into(),
            how,
        },
    );
    assert!(matches!(missing, Err(ImportError::File { .. })));
    let outcome = run(
        &database,
        &Import::Estates {
            file: file("bad.json", b"\xff"),
            how,
        },
    )
    .unwrap();
    assert!(outcome.refused);
    assert!(outcome.report.contains("not UTF-8"));
}
