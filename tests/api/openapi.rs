//! `openapi/openapi.json` is what the code says. `./dev openapi` rewrites it.

use std::fs;
use std::path::Path;

use kaifong::app;
use serde_json::Value;

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
