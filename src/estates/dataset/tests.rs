//! The embedded estates read whole, each kind of fault once, and the reader under fire.

use std::fmt::Write;

use serde_json::{Value, json};

use super::*;
use crate::estates::reference::REFERENCE;

/// What the reader makes of a dataset, one estate a line and then its findings.
fn summary(dataset: &Dataset) -> String {
    let mut out = String::new();
    for record in &dataset.records {
        let applied_for = record
            .application_district
            .map_or("-", |district| district.as_str());
        let types: Vec<_> = record.types.iter().map(|kind| kind.as_str()).collect();
        let sizes = record
            .sizes
            .map(|sizes| format!("{}-{} m2", sizes.min, sizes.max));
        let at = record
            .position
            .map(|at| format!("{},{}", at.latitude, at.longitude));
        let first = record.blocks.first().unwrap();
        let last = record.blocks.last().unwrap();
        writeln!(
            out,
            "{} {} | {}, {} | {applied_for} | {} | {:?} | {} of {} blocks, {} {} to {} {} | {} flats {} | {} | {}",
            record.name.en,
            record.name.zh_hant,
            record.district.en,
            record.region.en,
            types.join("+"),
            record.intake_years,
            record.blocks.len(),
            record.stated_blocks.unwrap(),
            first.en,
            first.zh_hant,
            last.en,
            last.zh_hans,
            record.rental_flats.unwrap(),
            record.flats_as_at.unwrap(),
            sizes.unwrap(),
            at.unwrap(),
        )
        .unwrap();
    }
    for finding in &dataset.findings {
        writeln!(out, "{} {} {finding}", finding.severity, finding.kind).unwrap();
    }
    out
}

#[test]
fn the_reference_estates_read_as_agreed() {
    let golden = include_str!("golden.txt");
    let actual = summary(&read(REFERENCE));
    assert!(actual == golden, "golden.txt differs from:\n{actual}");
}

#[test]
fn every_block_of_the_reference_has_three_names() {
    let dataset = read(REFERENCE);
    assert_eq!(dataset.records.len(), 24);
    let blocks = dataset.records.iter().flat_map(|record| &record.blocks);
    for block in blocks {
        let names = [&block.en, &block.zh_hant, &block.zh_hans];
        assert!(names.iter().all(|name| !name.is_empty()), "{block:?}");
    }
}

/// A record as published, with some of its values changed.
fn record(change: impl FnOnce(&mut Value)) -> Value {
    let records: Vec<Value> = serde_json::from_slice(REFERENCE).unwrap();
    let mut record = records[0].clone();
    record["No. of Rental Flats"]["en"] = "800 as at 31.12.2025".into();
    record["No. of Rental Flats"]["zh-Hant"] = "".into();
    record["No. of Rental Flats"]["zh-Hans"] = "".into();
    change(&mut record);
    record
}

fn read_one(change: impl FnOnce(&mut Value)) -> Dataset {
    read(json!([record(change)]).to_string().as_bytes())
}

#[test]
fn a_record_without_faults_has_no_findings() {
    assert_eq!(read_one(|_| {}).findings, []);
}

/// Puts `text` in every language of `key`.
fn in_all(record: &mut Value, key: &str, text: &str) {
    for language in ["en", "zh-Hans", "zh-Hant"] {
        record[key][language] = text.into();
    }
}

fn remove(record: &mut Value, key: &str) {
    record.as_object_mut().unwrap().remove(key).unwrap();
}

/// The kind of a fault, the key it is found at, and what makes it.
type Fault = (&'static str, &'static str, Change);
type Change = fn(&mut Value);

