//! `openapi/openapi.json` is what the code says. `./dev openapi` rewrites it.

use std::fs;
use std::path::Path;

use kaifong::app;
use serde_json::Value;

use crate::layering::sources;

#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let current = app::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == current,
        "the API changed: review it, then run ./dev openapi"
    );
}

#[test]
fn every_reference_is_to_something() {
    let document = serde_json::to_value(app::document()).unwrap();
    let mut waiting = vec![&document];
    let mut references = 0;
    while let Some(value) = waiting.pop() {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let place = target.trim_start_matches('#');
            assert!(document.pointer(place).is_some(), "nothing is at {target}");
            references += 1;
        }
        waiting.extend(value.as_array().into_iter().flatten());
        waiting.extend(
            value
                .as_object()
                .into_iter()
                .flat_map(|object| object.values()),
        );
    }
    assert!(references > 50, "{references}");
}

/// Of two shapes with one name, the description would keep one, silently.
#[test]
fn no_two_shapes_share_a_name() {
    let mut named: Vec<String> = Vec::new();
    for (_, text) in sources() {
        let mut described = false;
        for line in text.lines().map(str::trim) {
            described |= line.contains("ToSchema") && !line.starts_with("use ");
            described |= line.starts_with("choice! {");
            let words: Vec<_> = line.split([' ', '<', '(', '{', ';']).collect();
            let shape = words
                .iter()
                .position(|word| ["struct", "enum"].contains(word));
            if let Some(place) = shape {
                if described {
                    named.push(words[place + 1].to_owned());
                }
                described = false;
            }
        }
    }
    let count = named.len();
    assert!(count > 30, "{named:?}");
    named.sort_unstable();
    let twice: Vec<_> = named.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_refusal_is_a_problem_and_every_answer_described() {
    let document = serde_json::to_value(app::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let text = response["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{operation}");
            if let Some(content) = response["content"].as_object()
                && status.starts_with(['4', '5'])
                && operation["operationId"] != "ready"
            {
                assert!(
                    content.keys().eq(["application/problem+json"]),
                    "{operation}"
                );
            }
        }
    }
}

#[test]
fn every_operation_is_described_and_named_once() {
    let document = serde_json::to_value(app::document()).unwrap();
    let mut names = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(!name.is_empty(), "{method} {path} has no operationId");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            assert!(operation["tags"][0].is_string(), "{name} has no tag");
            let responses = operation["responses"].as_object().unwrap();
            assert!(!responses.is_empty(), "{name} has no responses");
            if operation["security"] != Value::Null {
                let refused = responses.keys().any(|status| status.starts_with('4'));
                assert!(refused, "{name} can be refused but does not say so");
            }
            names.push(name.to_owned());
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two operations share a name");
}
