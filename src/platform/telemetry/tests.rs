//! What gets into a line.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use super::log::{Lines, SCRUBBED};

/// The lines that `work` logs.
fn logged(json: bool, work: impl FnOnce()) -> Vec<String> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let write = move |line: &str| kept.lock().unwrap().push(line.to_owned());
    let subscriber = Registry::default().with(Lines { json, write });
    tracing::subscriber::with_default(subscriber, work);
    lines.lock().unwrap().clone()
}

fn example() {
    let span = tracing::info_span!(
        "request",
        id = "r-1",
        route = "/v1/people/{id}",
        caller = "x"
    );
    let _span = span.enter();
    span.record("caller", "CHAN Tai Man");
    tracing::info!(
        job = 7_u64,
        name = "CHAN Tai Man",
        phone = %"91234567",
        error.cause = %"it\nbroke",
        "it went on"
    );
}

#[test]
fn only_listed_fields_have_their_values() {
    for json in [true, false] {
        let lines = logged(json, example);
        let [line] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        for shown in [
            "r-1",
            "/v1/people/{id}",
            "7",
            "it went on",
            "it\\nbroke",
            "(not listed)",
        ] {
            assert!(line.contains(shown), "{shown}: {line}");
        }
        for name in ["name", "phone", "caller"] {
            assert!(line.contains(name), "{name}: {line}");
        }
        assert!(
            !line.contains("CHAN") && !line.contains("91234567"),
            "{line}"
        );
        assert_eq!(line.matches('\n').count(), 1, "{line:?}");
    }
}

#[test]
fn a_line_of_json_reads_back() {
    let lines = logged(true, example);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "it went on");
    assert_eq!(line["job"], 7);
    assert_eq!(line["spans"][0]["route"], "/v1/people/{id}");
    assert!(
        line["target"]
            .as_str()
            .unwrap()
            .ends_with("telemetry::tests")
    );
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn an_identity_card_number_is_masked_and_raises_the_alarm() {
    let count = || SCRUBBED.as_ref().unwrap().get();
    let before = count();
    let lines = logged(true, || {
        tracing::warn!("nobody has A123456(3)");
        tracing::warn!("nor A123456(4)");
    });
    assert!(lines[0].contains("nobody has [identity card]"), "{lines:?}");
    assert!(lines[1].contains("A123456(4)"), "{lines:?}");
    assert_eq!(count(), before + 1);
}
