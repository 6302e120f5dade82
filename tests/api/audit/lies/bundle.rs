//! Lies in an exported bundle.

use std::fs;

use kaifong::platform::audit::Recorded;
use kaifong::platform::audit::verify::{Lie, Verdict};
use kaifong::platform::crypto::hex;
use kaifong::platform::tlog::{Checkpoint, NoteSigner};
use serde_json::{Value, json};

use super::{Named, assert_named, lies, trail};
use crate::audit::{Folder, ORIGIN, Trail, judge};
use crate::support::dice;

const FILES: [&str; 6] = [
    "entries.jsonl",
    "checkpoints.jsonl",
    "catalogues.jsonl",
    "left_out.jsonl",
    "nodes.jsonl",
    "manifest.json",
];

/// A bundle in memory, and where it is written for judging.
struct Lines {
    folder: Folder,
    files: [Vec<Value>; 6],
}

impl Lines {
    fn of(trail: &Trail) -> Self {
        let folder = trail.export(0);
        let files = FILES.map(|file| {
            let text = fs::read_to_string(folder.path().join(file)).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect()
        });
        Self { folder, files }
    }

    fn write(&self, files: &[Vec<Value>; 6]) {
        for (place, file) in FILES.iter().enumerate() {
            let lines = files[place].iter().map(|line| format!("{line}\n"));
            let path = self.folder.path().join(file);
            fs::write(path, lines.collect::<String>()).unwrap();
        }
    }
}

/// The leaf that a line's entry makes.
fn leaf(line: &Value) -> String {
    let entry: Recorded = serde_json::from_value(line["entry"].clone()).unwrap();
    hex(&entry.leaf())
}

/// Changes one field of an entry to another value.
fn change(entry: &mut Value, dice: &mut impl FnMut(u64) -> u64) -> String {
    let fields: Vec<String> = entry.as_object().unwrap().keys().cloned().collect();
    let field = fields[usize::try_from(dice(13)).unwrap()].clone();
    let (was, roll) = (entry[&field].clone(), dice(1_000_000));
    let id = uuid::Uuid::from_u128(u128::from(roll)).to_string();
    entry[&field] = match field.as_str() {
        "id" => json!(id),
        "person" | "request" if was.is_null() => json!(id),
        "household" | "purpose" | "on_behalf_of" if was.is_null() => json!(""),
        "fields" if was.is_null() => json!([]),
        "detail_hash" if was.is_null() => json!("00".repeat(32)),
        "person" | "request" | "household" | "purpose" | "on_behalf_of" | "detail_hash" => {
            json!(null)
        }
        "fields" => json!(["hkidphone"]),
        "at" => json!(format!("2026-11-19T01:00:00.{roll:06}Z")),
        "written_by" => json!(was.as_u64().unwrap() + 1 + roll),
        _ => json!(format!("{}{roll}", was.as_str().unwrap())),
    };
    assert_ne!(entry[&field], was);
    field
}