const FLATS: &str = "No. of Rental Flats";
const FAULTS: &[Fault] = &[
    ("spaced-thousands", FLATS, |r| {
        r[FLATS]["en"] = "8\u{2009}200 as at 31.12.2025".into();
    }),
    ("unreadable", FLATS, |r| r[FLATS]["en"] = "many".into()),
    ("languages-differ", FLATS, |r| {
        r[FLATS]["zh-Hans"] = "900 截至2025年12月31日的情況".into();
    }),
    ("block-count", "Name of Block(s)", |r| {
        r["No. of Blocks"] = "7".into();
    }),
    ("unreadable", "No. of Blocks", |r| {
        r["No. of Blocks"] = "seven".into();
    }),
    ("block-names-differ", "Name of Block(s)", |r| {
        r["Name of Block(s)"]["zh-Hans"] = "德璋楼".into();
    }),
    ("block-heading", "Name of Block(s)", |r| {
        in_all(r, "Name of Block(s)", "(Phase 1)\nA House");
    }),
    ("block-range", "Name of Block(s)", |r| {
        in_all(r, "Name of Block(s)", "Block 1 - Block 9");
    }),
    ("duplicate-block", "Name of Block(s)", |r| {
        in_all(r, "Name of Block(s)", "A House\nA House");
    }),
    ("flat-size-text", "Flat Size (m2)", |r| {
        in_all(r, "Flat Size (m2)", "14 to 37");
    }),
    ("unreadable", "Flat Size (m2)", |r| {
        in_all(r, "Flat Size (m2)", "small");
    }),
    ("several-years", "Year of Intake", |r| {
        in_all(r, "Year of Intake", "2013, 2015");
    }),
    ("missing", "Year of Intake", |r| {
        in_all(r, "Year of Intake", "");
    }),
    ("unknown-district", "District Name", |r| {
        r["District Name"]["en"] = "Shenzhen".into();
    }),
    ("wrong-region", "Region Name", |r| {
        r["Region Name"]["en"] = "New Territories".into();
    }),
    ("unknown-type", "Type of Estate", |r| {
        r["Type of Estate"]["en"] = "Castle".into();
    }),
    ("outside-hong-kong", "Estate Map Latitude", |r| {
        r["Estate Map Latitude"] = json!(51.5);
    }),
    ("missing", "Estate Map Longitude", |r| {
        remove(r, "Estate Map Longitude");
    }),
    ("missing", "Estate Website", |r| remove(r, "Estate Website")),
    ("missing", "Carpark Management", |r| {
        remove(r, "Carpark Management");
    }),
    ("unknown-key", "Rent", |r| r["Rent"] = json!(1)),
];

#[test]
fn every_fault_is_located() {
    for (kind, key, change) in FAULTS {
        let dataset = read_one(change);
        assert_eq!(dataset.records.len(), 1, "{kind} refuses the record");
        let found = dataset.findings.iter().any(|finding| {
            finding.kind.as_str() == *kind
                && finding.key.as_deref() == Some(key)
                && finding.record == Some(1)
                && finding.estate.as_deref() == Some("Tak Long Estate")
                && !finding.is_error()
        });
        assert!(found, "{kind} at {key}: {:?}", dataset.findings);
    }
}

#[test]
fn a_record_that_is_no_object_is_refused() {
    for bad in [json!("Tak Long Estate"), json!(null), json!([])] {
        assert_refused("wrong-type", &bad);
    }
    assert_refused("missing-name", &json!({}));
}

#[test]
fn a_malformed_record_is_refused() {
    let faults: &[(&str, Change)] = &[
        ("wrong-type", |r| r["District Name"] = json!(7)),
        ("wrong-type", |r| r["District Name"]["en"] = json!(["x"])),
        ("wrong-type", |r| r["Estate Name"]["zh-Hant"] = json!(null)),
        ("wrong-type", |r| r["Estate Map Latitude"] = json!("22.3")),
        ("wrong-type", |r| r["No. of Blocks"] = json!({})),
        ("wrong-type", |r| r["Estate Website"] = json!({})),
        ("missing-name", |r| {
            r["Estate Name"]["en"] = json!(" \u{200b}");
        }),
        ("duplicate-estate", |r| {
            r["Estate Name"]["en"] = json!("TAK Long  Estate");
        }),
        ("too-long", |r| {
            r["Estate Name"]["en"] = json!("x".repeat(201));
        }),
        ("too-long", |r| {
            r["Further Information"]["en"] = json!("<".repeat(30_000));
        }),
        ("too-long", |r| {
            r["Name of Block(s)"]["en"] = json!("A<br>".repeat(301));
        }),
    ];
    for (kind, fault) in faults {
        assert_refused(
            kind,
            &record(|record| {
                record["Estate Name"]["en"] = "Bad Estate".into();
                fault(record);
            }),
        );
    }
}