/// Tells one random lie; what it was, and what must be named.
#[expect(clippy::too_many_lines, reason = "it is a list of lies")]
fn tell(
    lines: &mut [Vec<Value>; 6],
    signer: &NoteSigner,
    dice: &mut impl FnMut(u64) -> u64,
) -> (String, Named) {
    let mut below = |limit: usize| usize::try_from(dice(u64::try_from(limit).unwrap())).unwrap();
    let (kind, one, other) = (below(20), below(40), below(39));
    let other = if other < one { other } else { other + 1 };
    let (low, high) = (one.min(other), one.max(other));
    let number = |place: usize| u64::try_from(place).unwrap();
    let checkpoint = below(lines[1].len());
    let [entries, checkpoints, catalogues, left_out, _, manifest] = lines;
    let size = checkpoints[checkpoint]["size"].as_u64().unwrap();
    let (what, named) = match kind {
        0..=2 => {
            let field = change(&mut entries[one]["entry"], dice);
            (format!("{field} changed"), Named::Entry(number(one)))
        }
        3 => {
            entries[one]["hash"] = entries[other]["hash"].clone();
            ("leaf changed".to_owned(), Named::Entry(number(one)))
        }
        4..=5 => {
            let field = change(&mut entries[one]["entry"], dice);
            entries[one]["hash"] = json!(leaf(&entries[one]));
            let named = Named::Among(number(one));
            (format!("{field} changed with its leaf"), named)
        }
        6 => {
            entries.remove(one);
            ("line removed".to_owned(), Named::Entry(number(one)))
        }
        7 => {
            let copy = entries[other].clone();
            entries.insert(one, copy);
            ("line repeated".to_owned(), Named::Entry(number(one)))
        }
        8 => {
            entries.swap(low, high);
            ("lines swapped".to_owned(), Named::Entry(number(low)))
        }
        9 => {
            let entry = entries[low]["entry"].take();
            entries[low]["entry"] = entries[high]["entry"].take();
            entries[high]["entry"] = entry;
            ("entries swapped".to_owned(), Named::Entry(number(low)))
        }
        10 => {
            entries.swap(low, high);
            entries[low]["seq"] = json!(low);
            entries[high]["seq"] = json!(high);
            (
                "entries and leaves swapped".to_owned(),
                Named::Among(number(low)),
            )
        }
        11 => {
            entries.truncate(one);
            ("truncated".to_owned(), Named::Entry(number(one)))
        }
        12 => {
            entries[one]["entry"] = json!(null);
            ("entry gone".to_owned(), Named::Entry(number(one)))
        }
        13 => {
            // Back to an earlier checkpoint: only the one outside knows.
            let kept = checkpoint.min(checkpoints.len() - 2);
            let size = checkpoints[kept]["size"].as_u64().unwrap();
            let lost = checkpoints[kept + 1]["size"].as_u64().unwrap();
            checkpoints.truncate(kept + 1);
            entries.truncate(usize::try_from(size).unwrap());
            let named = Named::RolledBack(Lie::RolledBack {
                size: lost,
                found: size,
            });
            ("rolled back".to_owned(), named)
        }
        14 => {
            checkpoints[checkpoint]["size"] = json!(size + 1 + number(one));
            ("checkpoint of another size".to_owned(), Named::Anything)
        }
        15 => {
            checkpoints.remove(checkpoint);
            let from = checkpoints.last().unwrap()["size"].as_u64().unwrap();
            let named = if size == 40 {
                Named::Exactly(Lie::Uncovered { from })
            } else {
                Named::Checkpoint(size)
            };
            ("checkpoint removed".to_owned(), named)
        }
        16 => {
            let note = checkpoints[checkpoint]["note"].as_str().unwrap();
            let read = Checkpoint::read(
                note.split_once("\n\n")
                    .map(|(text, _)| format!("{text}\n"))
                    .unwrap()
                    .as_str(),
            )
            .unwrap();
            let again = Checkpoint::sign(read.size, &read.root, signer).to_string();
            checkpoints[checkpoint]["note"] = json!(again);
            (
                "signed with another key".to_owned(),
                Named::Checkpoint(size),
            )
        }
        17 => {
            let note = checkpoints[checkpoint]["note"].as_str().unwrap().to_owned();
            let root = note.lines().nth(2).unwrap();
            let other = note.replace(root, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
            checkpoints[checkpoint]["note"] = json!(other);
            ("root changed".to_owned(), Named::Checkpoint(size))
        }
        18 => {
            let place = one % catalogues.len();
            match other % 3 {
                0 => drop(catalogues.remove(place)),
                1 => catalogues[place]["items"][0] = json!("nothing"),
                _ => {
                    let copy = catalogues[place].clone();
                    catalogues.push(copy);
                }
            }
            ("catalogue".to_owned(), Named::Catalogue)
        }
        _ => {
            if other % 2 == 0 {
                left_out.push(entries[one]["entry"].clone());
            } else {
                manifest[0]["since"] = json!(1 + one);
            }
            ("another file".to_owned(), Named::Anything)
        }
    };
    (format!("{what} ({one}, {other}, {size})"), named)
}

#[test]
fn random_lies_in_exported_records_are_found_and_the_first_is_named() {
    let trail = trail();
    let lines = Lines::of(&trail);
    let other = NoteSigner::generate(ORIGIN).unwrap();
    let (keys, mut dice) = ([trail.key()], dice(7));
    for round in 0..lies(5_000) {
        let mut told = lines.files.clone();
        let (what, named) = tell(&mut told, &other, &mut dice);
        lines.write(&told);
        let findings = judge(lines.folder.path(), &keys, Some(&trail.sealer.folder));
        assert_named(&findings, &named, &format!("{round}: {what}"));
    }
    lines.write(&lines.files);
    let findings = judge(lines.folder.path(), &keys, Some(&trail.sealer.folder));
    assert_eq!(findings.verdict(), Verdict::Sound);
}

/// A byte changed anywhere is found, unless the record is the same in another spelling.
#[test]
fn random_bytes_changed_in_a_bundle_are_found() {
    let trail = trail();
    let folder = trail.export(0);
    let (keys, mut dice) = ([trail.key()], dice(8));
    for _ in 0..lies(2_500) {
        // The files without a line have nothing to change.
        let file = folder.path().join(FILES[usize::try_from(dice(3)).unwrap()]);
        let whole = fs::read(&file).unwrap();
        let mut told = whole.clone();
        let place = usize::try_from(dice(u64::try_from(whole.len()).unwrap())).unwrap();
        let byte = u8::try_from(32 + dice(95)).unwrap();
        if told[place] == byte {
            continue;
        }
        if dice(8) == 0 {
            told.truncate(place);
        } else {
            told[place] = byte;
        }
        fs::write(&file, &told).unwrap();
        let findings = judge(folder.path(), &keys, Some(&trail.sealer.folder));
        if findings.verdict() == Verdict::Sound {
            let read = |bytes: &[u8]| -> Vec<(Value, Option<Recorded>)> {
                let lines = bytes
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty());
                let lines = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
                lines
                    .map(|mut line| {
                        let entry = line.get_mut("entry").map(Value::take);
                        (
                            line,
                            entry.map(|entry| serde_json::from_value(entry).unwrap()),
                        )
                    })
                    .collect()
            };
            assert_eq!(
                read(&told),
                read(&whole),
                "byte {place} of {}",
                file.display()
            );
        }
        fs::write(&file, &whole).unwrap();
    }
}