/// `bad`, between two good records, is refused as a `kind`, and both others are read.
fn assert_refused(kind: &str, bad: &Value) {
    let last = record(|record| record["Estate Name"]["en"] = "Last Estate".into());
    let file = json!([record(|_| {}), bad, last]).to_string();
    let dataset = read(file.as_bytes());
    let names: Vec<_> = dataset
        .records
        .iter()
        .map(|record| &record.name.en)
        .collect();
    assert_eq!(names, ["Tak Long Estate", "Last Estate"], "{kind}");
    let errors: Vec<_> = dataset
        .findings
        .iter()
        .filter(|finding| finding.is_error())
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(
        (errors[0].kind.as_str(), errors[0].record),
        (kind, Some(2)),
        "{errors:?}"
    );
}

#[test]
fn a_file_that_is_no_dataset_is_one_error() {
    let huge = vec![b' '; MOST_BYTES + 1];
    let deep = "[".repeat(100_000);
    let many = json!(vec![1; MOST_RECORDS + 1]).to_string();
    for (bytes, message) in [
        (&b""[..], "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"{}", "not a JSON array"),
        (b"[{}", "line 1 column 3"),
        (b"[{}]x", "line 1 column 5"),
        (b"[\"\xff\"]", "byte 2"),
        (&huge, "20 MB"),
        (deep.as_bytes(), "recursion"),
        (b"[1e999]", "out of range"),
        (many.as_bytes(), "10001 records"),
    ] {
        let dataset = read(bytes);
        assert_eq!(
            (
                dataset.records.len(),
                dataset.findings.len(),
                dataset.errors()
            ),
            (0, 1, 1)
        );
        let found = &dataset.findings[0];
        assert!(found.message.contains(message), "{found}");
    }
    assert_eq!(
        read(b"[]"),
        Dataset {
            records: vec![],
            findings: vec![]
        }
    );
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    let marked = [b"\xef\xbb\xbf", REFERENCE].concat();
    assert_eq!(read(&marked), read(REFERENCE));
}

/// What must hold of whatever was read: PostgreSQL stores it, and names are distinct.
fn check(dataset: &Dataset) {
    let mut names = HashSet::new();
    for record in &dataset.records {
        assert!(names.insert(record.id()));
        assert!(!serde_json::to_string(record).unwrap().contains("\\u0000"));
        let mut blocks = HashSet::new();
        assert!(record.blocks.iter().all(|block| blocks.insert(&block.en)));
        assert_eq!(record.rental_flats.is_some(), record.flats_as_at.is_some());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    /// Bytes overwritten, cut out and put in, anywhere.
    #[test]
    fn mutated_bytes_never_panic(
        edits in proptest::collection::vec((0_usize..3, 0_usize..100_000, proptest::prelude::any::<u8>()), 1..8),
        end in 0_usize..200_000,
    ) {
        let mut bytes = REFERENCE.to_vec();
        for (edit, at, byte) in edits {
            let at = at % bytes.len();
            match edit {
                0 => bytes[at] = byte,
                1 => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len()))),
                _ => bytes.insert(at, byte),
            }
        }
        bytes.truncate(end.max(1));
        check(&read(&bytes));
    }

    /// Values replaced by any JSON and any text: the file stays JSON, so the fields are reached.
    #[test]
    fn mutated_values_never_panic(
        edits in proptest::collection::vec((0_usize..24, 0_usize..18, 0_usize..8, ".*", proptest::prelude::any::<i64>()), 1..20),
    ) {
        let mut values: Vec<Value> = serde_json::from_slice(REFERENCE).unwrap();
        for (record, key, edit, text, number) in edits {
            let Some((key, value)) = values[record].as_object_mut().and_then(|values| values.iter_mut().nth(key)) else {
                continue;
            };
            let key = key.clone();
            match edit {
                0 => *value = json!(text),
                1 => *value = json!(number),
                2 => *value = json!(null),
                3 => *value = json!({"en": text, "zh-Hant": text, "zh-Hans": number.to_string()}),
                4 => drop(values[record].as_object_mut().unwrap().remove(&key)),
                5 => *value = json!({"en": format!("{text}<br>({number})-{number} as at {text}")}),
                6 => values[record] = json!([text]),
                _ => *value = json!({"en": format!("Block {} - Block {number}", number % 7), "zh-Hant": format!("第{text}座至第十座")}),
            }
        }
        check(&read(serde_json::to_string(&values).unwrap().as_bytes()));
    }
}
